// A message box: Enter sends, Shift+Enter breaks the line, "/" and "@" suggest commands and names; files can be added.

import { h } from "./dom.js";
import { icon } from "./faces.js";
import { readFile } from "./files.js";

const MAX_OFFERS = 14; // as many as there are commands

// `offers(words)` returns [text, hint] pairs for what was typed so far; `send(words, files)` sends the message.
export function composer({ label, offers, send, hint }) {
  const list = h("ul", { class: "offers", role: "listbox", hidden: true, id: `offers-${Math.random().toString(36).slice(2)}` });
  const box = h("textarea", {
    rows: 1, placeholder: label, "aria-label": label, role: "combobox", "aria-expanded": "false", "aria-autocomplete": "list",
    "aria-controls": list.id, oninput: () => { grow(); offer(); }, onkeydown: key, onblur: () => setTimeout(hide, 150),
  });
  const picked = h("input", { type: "file", multiple: true, hidden: true, "aria-label": `Files: ${label}`, onchange: () => namePicked() });
  const named = h("p", { class: "hint", hidden: true, role: "status" });
  const form = h("form", { class: "box", onsubmit: (event) => { event.preventDefault(); submit(); } },
    picked, h("button", { class: "icon", type: "button", "aria-label": "Add a file", title: "Add a file", onclick: () => picked.click() }, icon("clip")),
    box, h("button", { class: "icon send", type: "submit", "aria-label": "Send" }, icon("send")));
  const root = h("div", { class: "write" }, list, form, named, hint && h("p", { class: "hint" }, hint));
  let chosen = 0;
  let entries = [];

  function grow() {
    box.style.setProperty("height", "auto");
    box.style.setProperty("height", `${Math.min(box.scrollHeight, 160)}px`);
  }

  function offer() {
    entries = offers(box.value.slice(0, box.selectionStart)).slice(0, MAX_OFFERS);
    chosen = 0;
    list.hidden = !entries.length;
    box.setAttribute("aria-expanded", String(!list.hidden));
    drawOffers();
  }

  function drawOffers() {
    list.replaceChildren(...entries.map(([words, about], place) => h("li", {
      role: "option", id: `${list.id}-${place}`, "aria-selected": String(place === chosen),
      onpointerdown: (event) => { event.preventDefault(); take(place); },
    }, h("strong", {}, words), h("span", {}, about))));
    if (entries.length) box.setAttribute("aria-activedescendant", `${list.id}-${chosen}`);
    else box.removeAttribute("aria-activedescendant");
  }

  function take(place) {
    const before = box.value.slice(0, box.selectionStart);
    const start = before.startsWith("/") ? 0 : before.search(/@\S*(?: \S*)?$/);
    box.value = before.slice(0, start) + entries[place][0] + box.value.slice(box.selectionStart);
    hide();
    grow();
    box.focus();
  }

  function hide() {
    entries = [];
    list.hidden = true;
    box.setAttribute("aria-expanded", "false");
    drawOffers();
  }

  function key(event) {
    if (event.isComposing) return;
    if (!list.hidden && entries.length) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) {
        chosen = (chosen + step + entries.length) % entries.length;
        drawOffers();
        event.preventDefault();
        return;
      }
      const offered = entries[chosen][0];
      const whole = box.value === offered || (box.value.startsWith("/") && offered.startsWith(`${box.value} `)); // the command may be complete
      if (event.key === "Tab" || (event.key === "Enter" && !whole)) {
        take(chosen);
        event.preventDefault();
        return;
      }
      if (event.key === "Escape") {
        hide();
        event.stopPropagation();
        return;
      }
    }
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      submit();
    }
  }

  function namePicked() {
    const names = [...picked.files].map((one) => one.name);
    named.textContent = names.join(", ");
    named.hidden = !names.length;
    box.focus();
  }

  async function submit() {
    const words = box.value.trim();
    const files = await Promise.all([...picked.files].map(readFile));
    if (!words && !files.length) return;
    box.value = picked.value = "";
    namePicked();
    hide();
    grow();
    send(words, files);
  }

  return {
    root,
    name(words) {
      box.placeholder = words;
      box.setAttribute("aria-label", words);
    },
    put(words) {
      box.value = words;
      grow();
      box.focus();
      box.setSelectionRange(words.length, words.length);
    },
    focus: () => box.focus(),
  };
}
