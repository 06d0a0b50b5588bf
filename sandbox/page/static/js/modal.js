// The teammate's topmost modal. Typed text survives redraws and reloads.

import { post } from "./api.js";
import { drawBlocks } from "./blocks.js";
import { $, h } from "./dom.js";
import { icon } from "./faces.js";
import { drawRuns, words } from "./text.js";

const PAUSE = 300; // milliseconds without a keystroke until Slack gets what was typed
export const STATE = { plain_text_input: "value", email_text_input: "value", url_text_input: "value", number_input: "value",
  static_select: "selected_option", external_select: "selected_option", radio_buttons: "selected_option", checkboxes: "selected_options",
  multi_static_select: "selected_options", users_select: "selected_user", multi_users_select: "selected_users", conversations_select: "selected_conversation",
  channels_select: "selected_channel", datepicker: "selected_date", timepicker: "selected_time", datetimepicker: "selected_date_time", file_input: "files" };

let dialog = null;
let shown = null;
let typed = {}; // by field: what is on the screen and may not have reached Slack
let timer = 0;
let left = ""; // the view that was closed here: an older state must not reopen it
let home = null; // what had the focus before; `origin` is its message, in case that was redrawn
let origin = "";

const field = (block, element) => `${block.block_id}/${element.action_id}`;

// Show `view`, or nothing, to `me`. `known` holds the workspace's users and channels.
export function showModal(view, known, me) {
  if (!view || view.id === left) return hide();
  const same = shown && shown.view.id === view.id;
  if (same && JSON.stringify(shown.view) === JSON.stringify(view)) return;
  const blocks = new Set(view.blocks.map((block) => block.block_id));
  typed = same ? Object.fromEntries(Object.entries(typed).filter(([name]) => blocks.has(name.split("/")[0]))) : {};
  const focus = dialog?.contains(document.activeElement) ? [document.activeElement.dataset.focus, document.activeElement.selectionStart] : null;
  shown = { view, known, me };
  if (!dialog) {
    home = document.activeElement;
    origin = home.closest("article")?.dataset.ts || "";
    const box = dialog = h("dialog", { class: "modal", tabIndex: -1 });
    box.addEventListener("cancel", (event) => { event.preventDefault(); close(); });
    box.addEventListener("close", () => box === dialog && close()); // a browser may not wait for a second Escape
    document.body.append(box);
  }
  draw();
  if (!dialog.open) dialog.showModal();
  settleFocus(same ? focus : null);
}

function settleFocus(focus) {
  const wrong = $(".wrong textarea, .wrong input, .wrong select", dialog);
  const before = focus && dialog.querySelector(`[data-focus="${CSS.escape(focus[0] || "")}"]`);
  const first = $("[autofocus], textarea, input, select", dialog);
  if (!before && !wrong && first && isBelow(first)) return dialog.focus(); // the text above it should be read first
  const target = before || wrong || first || $("footer .button:last-child", dialog);
  target?.focus();
  if (typeof target?.selectionStart !== "number") return; // a checkbox or a date has no text cursor
  const place = before && typeof focus[1] === "number" ? focus[1] : target.value.length;
  target.setSelectionRange(place, place);
}

const isBelow = (one) => one.getBoundingClientRect().bottom > $(".body", dialog).getBoundingClientRect().bottom;

function hide() {
  if (!dialog) return;
  clearTimeout(timer);
  dialog.close();
  dialog.remove();
  dialog = shown = null;
  const heir = home?.isConnected ? home : document.querySelector(`#messages article[data-ts="${origin}"]`);
  heir?.focus({ preventScroll: true });
}

function draw() {
  const { view, known } = shown;
  const submit = view.submit && h("button", { class: "button primary", type: "submit" }, drawRuns(view.submit, known));
  const form = h("form", { novalidate: true, onsubmit: (event) => { event.preventDefault(); send(submit); } },
    h("header", {},
      h("h2", { id: "modal-title" }, drawRuns(view.title, known)),
      h("button", { type: "button", class: "icon", "aria-label": "Close", onclick: close }, icon("close"))),
    h("div", { class: "body" }, drawBlocks(view.blocks, acts())),
    h("footer", {},
      h("button", { type: "button", class: "button", onclick: close }, view.close ? drawRuns(view.close, known) : "Close"),
      submit));
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) form.requestSubmit();
  });
  dialog.setAttribute("aria-labelledby", "modal-title");
  dialog.replaceChildren(form);
}

function acts() {
  const { view, known, me } = shown;
  return {
    known,
    errors: view.errors,
    value(block, element) {
      const name = field(block, element);
      if (name in typed) return typed[name];
      return view.values?.[block.block_id]?.[element.action_id]?.[STATE[element.type]];
    },
    press: (block, element, chosen) => post("/slack/view/press", { as: me, view: view.id, block: block.block_id, action: element.action_id, values: values(), ...chosen }),
    suggest: (block, element, words) => post("/slack/view/options", { as: me, view: view.id, block: block.block_id, action: element.action_id, typed: words }),
    attach: (block, element, files) => post("/slack/view/attach", { as: me, view: view.id, field: block.block_id, files, values: values() }),
    enterKey(block, element) {
      clearTimeout(timer);
      return post("/slack/view/enter", { as: me, view: view.id, field: field(block, element), values: values() });
    },
    enter(block, element, value) {
      if (shown?.view.id !== view.id) return; // a field may report once more while its modal closes
      typed[field(block, element)] = value;
      clearError(block);
      clearTimeout(timer);
      timer = setTimeout(tell, PAUSE);
    },
  };
}

function clearError(block) {
  const box = document.getElementById(`field-${block.block_id}`)?.closest(".wrong");
  box?.classList.remove("wrong");
  box?.querySelector(".error")?.remove();
  if (shown.view.errors) delete shown.view.errors[block.block_id];
}

const values = () => Object.fromEntries(Object.entries(typed).map(([name, value]) => [name, value?.value ?? value]));

function tell() {
  if (shown) post("/slack/view/fill", { as: shown.me, view: shown.view.id, values: values() });
}

async function send(button) {
  if (!shown || button?.getAttribute("aria-busy")) return;
  clearTimeout(timer);
  button?.setAttribute("aria-busy", "true");
  const { view, me } = shown;
  const what = words(view.submit);
  const answer = await post("/slack/view/submit", { as: me, view: view.id, values: values() });
  button?.removeAttribute("aria-busy");
  const refused = answer.error || Object.keys(answer.errors || {}).length;
  if (!refused) document.dispatchEvent(new CustomEvent("submitted", { detail: what }));
  if (shown && shown.view.id === view.id && Object.keys(answer.errors || {}).length) {
    shown.view = { ...shown.view, errors: answer.errors };
    draw();
    settleFocus(null);
  }
}

function close() {
  if (!shown) return;
  const { view, me } = shown;
  const held = values();
  left = view.id;
  hide();
  post("/slack/view/close", { as: me, view: view.id, values: held });
}
