// The Hacker News tab: an orange bar, stories with their comments in one column, and a box to submit or comment.

import { get, post, refresher } from "./api.js";
import { customerBox } from "./customer_box.js";
import { h } from "./dom.js";
import { editInPlace, feed } from "./feed.js";
import { ago } from "./text.js";

const TEXT_MAX = 10000;
const INDENT = 18; // pixels of each level of comments
const INDENT_LEVELS_MAX = 6;

export function hackerNewsTab(root, { onChange }) {
  let state = null;

  const title = h("input", { type: "text", class: "title", maxlength: 80, placeholder: "Title of a story", "aria-label": "Title of a story" });
  const url = h("input", { type: "text", class: "url", maxlength: 300, placeholder: "Its address (or leave it blank, and ask)", "aria-label": "Address of a story" });
  const box = customerBox({
    network: "hackernews", square: true, handleOf: () => "",
    hint: () => "Text of the story. To comment, press reply below.",
    count: (text) => text.length, limit: () => TEXT_MAX,
    above: [title, url],
    needsText: () => box.form.classList.contains("answering"),
    onLeave: () => { title.value = url.value = ""; },
    send: (values) => post("/hackernews/post", { ...values, title: title.value, url: url.value }),
    newcomer: {
      placeholder: "pinboard_ana", title: "2 to 15 letters, digits, dashes or underscores", pattern: "[A-Za-z0-9_\\-]{2,15}",
      from: (name) => name.normalize("NFD").replace(/[^A-Za-z0-9_ \-]/g, "").trim().replace(/ +/g, "_").toLowerCase().slice(0, 15),
    },
  });
  const posts = feed(box.isTyping);
  const bar = h("div", { class: "masthead" }, h("span", { class: "y", "aria-hidden": "true" }, "Y"), h("strong", {}, "Hacker News"), h("span", {}, "new | comments | ask | show"));
  const hint = h("p", { class: "listen" }, "Nobody has an account here, and Heard reads nothing before you ask for it. In Slack: ",
    h("code", {}, "/mentions track fernpress"), ", then choose Hacker News.");
  root.append(bar, h("div", { class: "scroll" }, hint, box.form, posts.list));

  const refresh = refresher(() => get("/hackernews/state"), (fresh) => {
    state = fresh;
    box.draw(state);
    onChange(state, posts.draw(state.threads, drawStory));
  });

  function drawStory(thread) {
    return h("article", { class: "conversation" }, thread.posts.map((one) => one.depth ? drawComment(one) : drawHead(one, thread)));
  }

  function drawHead(one, thread) {
    const host = thread.url && thread.url.replace(/^https?:\/\/(www\.)?/, "").split("/")[0];
    return row(one, "story",
      h("p", { class: "line" }, h("span", { class: "vote", "aria-hidden": "true" }, "▲"), 
        h("span", { class: "headline" }, h("strong", { dir: "auto" }, one.gone ? "[dead]" : one.title), host && h("span", { class: "site" }, ` (${host})`))),
      about(one, thread.posts.length - 1),
      !one.gone && one.text && h("p", { class: "words", dir: "auto" }, one.text));
  }

  function drawComment(one) {
    const made = row(one, "comment", about(one), h("p", { class: "words", dir: "auto" }, one.gone ? "[deleted]" : one.text));
    made.style.marginLeft = `${Math.min(one.depth - 1, INDENT_LEVELS_MAX) * INDENT}px`;
    return made;
  }

  const row = (one, kind, ...inside) => h("div", { class: `post ${kind} ${one.author === state.brand ? "ours" : ""}`, data: { id: one.id } }, ...inside, one.gone ? null : acts(one));

  function about(one, comments = null) {
    return h("p", { class: "about-post" }, comments === null ? "" : "1 point by ", h("span", { class: "user" }, one.author), " ",
      h("time", { title: new Date(one.at * 1000).toLocaleString() }, ago(one.at)), comments === null ? "" : ` | ${comments} comment${comments === 1 ? "" : "s"}`,
      !one.indexed && " | not in the search yet");
  }

  function acts(one) {
    const act = (label, says, does) => h("button", { type: "button", class: "link", "aria-label": says, onclick: does }, label);
    return h("p", { class: "links" }, act("reply", `Reply to ${one.author}`, () => answer(one)),
      one.depth > 0 && act("edit", "Edit this comment", () => edit(one)), act("delete", "Delete this post", () => post("/hackernews/delete", { id: one.id })));
  }

  function answer(one) {
    const story = state.threads.find((thread) => thread.posts.includes(one))?.posts[0];
    if (one.author === state.brand && story && story.author !== state.brand) box.choose(story.author);
    title.value = url.value = "";
    box.aim(one, "reply_to");
  }

  function edit(one) {
    editInPlace(posts.box(one.id).querySelector(".words"), { value: one.text, save: (text) => post("/hackernews/edit", { id: one.id, text }) });
  }

  // The item's page, where a person answers as the brand: the words come from Slack, as the site takes none.
  function compose({ to }) {
    posts.show(to);
  }

  function invite() {
    box.suggest();
    box.arrive();
  }

  return { refresh, compose, show: posts.show, arrive: posts.arrive, invite };
}
