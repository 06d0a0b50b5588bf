// A select that asks the app while a person types: a box with a list of options under it.

import { $, h } from "./dom.js";

const PAUSE = 180; // milliseconds without a keystroke before the app is asked

export function lookup(block, element, acts, { name, placeholder }) {
  const least = element.min_query_length ?? 3;
  const quiet = least === 0; // show no options before a click, a letter or an arrow: they would cover what just opened
  const kept = () => { const held = acts.value(block, element); return held?.label ?? held?.text?.text ?? ""; };
  const shown = kept();
  const list = h("ul", { class: "menu lookup", role: "listbox", id: `on-offer-${Math.random().toString(36).slice(2)}`, "aria-label": placeholder });
  let entries = [];
  let at = -1;
  let timer = 0;
  let asked = 0;
  let due = false; // the answer to the text in the box is still to come

  const box = h("input", {
    type: "text", role: "combobox", class: "lookup", value: shown, placeholder, autocomplete: "off", "aria-label": placeholder, "aria-autocomplete": "list",
    "aria-expanded": "false", "aria-controls": list.id, data: { focus: name },
    oninput: () => ask(PAUSE), onfocus: () => { box.select(); if (!quiet && (!box.value || box.value === shown)) ask(0, ""); }, onkeydown: key,
    onclick: () => { if (quiet && !list.isConnected) ask(0, ""); },
    onblur: () => setTimeout(() => { if (document.activeElement !== box) settle(); }, 120),
  });

  function ask(pause, words = box.value.trim()) {
    clearTimeout(timer);
    const turn = ++asked;
    due = words.length >= least;
    if (!due) {
      const more = least - words.length;
      return show([], document.activeElement === box ? `Type ${more} more ${more === 1 ? "letter" : "letters"}` : "");
    }
    at = -1; // options for other text must not be chosen for this one
    mark();
    timer = setTimeout(async () => {
      if (!entries.length) show([], "Searching …");
      const answer = await acts.suggest(block, element, words);
      if (turn !== asked || document.activeElement !== box) return;
      due = false;
      show(answer.groups || [], "Nothing found");
    }, pause);
  }

  function show(groups, otherwise) {
    entries = groups.flatMap((group) => group.options);
    at = entries.length ? 0 : -1;
    if (!entries.length && !otherwise) return hide();
    let place = 0;
    list.replaceChildren(...(entries.length ? groups.flatMap((group) => [
      group.label && h("li", { class: "group", role: "presentation" }, group.label),
      ...group.options.map((option) => entry(option, place++)),
    ]).filter(Boolean) : [h("li", { class: "none", role: "presentation" }, otherwise)]));
    (box.closest("dialog") || document.body).append(list);
    box.setAttribute("aria-expanded", "true");
    position();
    mark();
  }

  function entry(option, place) {
    return h("li", { role: "option", id: `${list.id}-${place}`, onpointerdown: (event) => { event.preventDefault(); take(place); } },
      h("span", {}, option.label), option.description && h("small", {}, option.description));
  }

  function position() {
    const around = box.getBoundingClientRect();
    const below = innerHeight - around.bottom - 12;
    const under = below > 180 || below > around.top;
    list.style.setProperty("max-height", `${Math.min(260, under ? below : around.top - 12)}px`);
    list.style.setProperty("width", `${around.width}px`);
    list.style.setProperty("left", `${around.left}px`);
    list.style.setProperty("top", `${under ? around.bottom + 4 : around.top - list.offsetHeight - 4}px`);
  }

  function mark() {
    for (const one of list.querySelectorAll("[role=option]")) one.setAttribute("aria-selected", String(one.id === `${list.id}-${at}`));
    const chosen = at >= 0 && $(`#${list.id}-${at}`, list);
    if (!chosen) return box.removeAttribute("aria-activedescendant");
    box.setAttribute("aria-activedescendant", chosen.id);
    chosen.scrollIntoView({ block: "nearest" });
  }

  function take(place) {
    const { label, value } = entries[place];
    box.value = label;
    hide();
    acts.enter(block, element, { label, value }, { option: value, value });
  }

  function hide() {
    clearTimeout(timer);
    due = false;
    asked += 1;
    entries = [];
    at = -1;
    list.remove();
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  }

  // Left without a choice: an empty box clears the choice, anything else restores it.
  function settle() {
    hide();
    const label = kept();
    if (!box.value.trim() && label) acts.enter(block, element, null, null);
    else box.value = label;
  }

  function key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && entries.length) at = step > 0 ? (at + 1) % entries.length : (at > 0 ? at : entries.length) - 1;
    else if (step) ask(0, box.value === kept() ? "" : undefined);
    else if (event.key === "Enter" && at >= 0) take(at);
    else if (event.key === "Enter" && due) { /* the options are on their way */ }
    else if (event.key === "Enter" && list.isConnected) hide();
    else if (event.key === "Escape" && list.isConnected) settle();
    else return;
    event.preventDefault();
    event.stopPropagation();
    mark();
  }

  return box;
}
