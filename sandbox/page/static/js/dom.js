// Create and update elements. Text only ever becomes text nodes, so nobody can inject markup.

const AS_PROPERTY = new Set(["value", "checked", "disabled", "selected", "hidden", "open", "tabIndex"]);

export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name === "data") Object.assign(element.dataset, value);
    else if (AS_PROPERTY.has(name)) element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function svg(tag, props = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(props)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export const $ = (selector, within = document) => within.querySelector(selector);

// Make `box` show `items`. Unchanged elements stay, with their focus, selection and scroll position.
export function reconcile(box, items, key, draw) {
  const known = new Map([...box.children].map((child) => [child.dataset.key, child]));
  let cursor = box.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    const json = JSON.stringify(item);
    const old = known.get(name);
    known.delete(name);
    if (old && old.drawnFrom === json) {
      if (old === cursor) cursor = cursor.nextElementSibling;
      else box.insertBefore(old, cursor);
      continue;
    }
    const fresh = draw(item, old);
    fresh.dataset.key = name;
    fresh.drawnFrom = json;
    box.insertBefore(fresh, cursor);
    if (old) {
      if (old === cursor) cursor = old.nextElementSibling;
      keepFocus(old, fresh);
      old.remove();
    }
  }
  for (const gone of known.values()) gone.remove();
}

function keepFocus(old, fresh) {
  const active = document.activeElement;
  if (!old.contains(active)) return;
  const name = active.dataset.focus;
  const heir = name && fresh.querySelector(`[data-focus="${CSS.escape(name)}"]`);
  if (heir) heir.focus({ preventScroll: true });
  else if (fresh.tabIndex === -1) fresh.focus({ preventScroll: true });
}

// A click needs both ends of a press on one element, so nothing is redrawn while the pointer is down.
let pressed = null;
for (const kind of ["pointerdown", "pointerup", "pointercancel"]) {
  document.addEventListener(kind, () => { pressed?.end(); pressed = kind === "pointerdown" ? press() : null; }, true);
}
window.addEventListener("blur", () => { pressed?.end(); pressed = null; });

function press() {
  let end;
  const over = new Promise((resolve) => { end = () => setTimeout(resolve, 0); }); // the click comes after the release
  return { over, end };
}

export const released = () => pressed?.over;

let openMenu = null;

// A menu under `anchor`: `entries` are [label, act] pairs. Arrow keys, Escape and a click outside work.
export function menu(anchor, entries) {
  closeMenu();
  const items = entries.map(([label, act, danger]) =>
    h("button", { type: "button", role: "menuitem", class: danger ? "danger" : null, onclick: () => { closeMenu(); act(); } }, label));
  const box = h("div", { class: "menu", role: "menu" }, items);
  const home = anchor.closest("dialog") || document.body;
  home.append(box);
  const at = anchor.getBoundingClientRect();
  const edge = anchor.closest(".pane")?.getBoundingClientRect().right ?? innerWidth;
  const left = Math.max(8, Math.min(at.left, edge - box.offsetWidth - 8));
  const [below, above] = [innerHeight - at.bottom - 12, at.top - 12];
  const under = box.offsetHeight <= below || below >= above;
  box.style.setProperty("max-height", `${under ? below : above}px`);
  box.style.setProperty("left", `${left}px`);
  box.style.setProperty("top", `${under ? at.bottom + 4 : at.top - box.offsetHeight - 4}px`);
  box.addEventListener("keydown", (event) => {
    const place = items.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) items[(place + step + items.length) % items.length].focus();
    else if (event.key === "Escape" || event.key === "Tab") { closeMenu(); anchor.focus(); }
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  openMenu = box;
  items[0]?.focus();
}

function closeMenu() {
  openMenu?.remove();
  openMenu = null;
}

document.addEventListener("pointerdown", (event) => {
  if (openMenu && !openMenu.contains(event.target)) closeMenu();
}, true);

export function toast(words, kind = "trouble") {
  const box = h("div", { class: `toast ${kind}` }, words);
  const dialogs = document.querySelectorAll("dialog[open]");
  (dialogs[dialogs.length - 1] || $("#toasts")).append(box);
  setTimeout(() => box.remove(), 6000);
}
