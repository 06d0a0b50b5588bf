// Draws Block Kit as Slack does. The caller's `acts` say what presses and inputs do:
//
// acts = { known, press(block, element, chosen), value(block, element), enter(block, element, value, chosen),
//          suggest(block, element, typed), enterKey(block, element), errors }

import { drawChart } from "./charts.js";
import { $, h, menu } from "./dom.js";
import { icon } from "./faces.js";
import { readFile } from "./files.js";
import { lookup } from "./lookup.js";
import { shown } from "./media.js";
import { drawRuns, follow, inside, words } from "./text.js";

export function drawBlocks(blocks, acts) {
  return (blocks || []).map((block) => (DRAW[block.type] || unknown)(block, acts));
}

const runs = (text, acts) => drawRuns(text?.runs, acts.known);

const DRAW = {
  section: (block, acts) => h("div", { class: "block section" },
    h("div", { class: "grow" },
      block.text && h("div", { class: "text" }, runs(block.text, acts)),
      block.fields && h("div", { class: "fields" }, block.fields.map((field) => h("div", { class: "text" }, runs(field, acts))))),
    block.accessory && drawElement(block, block.accessory, acts)),
  context: (block, acts) => h("div", { class: "block context" }, block.elements.map((element) =>
    element.type === "image" ? picture(element, "small", acts) : h("span", { class: "text" }, runs(element, acts)))),
  rich_text: (block, acts) => h("div", { class: "block rich" }, block.elements.map((element) => rich(element, acts))),
  actions: (block, acts) => h("div", { class: "block actions" }, block.elements.map((element) => drawElement(block, element, acts))),
  divider: () => h("hr", { class: "block" }),
  header: (block, acts) => h("h3", { class: "block header" }, runs(block.text, acts)),
  image: (block, acts) => h("figure", { class: "block image" }, block.title && h("figcaption", {}, runs(block.title, acts)), picture(block, "large", acts)),
  data_visualization: drawChart,
  table,
  markdown: (block) => h("div", { class: "block text" }, String(block.text)),
  input: (block, acts) => input(block, acts),
};

function unknown(block) {
  return h("p", { class: "block unknown" }, `This page does not draw “${block.type}” blocks.`);
}

function rich(element, acts) {
  const inner = drawRuns(element.runs, acts.known);
  if (element.type === "rich_text_quote") return h("blockquote", {}, inner);
  if (element.type === "rich_text_preformatted") return h("pre", {}, inner);
  if (element.type === "rich_text_list") {
    return h(element.style === "ordered" ? "ol" : "ul", {}, element.elements.map((item) => h("li", {}, drawRuns(item.runs, acts.known))));
  }
  return h("div", { class: "text" }, inner);
}

function table(block, acts) {
  const cell = (one) => (one.type === "rich_text" ? one.elements.map((element) => rich(element, acts)) : String(one.text ?? ""));
  const align = (place) => block.column_settings?.[place]?.align;
  const row = (cells, tag) => h("tr", {}, cells.map((one, place) => h(tag, { scope: tag === "th" ? "col" : null, class: align(place) || null }, cell(one))));
  const [head, ...rows] = block.rows;
  return h("div", { class: "block table", tabIndex: 0, role: "region", "aria-label": "Table" }, h("table", {}, h("thead", {}, row(head, "th")), h("tbody", {}, rows.map((one) => row(one, "td")))));
}

