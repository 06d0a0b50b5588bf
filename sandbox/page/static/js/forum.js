// The Forum tab: topics with their comments, and a box to post as any member. The brand answers here by hand.

import { get, post, refresher } from "./api.js";
import { customerBox, graphemes } from "./customer_box.js";
import { h } from "./dom.js";
import { face, icon } from "./faces.js";
import { editInPlace, feed } from "./feed.js";
import { ago } from "./text.js";

const LIMIT = 30000;

export function forumTab(root, { onChange }) {
  let state = null;

  const title = h("input", { type: "text", class: "title", maxlength: 200, placeholder: "Title of the topic", "aria-label": "Title of the topic" });
  const box = customerBox({
    network: "forum", square: true, handleOf,
    hint: (now) => `What do they want to know? Name ${now.users[now.brand].name} so Heard shows it.`,
    count: graphemes, limit: () => LIMIT, above: [title],
    onLeave: () => { title.hidden = false; title.value = ""; },
    send: (values) => post("/forum/post", { ...values, title: title.value.trim() }),
    newcomer: {
      placeholder: "ana", title: "A word, without spaces", pattern: "@?[\\w.\\-]{1,30}",
      from: (name) => name.normalize("NFD").replace(/[^A-Za-z0-9_ ]/g, "").trim().replace(/ +/g, "_").toLowerCase().slice(0, 30),
    },
  });
  const posts = feed(box.isTyping);
  const name = h("p", { class: "place" });
  root.append(h("div", { class: "scroll" }, box.form, name, posts.list));

  const refresh = refresher(() => get("/forum/state"), (fresh) => {
    state = fresh;
    name.textContent = state.title;
    box.draw(state);
    onChange(state, posts.draw(state.threads, drawThread));
  });

  // --- drawing -------------------------------------------------------------------------------------------

  function handleOf(user) {
    return `@${user.handle}`;
  }

  function drawThread(thread) {
    return h("article", { class: "conversation" }, h("h3", { dir: "auto" }, thread.title), thread.posts.map(drawPost),
      h("button", { type: "button", class: "link answer", onclick: () => answer(thread) }, icon("reply", 15), "Comment"));
  }

  function drawPost(one) {
    const user = state.users[one.author];
    const ours = one.author === state.brand;
    return h("div", { class: `post ${ours ? "ours" : ""} ${one.opens ? "" : "reply"}`, data: { id: one.id } },
      h("div", { class: "who" }, face(user.name, { size: 30, leaf: ours }),
        h("p", { class: "names" }, h("strong", {}, h("bdi", {}, user.name)), h("span", { class: "handle" }, handleOf(user))),
        h("p", { class: "meta" }, h("time", { title: new Date(one.at * 1000).toLocaleString() }, ago(one.at)), one.edited && h("span", { class: "edited" }, "edited"))),
      h("p", { class: "words", dir: "auto" }, one.text),
      h("div", { class: "acts" },
        !ours && act("edit", "Edit this post", () => edit(one)),
        act("bin", one.opens ? "Delete this topic" : "Delete this comment", () => post("/forum/delete", { id: one.id }))));
  }

  const act = (glyph, label, does) => h("button", { type: "button", "aria-label": label, title: label, onclick: does }, icon(glyph, 16));

  // --- posting -------------------------------------------------------------------------------------------

  function answer(thread) {
    title.hidden = true;
    box.aim(thread.posts[0], "reply_to");
  }

  function edit(one) {
    editInPlace(posts.box(one.id).querySelector(".words"), { value: one.text, save: (text) => post("/forum/edit", { id: one.id, text }) });
  }

  // Show a post that Slack links to. The brand answers by hand: its box is ready below that topic.
  function show(id) {
    posts.show(id);
    const thread = state?.threads.find((each) => each.posts.some((one) => one.id === id));
    if (!thread || box.isTyping() || box.text.value) return;
    box.choose(state.brand);
    title.hidden = true;
    box.aim(thread.posts[0], "reply_to");
    posts.show(id);
  }

  return { refresh, compose: ({ to }) => show(to), show, arrive: posts.arrive, invite: () => { box.suggest(); box.arrive(); } };
}
