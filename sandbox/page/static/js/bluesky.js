// The Bluesky tab: conversations as its users see them, with quotes and reply gates, and a box to post as any of them.

import { get, post, refresher } from "./api.js";
import { customerBox, graphemes } from "./customer_box.js";
import { h, menu } from "./dom.js";
import { face, icon } from "./faces.js";
import { editInPlace, feed } from "./feed.js";
import { shown } from "./media.js";
import { ago } from "./text.js";

const LIMIT = 300;
const GATES = { everybody: "Everybody can reply", mentioned: "Mentioned people can reply", nobody: "Nobody can reply" };

export function blueskyTab(root, { onChange }) {
  let state = null;

  const gate = h("select", { "aria-label": "Who can reply", title: "Who can reply" }, Object.entries(GATES).map(([name, label]) => h("option", { value: name }, label)));
  const box = customerBox({
    network: "bluesky", handleOf,
    hint: (now) => `What's up? Mention @${now.users[now.brand].handle} so Heard sees it.`,
    count: graphemes, limit: () => LIMIT, options: [gate],
    onLeave: () => { gate.value = "everybody"; },
    send: (values) => post("/bluesky/post", { ...values, gate: gate.value }),
    newcomer: {
      placeholder: "ana.bsky.test", title: "On Bluesky a handle is a domain", pattern: "@?[a-z0-9\\-]+(\\.[a-z0-9\\-]+)+",
      from: (name) => {
        const label = name.normalize("NFD").replace(/[^A-Za-z0-9 \-]/g, "").trim().replace(/[ \-]+/g, "-").toLowerCase().slice(0, 24).replace(/-$/, "");
        return label && `${label}.bsky.test`;
      },
    },
  });
  const posts = feed(box.isTyping);
  root.append(h("div", { class: "scroll" }, box.form, posts.list));

  const refresh = refresher(() => get("/bluesky/state"), (fresh) => {
    state = fresh;
    box.draw(state);
    onChange(state, posts.draw(state.threads, drawThread));
  });

  // --- drawing -------------------------------------------------------------------------------------------

  function handleOf(user) {
    return `@${user.handle}`;
  }

  function drawThread(thread) {
    const [first] = thread.posts;
    return h("article", { class: "conversation" },
      thread.gone && h("p", { class: "gone" }, "Post not found: its author deleted it."),
      thread.posts.map((one, place) => drawPost(one, thread, place < thread.posts.length - 1)),
      thread.gone || (first.author === state.brand && thread.gate === "everybody") ? null
        : h("button", { type: "button", class: `gate ${thread.gate}`, "aria-haspopup": "menu", title: "Change who can reply in this conversation", onclick: (event) => chooseGate(event.currentTarget, thread) },
          icon(thread.gate === "everybody" ? "globe" : "lock", 13), GATES[thread.gate]));
  }

  function drawPost(one, thread, goesOn) {
    const user = state.users[one.author];
    const ours = one.author === state.brand;
    const to = one.to && state.users[one.to];
    return h("div", { class: `post ${ours ? "ours" : ""} ${goesOn ? "goes-on" : ""}`, data: { id: one.id } },
      h("div", { class: "gutter" }, face(user.name, { size: 40, round: true, leaf: ours })),
      h("div", { class: "body" },
        h("p", { class: "head" }, h("strong", {}, h("bdi", {}, user.name)), h("span", { class: "handle", title: handleOf(user) }, handleOf(user)),
          h("time", { title: new Date(one.at * 1000).toLocaleString() }, ago(one.at)), one.edited && h("span", { class: "edited", title: "Overwritten by its author, as some apps do" }, "edited")),
        to && h("p", { class: "to" }, icon("reply", 12), "Reply to ", h("span", {}, to.name)),
        h("p", { class: "words", dir: "auto" }, drawRuns(one.runs)),
        one.media.map((each) => h("figure", { class: "attached" }, shown(each.url, each.alt, "large"))),
        one.quote && drawQuote(one.quote),
        note(one, ours),
        h("div", { class: "acts" },
          act("reply", `Reply to @${user.handle}`, () => answer(one, thread)),
          act("quote", `Quote @${user.handle}`, () => box.aim(one, "quote")),
          !ours && act("edit", "Overwrite this post, as some apps do", () => edit(one)),
          !ours && act("lock", `Account of @${user.handle}`, (event) => account(event.currentTarget, one.author)),
          act("bin", "Delete this post", () => post("/bluesky/delete", { id: one.id })))));
  }

  const drawRuns = (runs) => runs.map((run) => run.k ? h("span", { class: "live" }, run.t) : run.t);
  const act = (name, label, does) => h("button", { type: "button", "aria-label": label, title: label, onclick: does }, icon(name, 16));

  function drawQuote(quote) {
    const user = state.users[quote.author];
    if (!user) return h("p", { class: "quoted gone" }, "Deleted post");
    return h("blockquote", { class: "quoted" },
      h("p", { class: "head" }, face(user.name, { size: 18, round: true, leaf: quote.author === state.brand }), h("strong", {}, h("bdi", {}, user.name)), h("span", { class: "handle" }, handleOf(user))),
      h("p", { dir: "auto" }, drawRuns(quote.runs)));
  }

  function note(one, ours) {
    const brand = `@${state.users[state.brand].handle}`;
    if (one.unseen) return h("p", { class: "closed" }, "not shown in the conversation: its author limits who can reply");
    if (ours) return null;
    if (one.hidden) return h("p", { class: "closed" }, state.users[one.author].active ? `blocked: not shown to ${brand}` : `account deactivated: not shown to ${brand}`);
    if (one.closed) return h("p", { class: "closed" }, `${brand} cannot reply here`);
    return null;
  }

  function account(anchor, id) {
    const user = state.users[id];
    const set = (changes) => () => post("/bluesky/standing", { id, ...changes });
    menu(anchor, [
      user.blocks ? ["Unblock the brand", set({ blocks: false })] : ["Block the brand", set({ blocks: true })],
      user.active ? ["Deactivate account", set({ active: false }), true] : ["Reactivate account", set({ active: true })],
    ]);
  }

  function chooseGate(anchor, thread) {
    menu(anchor, Object.entries(GATES).map(([name, label]) => [label, () => post("/bluesky/gate", { id: thread.id, gate: name })]));
  }

  // --- posting -------------------------------------------------------------------------------------------

  function answer(one, thread) {
    const asker = thread.posts[0].author;
    if (one.author === state.brand && asker !== state.brand) box.choose(asker);
    box.aim(one, "reply_to");
  }

  function edit(one) {
    editInPlace(posts.box(one.id).querySelector(".words"), { value: one.text, save: (text) => post("/bluesky/edit", { id: one.id, text }) });
  }

  // Answer a post as the brand, by hand.
  function compose({ to, text }) {
    const one = state.threads.flatMap((thread) => thread.posts).find((each) => each.id === to);
    box.choose(state.brand);
    if (one) box.aim(one, "reply_to");
    box.text.value += text;
    box.arrive();
  }

  return { refresh, compose, show: posts.show, arrive: posts.arrive, invite: () => { box.suggest(); box.arrive(); } };
}
