// The box in which a visitor posts as a customer on Mastodon or Bluesky: who one is, the text, and its length.

import { post } from "./api.js";
import { h } from "./dom.js";
import { face, icon } from "./faces.js";

const letters = new Intl.Segmenter("en", { granularity: "grapheme" });

export const graphemes = (text) => [...letters.segment(text)].length;

// `handleOf(user)` is a handle with @, `hint(state)` the placeholder, `count(text)` the length of a post and
// `limit(state)` the longest. `above` and `options` are a network's own controls. `send(values)` posts.
export function customerBox({ network, handleOf, hint, count, limit, above = [], options = [], onLeave, send, newcomer, needsText = () => true, square = false }) {
  let state = null;
  let speaker = sessionStorage.getItem(`speaker-${network}`) || "";
  let target = null; // the post that is answered or quoted, and how

  const who = h("select", { "aria-label": "Post as", onchange: () => choose(who.value) });
  const portrait = h("span", {});
  const text = h("textarea", { rows: 2, maxlength: 25000, "aria-label": "Post text", oninput: measure, onkeydown: (event) => {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) form.requestSubmit();
  } });
  const left = h("span", { class: "count" });
  const about = h("p", { class: "about", hidden: true });
  const adds = h("button", { type: "button", class: "icon", "aria-label": "New person", title: "Post as a new person", onclick: addPerson }, icon("add", 19));
  const form = h("form", { class: "say", onsubmit: submit },
    h("div", { class: "as" }, portrait, who, adds), about, above, text,
    h("div", { class: "options" }, options),
    h("div", { class: "foot" },
      h("button", { type: "button", class: "pill ghost", title: "Fill in an example post", onclick: suggest }, "Suggest"), left,
      h("button", { class: "pill", type: "submit" }, "Post")));

  function draw(fresh) {
    state = fresh;
    if (![...state.people, state.brand].includes(speaker)) speaker = state.people[0];
    const option = (id) => h("option", { value: id, selected: id === speaker }, `${state.users[id].name} ${handleOf(state.users[id])}`);
    const shown = JSON.stringify([state.people.map((id) => state.users[id]), speaker]);
    if (who.dataset.shown !== shown) {
      who.dataset.shown = shown;
      who.replaceChildren(h("optgroup", { label: "Customers" }, state.people.map(option)), h("optgroup", { label: "The brand, by hand" }, option(state.brand)));
      portrait.replaceChildren(face(state.users[speaker].name, { size: 34, round: !square, leaf: speaker === state.brand }));
    }
    measure();
  }

  function choose(id) {
    speaker = id;
    sessionStorage.setItem(`speaker-${network}`, speaker);
    draw(state);
  }

  function measure() {
    if (!state) return;
    text.placeholder = speaker === state.brand ? "Post as the brand, outside Heard" : target ? "What do they answer?" : hint(state);
    const rest = limit(state) - count(text.value);
    left.textContent = text.value ? String(rest) : "";
    left.classList.toggle("over", rest < 0);
    left.style.setProperty("--used", `${Math.min(100, 100 - (100 * rest) / limit(state))}%`);
  }

  // Answer or quote a post (`how`: reply_to or quote); `words` are what the app puts in front.
  function aim(post, how, words = "") {
    target = { id: post.id, how };
    about.replaceChildren(h("span", {}, how === "quote" ? "Quoting " : "Replying to ", h("span", { class: "live" }, handleOf(state.users[post.author]))),
      h("button", { type: "button", class: "link", onclick: leave }, "Cancel"));
    about.hidden = false;
    form.classList.toggle("answering", how === "reply_to");
    text.value = words + (how === "quote" ? text.value : "");
    measure();
    text.focus();
    text.setSelectionRange(text.value.length, text.value.length);
  }

  function leave() {
    target = null;
    about.hidden = true;
    form.classList.remove("answering");
    text.value = "";
    onLeave?.();
    measure();
  }

  let ideas = 0;
  function suggest() {
    text.value = state.ideas[ideas++ % state.ideas.length];
    measure();
    text.focus();
  }

  async function submit(event) {
    event.preventDefault();
    if (needsText() && !text.value.trim()) return text.focus();
    const made = await send({ as: speaker, text: text.value.trim(), ...(target ? { [target.how]: target.id } : {}) });
    if (!made.error) leave();
  }

  // `newcomer` has the placeholder and the pattern of a handle, and how a name becomes one.
  function addPerson() {
    const name = h("input", { type: "text", placeholder: "Name", "aria-label": "Name", required: true, maxlength: 40 });
    const handle = h("input", { type: "text", placeholder: newcomer.placeholder, "aria-label": "Handle", required: true, maxlength: 60, pattern: newcomer.pattern, title: newcomer.title });
    name.addEventListener("input", () => { handle.value = newcomer.from(name.value); });
    const done = () => { box.remove(); adds.hidden = false; };
    const box = h("form", { class: "newcomer", onsubmit: async (event) => {
      event.preventDefault();
      const made = await post(`/${network}/person`, { name: name.value, handle: handle.value });
      if (made.error) return;
      done();
      speaker = made.id;
      sessionStorage.setItem(`speaker-${network}`, speaker);
      text.focus();
    } }, name, handle, h("button", { class: "pill" }, "Add"), h("button", { type: "button", class: "icon", "aria-label": "Cancel", onclick: done }, icon("close", 15)));
    adds.hidden = true;
    form.before(box);
    name.focus();
  }

  // Bring the box into view.
  function arrive() {
    form.parentElement.scrollTop = 0;
    form.classList.add("flash");
    setTimeout(() => form.classList.remove("flash"), 1600);
    text.focus();
  }

  return { form, draw, choose, aim, measure, arrive, suggest, text, speaker: () => speaker, isTyping: () => document.activeElement === text };
}