// Files of the local Slack are shown. Nothing is fetched from outside: other pictures show their alt text.
function picture(block, size, acts) {
  const file = block.slack_file && (block.slack_file.id || block.slack_file.url?.match(/-(F\w+)\//)?.[1]);
  if (file) return h("img", { class: `shown ${size}`, src: `/slack/file/${file}?as=${acts.known.me}`, alt: block.alt_text || "", loading: "lazy" });
  return shown(block.image_url, block.alt_text, size);
}

// --- elements --------------------------------------------------------------------------------------------

export function drawElement(block, element, acts) {
  return (ELEMENT[element.type] || (() => unknown(element)))(block, element, acts);
}

const ELEMENT = {
  button, overflow,
  static_select: (block, element, acts) => (element.options?.some((option) => option.description) ? described(block, element, acts) : select(block, element, acts, choices(element))),
  external_select: (block, element, acts) => lookup(block, element, acts, { name: focusName(block, element), placeholder: words(element.placeholder?.runs) || "Choose" }),
  users_select: (block, element, acts) => select(block, element, acts, people(acts)),
  multi_users_select: (block, element, acts) => boxes(block, { ...element, options: people(acts).map(asOption) }, acts, "checkbox"),
  conversations_select: (block, element, acts) => select(block, element, acts, places(acts)),
  channels_select: (block, element, acts) => select(block, element, acts, places(acts)),
  radio_buttons: (block, element, acts) => boxes(block, element, acts, "radio"),
  checkboxes: (block, element, acts) => boxes(block, element, acts, "checkbox"),
  multi_static_select: (block, element, acts) => boxes(block, element, acts, "checkbox"),
  plain_text_input: typed, email_text_input: typed, url_text_input: typed, number_input: typed,
  datepicker: (block, element, acts) => picker(block, element, acts, "date"),
  timepicker: (block, element, acts) => picker(block, element, acts, "time"),
  datetimepicker: moment,
  file_input: files,
  image: (_block, element, acts) => picture(element, "beside", acts),
};

const focusName = (block, element) => `${block.block_id}/${element.action_id}`;

async function confirmed(element, acts) {
  if (!element.confirm) return true;
  const { title, text, confirm, deny, style } = element.confirm;
  return new Promise((resolve) => {
    const answer = (yes) => { box.close(); box.remove(); resolve(yes); };
    const box = h("dialog", { class: "modal small", "aria-label": words(title?.runs) },
      h("header", {}, h("h2", {}, runs(title, acts))),
      h("div", { class: "body" }, runs(text, acts)),
      h("footer", {},
        h("button", { type: "button", class: "button", onclick: () => answer(false) }, runs(deny, acts)),
        h("button", { type: "button", class: `button ${style || "primary"}`, onclick: () => answer(true) }, runs(confirm, acts))));
    box.addEventListener("cancel", () => answer(false));
    document.body.append(box);
    box.showModal();
  });
}

function button(block, element, acts) {
  const place = element.url && inside(element.url);
  const made = h(element.url && !place ? "a" : "button", {
    class: `button ${element.style || ""}`,
    type: element.url && !place ? null : "button",
    href: element.url && !place ? element.url : null,
    target: element.url && !place ? "_blank" : null,
    rel: element.url && !place ? "noopener noreferrer" : null,
    "aria-label": element.accessibility_label,
    data: { focus: focusName(block, element) },
    async onclick(event) {
      if (made.getAttribute("aria-busy")) return;
      if (element.url) follow(event, element.url);
      if (!(await confirmed(element, acts))) return;
      made.setAttribute("aria-busy", "true");
      await acts.press(block, element);
      made.removeAttribute("aria-busy");
    },
  }, runs(element.text, acts), element.url && h("span", { class: "out", "aria-hidden": "true" }, "↗"));
  return made;
}

function overflow(block, element, acts) {
  return h("button", {
    type: "button", class: "button dots", "aria-label": "More", "aria-haspopup": "menu", data: { focus: focusName(block, element) },
    onclick(event) {
      menu(event.currentTarget, element.options.map((option) => [words(option.text.runs), () => acts.press(block, element, { option: option.value })]));
    },
  }, icon("dots"));
}

const pair = (option) => [option.value, words(option.text.runs)];
const choices = (element) => (element.options || []).map(pair);
const groups = (element) => (element.option_groups || []).map((group) => [words(group.label.runs), group.options.map(pair)]);
const people = (acts) => Object.entries(acts.known.users).filter(([, user]) => !user.bot).map(([id, user]) => [id, user.name]);
const asOption = ([value, name]) => ({ value, text: { runs: [{ t: name }] } });
const places = (acts) => acts.known.channels.filter((one) => one.kind !== "im").map((one) => [one.id, `#${one.name}`]);

// A list whose options have descriptions, which a native select cannot show.
function described(block, element, acts) {
  const all = element.options.map((option) => ({ label: words(option.text.runs), value: option.value, description: words(option.description?.runs) }));
  const fitting = (typed) => all.filter((one) => one.label.toLowerCase().includes(typed.toLowerCase()));
  const offer = { ...acts, suggest: async (_block, _element, typed) => ({ groups: [{ options: fitting(typed) }] }) };
  return lookup(block, { ...element, min_query_length: 0 }, offer, { name: focusName(block, element), placeholder: words(element.placeholder?.runs) || "Choose" });
}

function select(block, element, acts, entries) {
  const held = acts.value(block, element);
  const value = held && typeof held === "object" ? held.value : held;
  const free = Boolean(block.optional); // then a choice can be cleared
  const one = ([id, label]) => h("option", { value: id, selected: id === value }, label);
  return h("select", {
    "aria-label": words(element.placeholder?.runs) || "Choose", data: { focus: focusName(block, element) },
    onchange: (event) => acts.enter(block, element, event.target.value || null, { option: event.target.value, value: event.target.value }),
  },
  (free || !value) && h("option", { value: "", selected: !value, disabled: !free }, words(element.placeholder?.runs) || "Choose"),
  ...entries.map((entry) => one(entry)),
  ...groups(element).map(([label, within]) => h("optgroup", { label }, within.map((entry) => one(entry)))));
}

function boxes(block, element, acts, kind) {
  const held = acts.value(block, element);
  const on = new Set([].concat(held || []).map((one) => one.value ?? one));
  const group = h("div", { class: "boxes", role: kind === "radio" ? "radiogroup" : "group", onchange() {
    const chosen = [...group.querySelectorAll("input:checked")].map((box) => box.value);
    const value = kind === "radio" ? chosen[0] : chosen;
    acts.enter(block, element, value, { option: chosen[0], options: chosen });
  } },
  (element.options || []).map((option) => h("label", {},
    h("input", { type: kind, name: focusName(block, element), value: option.value, checked: on.has(option.value), data: { focus: `${focusName(block, element)}/${option.value}` } }),
    h("span", {}, drawRuns(option.text.runs, acts.known), option.description && h("small", {}, drawRuns(option.description.runs, acts.known))))));
  return group;
}

function typed(block, element, acts) {
  const value = acts.value(block, element) ?? "";
  const lines = element.type === "plain_text_input" && element.multiline;
  const types = { email_text_input: "email", url_text_input: "url", number_input: "number" };
  return h(lines ? "textarea" : "input", {
    type: lines ? null : types[element.type] || "text", rows: lines ? 5 : null, value,
    placeholder: words(element.placeholder?.runs), autofocus: element.focus_on_load ? true : null,
    data: { focus: focusName(block, element) },
    oninput: (event) => acts.enter(block, element, event.target.value, null),
    onkeydown: (event) => {
      if (lines || !block.dispatch_action || event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      acts.enterKey?.(block, element);
    },
  });
}

function picker(block, element, acts, type) {
  return h("input", { type, class: "picker", value: acts.value(block, element) ?? "", "aria-label": words(element.placeholder?.runs) || null, data: { focus: focusName(block, element) },
    onchange: (event) => acts.enter(block, element, event.target.value || null, { value: event.target.value }) });
}

// What was picked is uploaded at once, as Slack does it; the names come back with the modal's values.
function files(block, element, acts) {
  const held = acts.value(block, element) || [];
  const accept = (element.filetypes || []).map((ending) => `.${ending}`).join(",");
  const most = element.max_files || 10;
  return h("div", { class: "files" },
    h("input", { type: "file", multiple: most > 1, accept, title: words(block.label?.runs), data: { focus: focusName(block, element) },
      onchange: async (event) => {
        const picked = [...event.target.files].slice(0, most);
        if (picked.length) await acts.attach(block, element, await Promise.all(picked.map(readFile)));
      } }),
    held.length ? h("ul", { class: "picked" }, held.map((one) => h("li", {}, one.name))) : null);
}

// Slack uses seconds since 1970; the browser's control uses local time.
function moment(block, element, acts) {
  const held = acts.value(block, element);
  const local = held ? new Date((held - new Date(held * 1000).getTimezoneOffset() * 60) * 1000).toISOString().slice(0, 16) : "";
  return h("input", { type: "datetime-local", class: "picker", value: local, data: { focus: focusName(block, element) },
    onchange: (event) => {
      const at = event.target.value ? Math.floor(new Date(event.target.value).getTime() / 1000) : null;
      acts.enter(block, element, at, { value: at });
    } });
}

function input(block, acts) {
  const id = `field-${block.block_id}`;
  const element = drawElement(block, block.element, acts);
  const control = element.matches("input, select, textarea") ? element : $("input", element);
  if (control && element === control) control.id = id;
  else element.setAttribute("aria-labelledby", `${id}-label`);
  control?.removeAttribute("aria-label");
  const problem = acts.errors?.[block.block_id];
  const notes = [block.hint && `${id}-hint`, problem && `${id}-error`].filter(Boolean).join(" ");
  if (notes) control?.setAttribute("aria-describedby", notes);
  if (problem) control?.setAttribute("aria-invalid", "true");
  return h("div", { class: problem ? "block field wrong" : "block field" },
    h("label", { for: id, id: `${id}-label` }, runs(block.label, acts), block.optional && h("small", {}, " (optional)")),
    element,
    problem && h("p", { class: "error", id: `${id}-error`, role: "alert" }, problem),
    block.hint && h("p", { class: "hint", id: `${id}-hint` }, runs(block.hint, acts)));
}
