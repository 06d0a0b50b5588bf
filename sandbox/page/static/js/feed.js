// A list of conversations that keeps its place: new posts are highlighted, and any post can be scrolled to.

import { h, reconcile } from "./dom.js";

// `isTyping` tells whether the visitor is writing: then nothing scrolls by itself.
export function feed(isTyping) {
  const list = h("div", { class: "threads", role: "feed", "aria-label": "Posts" });
  let known = null; // IDs drawn last time: newer posts are highlighted for a moment
  let wanted = null;
  let missed = null; // a reply of the brand that came while the list was hidden

  // Returns how many posts are new.
  function draw(threads, drawThread) {
    const ids = new Set(threads.flatMap((thread) => thread.posts.map((one) => one.id)));
    const fresh = known ? new Set([...ids].filter((id) => !known.has(id))) : new Set();
    known = ids;
    reconcile(list, threads, (thread) => thread.id, drawThread);
    for (const id of fresh) mark(box(id));
    bringAnswer(fresh);
    if (wanted) show(wanted);
    return fresh.size;
  }

  const box = (id) => [...list.querySelectorAll(".post")].find((one) => [one.dataset.id, one.dataset.first].includes(id));

  function mark(post) {
    post?.classList.add("flash");
    setTimeout(() => post?.classList.remove("flash"), 2500);
  }

  // Scroll to a new reply of the brand, unless the visitor is writing.
  function bringAnswer(fresh) {
    const answer = [...list.querySelectorAll(".post.ours")].find((one) => fresh.has(one.dataset.id));
    if (!answer || isTyping()) return;
    if (list.checkVisibility()) answer.scrollIntoView({ block: "nearest", behavior: "smooth" });
    else missed = answer.dataset.id;
  }

  // The visitor has opened the list: show what they missed.
  function arrive() {
    if (missed) show(missed);
    missed = null;
  }

  // Scroll to a post, now or as soon as it is drawn.
  function show(id) {
    const post = box(id);
    wanted = post ? null : id;
    if (!post) return;
    post.scrollIntoView({ block: "center", behavior: "smooth" });
    mark(post);
  }

  return { list, draw, show, box, arrive };
}

// Replace `words`, the text of a post, by a field until it is saved or left.
export function editInPlace(words, { value, save, before = null }) {
  const field = h("textarea", { value, rows: 3, maxlength: 25000, "aria-label": "Edit the post" });
  const done = () => editing.replaceWith(words);
  const editing = h("form", { class: "editing", onsubmit: (event) => {
    event.preventDefault();
    done();
    save(field.value);
  } }, before, field, h("div", {}, h("button", { type: "button", class: "pill ghost", onclick: done }, "Cancel"), h("button", { class: "pill" }, "Save")));
  words.replaceWith(editing);
  field.focus();
}
