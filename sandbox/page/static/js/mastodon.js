// The Mastodon tab: conversations as its users see them, with warnings folded, and a box to post as any of them.

import { get, post, refresher } from "./api.js";
import { customerBox, graphemes } from "./customer_box.js";
import { h, menu } from "./dom.js";
import { face, icon } from "./faces.js";
import { editInPlace, feed } from "./feed.js";
import { shown } from "./media.js";
import { ago } from "./text.js";

const VISIBILITY = {
  public: ["Public", "globe", "Everybody can see it"],
  unlisted: ["Quiet public", "moon", "Everybody can see it, but searches and trends leave it out"],
  private: ["Followers", "lock", "Only followers and whom it mentions can see it"],
  direct: ["Private mention", "at", "Only whom it mentions can see it"],
};
const PRIVATE = new Set(["private", "direct"]);
const WIDER = ["direct", "private", "unlisted", "public"];

export function mastodonTab(root, { onChange }) {
  let state = null;
  const unfolded = new Set(); // posts whose warning the visitor has opened

  const warning = h("input", { type: "text", class: "warning", maxlength: 200, placeholder: "Content warning", "aria-label": "Content warning", hidden: true, oninput: () => box.measure() });
  const warns = h("button", { type: "button", class: "icon cw", "aria-pressed": "false", title: "Fold the text behind a warning", onclick: () => warn(warning.hidden, "") }, "CW");
  const who = h("select", { "aria-label": "Who can see it", title: "Who can see it", onchange: help }, Object.entries(VISIBILITY).map(([name, [label]]) => h("option", { value: name }, label)));
  const hint = h("p", { class: "hint", role: "status" });
  const box = customerBox({
    network: "mastodon", square: true, handleOf: fullHandle,
    hint: (now) => `What's on their mind? Mention @${now.users[now.brand].username} so Heard sees it.`,
    count: (text) => graphemes((warning.hidden ? "" : warning.value) + text.replace(/https?:\/\/\S+/g, "x".repeat(23)).replace(/(@\w+)@[\w.-]+\w/g, "$1")),
    limit: (now) => now.limit,
    above: [warning], options: [warns, who, hint],
    onLeave: () => { warn(false, ""); choose("public"); },
    send: (values) => post("/mastodon/post", { ...values, visibility: who.value, warning: warning.hidden ? "" : warning.value }),
    newcomer: {
      placeholder: "ana or ana@server.example", title: "A name, or name@server for somebody on another server", pattern: "@?[A-Za-z0-9_]{1,30}(@[A-Za-z0-9\\-]+(\\.[A-Za-z0-9\\-]+)+)?",
      from: (name) => name.normalize("NFD").replace(/[^A-Za-z0-9_ ]/g, "").trim().replace(/ +/g, "_").toLowerCase().slice(0, 30),
    },
  });
  const posts = feed(box.isTyping);
  root.append(h("div", { class: "scroll" }, box.form, posts.list));

  const refresh = refresher(() => get("/mastodon/state"), (fresh) => {
    state = fresh;
    box.draw(state);
    onChange(state, posts.draw(state.threads, drawThread));
  });

  // --- drawing -------------------------------------------------------------------------------------------

  function fullHandle(user) {
    return `@${user.username}@${user.server}`;
  }

  function drawThread(thread) {
    return h("article", { class: "conversation" },
      thread.gone && h("p", { class: "gone" }, "This post was deleted by its author."),
      thread.posts.map((one, place) => drawPost(one, place > 0)));
  }

  function drawPost(one, isReply) {
    const user = state.users[one.author];
    const ours = one.author === state.brand;
    const to = one.to && state.users[one.to];
    const [label, glyph, meaning] = VISIBILITY[one.visibility];
    return h("div", { class: `post ${ours ? "ours" : ""} ${isReply ? "reply" : ""}`, data: { id: one.id } },
      h("div", { class: "who" }, face(user.name, { size: 42, leaf: ours }),
        h("p", { class: "names" }, h("strong", {}, h("bdi", {}, user.name)), h("span", { class: "handle", title: fullHandle(user) }, fullHandle(user))),
        h("p", { class: "meta" }, h("span", { class: "seen", title: meaning, role: "img", "aria-label": label }, icon(glyph, 14)),
          h("time", { title: new Date(one.at * 1000).toLocaleString() }, ago(one.at)), one.edited && h("span", { class: "edited" }, "edited"))),
      to && h("p", { class: "to" }, "In reply to ", h("span", { class: "live" }, `@${to.username}`)),
      PRIVATE.has(one.visibility) && h("p", { class: "private" }, icon(glyph, 14), label),
      one.warning ? folded(one) : body(one),
      note(one, ours),
      h("div", { class: "acts" },
        act("reply", `Reply to @${user.username}`, () => answer(one)),
        !ours && act("edit", "Edit this post", () => edit(one)),
        !ours && act("lock", `Account of @${user.username}`, (event) => account(event.currentTarget, one.author)),
        act("bin", "Delete this post", () => post("/mastodon/delete", { id: one.id }))));
  }

  function body(one) {
    return h("div", { class: "content" },
      h("p", { class: "words", dir: "auto" }, one.runs.map((run) => run.k ? h("span", { class: "live", title: run.full }, run.t) : run.t)),
      one.media.map((each) => h("figure", { class: "attached" }, shown(each.url, each.alt, "large"))),
      one.poll.length ? h("ul", { class: "poll", "aria-label": "Poll" }, one.poll.map((choice) => h("li", { dir: "auto" }, choice))) : null);
  }

  function folded(one) {
    const inside = body(one);
    const button = h("button", { type: "button", class: "more", onclick: () => { (unfolded.has(one.id) ? unfolded.delete(one.id) : unfolded.add(one.id)); settle(); } });
    const settle = () => {
      const open = unfolded.has(one.id);
      inside.hidden = !open;
      button.textContent = open ? "Show less" : "Show more";
      button.setAttribute("aria-expanded", String(open));
    };
    settle();
    return h("div", {}, h("p", { class: "cw-line", dir: "auto" }, h("strong", {}, one.warning), button), inside);
  }

  const act = (name, label, does) => h("button", { type: "button", "aria-label": label, title: label, onclick: does }, icon(name, 16));

  function note(one, ours) {
    if (ours) return null;
    const brand = `@${state.users[state.brand].username}`;
    if (state.users[one.author].suspended) return h("p", { class: "closed" }, `account suspended: not shown to ${brand}`);
    if (one.hidden) return h("p", { class: "closed" }, `not shown to ${brand}`);
    return one.calls ? null : h("p", { class: "closed", title: "Mastodon tells an account only of posts that mention it." }, `does not mention ${brand}`);
  }

  function account(anchor, id) {
    const { suspended } = state.users[id];
    menu(anchor, [[suspended ? "Lift suspension" : "Suspend account", () => post("/mastodon/standing", { id, suspended: !suspended }), !suspended]]);
  }

  // --- posting -------------------------------------------------------------------------------------------

  function warn(on, words) {
    warning.hidden = !on;
    warning.value = words;
    warns.setAttribute("aria-pressed", String(on));
    box.measure();
    if (on && !words) warning.focus();
  }

  function choose(visibility) {
    who.value = visibility;
    help();
  }

  function help() {
    hint.textContent = PRIVATE.has(who.value) ? "Heard shows this in a private Slack channel only. To choose one: /mentions tracks in Slack, Edit at Mastodon." : "";
  }

  // A reply mentions the author and keeps visibility and warning, as Mastodon's own app does.
  function answer(one) {
    const root = state.threads.find((thread) => thread.posts.includes(one))?.posts[0];
    if (one.author === state.brand && root && root.author !== state.brand) box.choose(root.author);
    const [to, me] = [state.users[one.author], state.users[box.speaker()]];
    box.aim(one, "reply_to", one.author === box.speaker() ? "" : `${to.server === me.server ? `@${to.username}` : fullHandle(to)} `);
    warn(Boolean(one.warning), one.warning);
    choose(WIDER.find((each) => each === one.visibility));
    box.text.focus();
  }

  function edit(one) {
    unfolded.add(one.id);
    const content = posts.box(one.id).querySelector(".content");
    content.hidden = false;
    const cw = h("input", { type: "text", value: one.warning, maxlength: 200, placeholder: "Content warning (none)", "aria-label": "Content warning of the post" });
    editInPlace(content.querySelector(".words"), { value: one.text, before: cw, save: (text) => post("/mastodon/edit", { id: one.id, text, warning: cw.value }) });
  }

  // Answer a post as the brand, by hand: the page that Heard links to takes no text.
  function compose({ to, text }) {
    const one = state.threads.flatMap((thread) => thread.posts).find((each) => each.id === to);
    box.choose(state.brand);
    if (one) answer(one);
    box.text.value += text;
    box.arrive();
  }

  return { refresh, compose, show: posts.show, arrive: posts.arrive, invite: () => { box.suggest(); box.arrive(); } };
}
