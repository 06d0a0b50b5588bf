// The X tab: conversations as its users see them, and a box to post as any of them.

import { get, post, refresher } from "./api.js";
import { $, h, menu, toast } from "./dom.js";
import { face, icon } from "./faces.js";
import { editInPlace, feed } from "./feed.js";
import { shown } from "./media.js";
import { ago } from "./text.js";

const LIMIT = 280;
const MAX_LENGTH = 25000; // for subscribers

export function xTab(root, { onChange }) {
  let state = null;
  let speaker = sessionStorage.getItem("speaker") || "";

  const posts = feed(() => document.activeElement === text);
  const who = h("select", { "aria-label": "Post as", onchange: pick });
  const text = h("textarea", { rows: 2, maxlength: MAX_LENGTH, "aria-label": "Post text", oninput: count, onkeydown: (event) => {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) form.requestSubmit();
  } });
  const left = h("span", { class: "count" });
  const about = h("p", { class: "about", hidden: true });
  const portrait = h("span", {});
  let answering = null;
  let before = ""; // who posted before the brand was chosen for one reply

  const form = h("form", { class: "say", onsubmit: send },
    h("div", { class: "as" }, portrait, who, h("button", { type: "button", class: "icon", "aria-label": "New person", title: "Post as a new person", onclick: newcomer }, icon("add", 19))),
    about, text,
    h("div", { class: "foot" },
      h("button", { type: "button", class: "pill ghost", title: "Fill in an example post", onclick: idea }, "Suggest"), left,
      h("button", { class: "pill", type: "submit" }, "Post")));
  root.append(h("div", { class: "scroll" }, form, posts.list));

  const refresh = refresher(() => get("/network/state"), (fresh) => {
    state = fresh;
    drawSpeakers();
    onChange(state, posts.draw(state.threads, drawThread));
  });

  // --- drawing -------------------------------------------------------------------------------------------

  function drawSpeakers() {
    const people = state.people;
    const handles = [...people, state.brand];
    if (!handles.includes(speaker)) speaker = people[0];
    if (who.dataset.people === handles.join() && who.value === speaker) return;
    who.dataset.people = handles.join();
    const byHandle = Object.fromEntries(Object.values(state.users).map((user) => [user.handle, user]));
    who.replaceChildren(
      h("optgroup", { label: "Customers" }, people.map((handle) => h("option", { value: handle, selected: handle === speaker }, `${byHandle[handle]?.name || handle} @${handle}`))),
      h("optgroup", { label: "The brand, by hand" }, h("option", { value: state.brand, selected: speaker === state.brand }, `${byHandle[state.brand].name} @${state.brand}`)));
    portrait.replaceChildren(face(byHandle[speaker]?.name || speaker, { size: 34, round: true, leaf: speaker === state.brand }));
    count();
  }

  function drawThread(thread) {
    return h("article", { class: "conversation" },
      thread.gone && h("p", { class: "gone" }, "This post was deleted by its author."),
      thread.posts.map((one, place) => drawPost(one, place < thread.posts.length - 1)));
  }

  function drawPost(one, goesOn) {
    const user = state.users[one.author] || { name: "Somebody", handle: "somebody" };
    const ours = user.handle === state.brand;
    const to = one.to && state.users[one.to];
    return h("div", { class: `post ${ours ? "ours" : ""} ${goesOn ? "goes-on" : ""}`, data: { id: one.id, first: one.first } },
      h("div", { class: "gutter" }, face(user.name, { size: 38, round: true, leaf: ours })),
      h("div", { class: "body" },
        h("p", { class: "head" }, h("strong", {}, h("bdi", {}, user.name)), user.verified && h("span", { class: "tick", title: "verified", "aria-label": "verified" }, "✓"),
          h("span", { class: "handle" }, `@${user.handle}`), h("time", { title: new Date(one.at * 1000).toLocaleString() }, ago(one.at)), one.edited && h("span", { class: "edited" }, "edited")),
        to && h("p", { class: "to" }, "Replying to ", h("span", { class: "live" }, `@${to.handle}`)),
        h("p", { class: "words", dir: "auto" }, one.runs.map((run) => run.k ? h("span", { class: "live" }, run.t) : run.t)),
        (one.media || []).map((each) => h("figure", { class: "attached" }, shown(each.url, each.alt, "large"), each.kind !== "photo" && h("figcaption", {}, each.kind === "video" ? "Video" : "GIF"))),
        one.poll?.length ? h("ul", { class: "poll", "aria-label": "Poll" }, one.poll.map((choice) => h("li", { dir: "auto" }, choice))) : null,
        note(one, ours),
        hidden(one),
        h("div", { class: "acts" },
          act("reply", `Reply to @${user.handle}`, () => answer(one, user)),
          !ours && act("edit", "Edit this post", () => edit(one)),
          !ours && act("lock", `Account of @${user.handle}`, (event) => account(event.currentTarget, state.users[one.author])),
          act("bin", "Delete this post", () => post("/network/delete", { id: one.id })))));
  }

  const act = (name, label, does) => h("button", { type: "button", "aria-label": label, title: label, onclick: does }, icon(name, 16));

  function note(one, ours) {
    if (ours) return null;
    if (one.calls === "no") return h("p", { class: "closed", title: "X's API only accepts a reply from an account that the author mentioned or quoted." }, `does not mention @${state.brand}: answer by hand only`);
    return one.closed ? h("p", { class: "closed", title: "X's API only accepts a reply if the author typed the handle." }, "answer by hand only") : null;
  }

  // Posts that X hides from the brand; visitors of this page see everything.
  function hidden(one) {
    return one.hidden ? h("p", { class: "closed", title: "X tells Heard that the post does not exist, or that it may not see it." }, `account ${one.hidden}: not shown to @${state.brand}`) : null;
  }

  function account(anchor, user) {
    const set = (changes) => () => post("/network/standing", { handle: user.handle, ...changes });
    menu(anchor, [
      user.protected ? ["Unprotect account", set({ protected: false })] : ["Protect account", set({ protected: true })],
      user.suspended ? ["Lift suspension", set({ suspended: false })] : ["Suspend account", set({ suspended: true }), true],
    ]);
  }

  // --- posting -------------------------------------------------------------------------------------------

  function pick() {
    speaker = who.value;
    sessionStorage.setItem("speaker", speaker);
    who.dataset.people = "";
    drawSpeakers();
  }

  function prompt() {
    if (speaker === state.brand) return "Post as the brand, outside Heard";
    return answering ? `What does @${speaker} answer?` : `What does @${speaker} say? Mention @${state.brand} so Heard sees it.`;
  }

  function count() {
    if (state) text.placeholder = prompt();
    const length = [...text.value.replace(/https?:\/\/\S+/g, "x".repeat(23))].reduce((sum, letter) => sum + (letter.codePointAt(0) > 4351 ? 2 : 1), 0);
    left.textContent = text.value ? String(LIMIT - length) : "";
    left.classList.toggle("over", length > LIMIT);
    const silent = state && text.value && !answering && speaker !== state.brand && !text.value.toLowerCase().includes(`@${state.brand}`);
    form.classList.toggle("silent", Boolean(silent));
    left.title = silent ? `Without @${state.brand}, Heard sees it only if a track looks for its words` : "";
  }

  function answer(one, user) {
    answering = one.id;
    about.replaceChildren(h("span", {}, "Replying to ", h("span", { class: "live" }, `@${user.handle}`)),
      h("button", { type: "button", class: "link", onclick: leave }, "Cancel"));
    about.hidden = false;
    const root = state.threads.find((thread) => thread.posts.some((each) => each.id === one.id))?.posts[0];
    const asker = root && state.users[root.author];
    if (user.handle === state.brand && asker && asker.handle !== state.brand && speaker !== asker.handle) { speaker = asker.handle; pickShown(); }
    count();
    text.focus();
  }

  function pickShown() {
    who.dataset.people = "";
    drawSpeakers();
  }

  function leave() {
    answering = null;
    about.hidden = true;
    if (before) { speaker = before; before = ""; pickShown(); }
    count();
  }

  function edit(one) {
    editInPlace($(".words", posts.box(one.id)), { value: one.text, save: (words) => post("/network/edit", { id: one.id, text: words }) });
  }

  let ideas = 0;
  function idea() {
    text.value = state.ideas[ideas++ % state.ideas.length];
    count();
    text.focus();
  }

  function newcomer(event) {
    const name = h("input", { type: "text", placeholder: "Name", "aria-label": "Name", required: true, maxlength: 40 });
    const handle = h("input", { type: "text", placeholder: "handle", "aria-label": "Handle", required: true, maxlength: 15, pattern: "[A-Za-z0-9_]{1,15}" });
    name.addEventListener("input", () => { handle.value = name.value.normalize("NFD").replace(/[^A-Za-z0-9_ ]/g, "").trim().replace(/ +/g, "_").toLowerCase().slice(0, 15); });
    const button = event.currentTarget;
    const done = () => { box.remove(); button.hidden = false; };
    const box = h("form", { class: "newcomer", onsubmit: async (submitted) => {
      submitted.preventDefault();
      submitted.stopPropagation();
      const made = await post("/network/person", { name: name.value, handle: handle.value });
      if (made.error) return;
      done();
      speaker = made.handle;
      sessionStorage.setItem("speaker", speaker);
      await refresh();
      text.focus();
    } }, name, handle, h("button", { class: "pill" }, "Add"), h("button", { type: "button", class: "icon", "aria-label": "Cancel", onclick: done }, icon("close", 15)));
    button.hidden = true;
    form.before(box);
    name.focus();
  }

  async function send(event) {
    event.preventDefault();
    const words = text.value.trim();
    if (!words) return text.focus();
    const made = await post("/network/post", { as: speaker, text: words, reply_to: answering });
    if (made.error) return;
    const heard = answering || words.toLowerCase().includes(`@${state.brand}`);
    if (!heard && speaker !== state.brand) toast(`Posted. It does not mention @${state.brand}: Heard sees it if a track looks for its words.`, "note");
    text.value = "";
    leave();
  }

  // The brand's composer, filled in: the target of "Open on X".
  function compose({ to, text: words }) {
    before = speaker;
    speaker = state.brand;
    pickShown();
    const one = state.threads.flatMap((thread) => thread.posts).find((each) => each.id === to || each.first === to);
    if (one) answer(one, state.users[one.author]);
    speaker = state.brand;
    pickShown();
    text.value = words;
    count();
    mine();
  }

  // Scroll to the box for posts.
  function mine() {
    $(".scroll", root).scrollTop = 0;
    form.classList.add("flash");
    setTimeout(() => form.classList.remove("flash"), 1600);
    text.focus();
  }

  return { refresh, compose, invite: () => { idea(); mine(); }, show: posts.show, arrive: posts.arrive };
}
