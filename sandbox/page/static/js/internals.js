// Behind the scenes: the bot, the history of each ticket, its requests, and switches that make things go wrong.

import { get, post, refresher } from "./api.js";
import { $, h, menu, reconcile } from "./dom.js";
import { icon } from "./faces.js";
import { ago, precise, time } from "./text.js";

const RAIL = ["held", "queued", "sending", "published"];
const NEXT = { draft: ["held", "sending", "published"], unsure: ["published?"], asked: ["you decide"], "handed off": ["confirmed"] };
const STATES = { running: "running", starting: "starting…", stopping: "stopping…", stopped: "stopped", died: "killed" };

export function internalsPane({ users, onChange }) {
  let state = null;
  let ticket = null; // null: follow the latest activity
  const root = $("#pane-internals");
  const bot = h("section", { class: "bot", "aria-label": "The bot" });
  const story = h("section", { class: "story", "aria-label": "History of a ticket" });
  const switches = h("section", { class: "switches", "aria-label": "Things that can go wrong" });
  const wire = h("section", { class: "wire", "aria-label": "Latest requests" });
  const steps = h("ol", { class: "steps" });
  const head = h("div", { class: "ticket" });
  story.append(h("h3", {}, "History of a mention"), head, steps);
  root.append(h("header", { class: "bar" }, h("h2", {}, "Behind the scenes"), h("p", {}, "the bot at work")), h("div", { class: "scroll" }, bot, story, switches, wire));

  const refresh = refresher(() => get(`/internals/state${ticket ? `?ticket=${ticket}` : ""}`), (fresh) => { state = fresh; draw(); onChange(state); });

  function draw() {
    drawOnce(bot, { bot: state.bot, customers: state.customers, log: state.log }, drawBot);
    drawTicket();
    drawOnce(switches, state.switches, drawSwitches);
    drawOnce(wire, state.wire, drawWire);
  }

  // Redraw a section only when its value has changed, and keep the focus.
  function drawOnce(box, value, make) {
    const json = JSON.stringify(value);
    if (box.drawnFrom === json) return;
    box.drawnFrom = json;
    const focus = box.contains(document.activeElement) && document.activeElement.dataset.focus;
    const open = [...box.querySelectorAll("details")].map((one) => one.open);
    box.replaceChildren(...make(value).filter(Boolean));
    box.querySelectorAll("details").forEach((one, place) => { if (open[place] !== undefined) one.open = open[place]; });
    if (focus) box.querySelector(`[data-focus="${focus}"]`)?.focus({ preventScroll: true });
  }

  // --- the bot -------------------------------------------------------------------------------------------

  function drawBot({ bot: now, customers, log }) {
    const alive = now === "running" || now === "starting";
    const button = (label, act, kind = "") => h("button", { type: "button", class: `small ${kind}`, data: { focus: label }, onclick: act }, label);
    return [
      h("div", { class: `pulse ${now}` }, h("span", { class: "dot" }), h("strong", {}, "python -m bot run"), h("span", {}, STATES[now] || now)),
      h("div", { class: "row" },
        alive ? [button("Kill the bot", () => post("/internals/bot", { do: "kill" }), "danger"), button("Stop", () => post("/internals/bot", { do: "stop" }))]
          : button("Start it again", () => post("/internals/bot", { do: "start" }), "primary")),
      h("p", { class: "note" }, "A real process that knows nothing of this page. Kill it at any moment: nothing is lost, and nothing is sent twice."),
      h("div", { class: "row customers" },
        h("label", { class: "switch" },
          h("input", { type: "checkbox", role: "switch", checked: customers.on, disabled: !customers.left, data: { focus: "customers" }, onchange: (event) => post("/internals/customers", { on: event.target.checked }) }),
          h("span", {}, customers.left ? `New customers post (${customers.left} to come)` : "All customers have posted")),
        customers.left ? button("Next one now", () => post("/internals/customers", { next: true })) : null),
      h("details", {}, h("summary", {}, "Bot log"), h("pre", { tabIndex: 0 }, log.join("\n") || "…")),
    ];
  }

  // --- the ticket ----------------------------------------------------------------------------------------

  function drawTicket() {
    const one = state.ticket;
    if (!one) return head.replaceChildren(h("p", { class: "note" }, "No tickets yet."));
    drawOnce(head, { ...one, steps: one.steps.length, ticket }, () => [
      h("button", { type: "button", class: "pick", "aria-haspopup": "menu", data: { focus: "pick" }, onclick: choose },
        h("span", { class: "number" }, `#${one.id}`), h("strong", {}, h("bdi", {}, one.who)), h("span", { class: `state ${one.state.replaceAll(" ", "-")}` }, one.state), h("span", { "aria-hidden": "true" }, "▾")),
      h("p", { class: "follow" }, ticket ? h("button", { type: "button", class: "link", onclick: () => { ticket = null; refresh(); } }, "Follow the latest activity") : "Following the latest activity"),
      h("blockquote", { dir: "auto" }, one.words || "(deleted)"),
      rail(one),
      h("p", { class: "note" }, one.drawn < one.revision ? `The card in Slack shows revision ${one.drawn} of ${one.revision} and will be updated.` : `The card in Slack is up to date (revision ${one.revision}).`),
    ]);
    reconcile(steps, one.steps.slice(-30).reverse(), (step) => `${one.id}-${step.id}`, drawStep);
  }

  // The states of the last reply: past, present, and what follows if nothing goes wrong.
  function rail(one) {
    if (!one.reply) return null;
    const { state: now, path } = one.reply;
    const been = path.slice(-4);
    if (been[0] === "discarded") been.unshift("draft");
    const stops = [...been, ...(RAIL.includes(now) ? RAIL.slice(RAIL.indexOf(now) + 1) : NEXT[now] || [])];
    const here = been.length - 1;
    return h("ol", { class: "rail", "aria-label": `The reply is ${now}` }, stops.map((stop, place) =>
      h("li", { class: place < here ? "done" : place === here ? `here ${now.replaceAll(" ", "-")}` : "", "aria-current": place === here ? "step" : null }, stop)));
  }

  function drawStep(step) {
    const person = users[step.by];
    return h("li", { class: `step ${person ? "person" : "machine"}` },
      h("time", { title: new Date(step.at * 1000).toLocaleString() }, Date.now() / 1000 - step.at > 43200 ? `${ago(step.at)} ${time(step.at)}` : precise(step.at)),
      h("div", {},
        h("p", {}, h("strong", {}, step.title), h("span", { class: "by" }, person || "the bot")),
        step.text && step.act !== "mention" && !/^reply (queued|sending|published|held)/.test(step.act) ? h("p", { class: "said", dir: "auto" }, `“${step.text}”`) : null,
        step.why && h("p", { class: "why" }, step.why),
        step.data.detail || step.data.reason ? h("p", { class: "why" }, `Reason: ${[step.data.reason, step.data.detail].filter(Boolean).join(": ")}`) : null));
  }

  function choose(event) {
    menu(event.currentTarget, state.tickets.slice(0, 14).map((one) => [`#${one.id}  ${one.who}  ${one.state}`, () => { ticket = one.id; refresh(); }]));
  }

  // --- faults --------------------------------------------------------------------------------------------

  function drawSwitches(all) {
    const group = (where, title) => h("fieldset", {}, h("legend", {}, title), all.filter((one) => one.where === where).map((one) =>
      h("label", { class: one.on ? "switch on" : "switch" },
        h("input", { type: "checkbox", role: "switch", checked: one.on, data: { focus: one.name }, onchange: (event) => post("/internals/switch", { name: one.name, on: event.target.checked }) }),
        h("span", {}, h("span", { class: "what" }, h("strong", {}, one.label), one.once && h("em", {}, "once")), h("small", {}, one.hint)))));
    const any = all.some((one) => one.on);
    return [h("h3", {}, "Make something go wrong"), group("x", "At X"), group("mastodon", "At Mastodon"), group("bluesky", "At Bluesky"), group("forum", "At the forum"), group("hackernews", "At Hacker News"), group("slack", "At Slack"),
      any ? h("button", { type: "button", class: "small", data: { focus: "reset" }, onclick: () => post("/internals/reset", {}) }, "Reset all") : null].filter(Boolean);
  }

  // --- requests ------------------------------------------------------------------------------------------

  function drawWire(lines) {
    const table = (title, entries, none) => h("details", { open: title === "Bot → X" || title === "Bot → Slack" ? true : null }, h("summary", {}, title),
      entries.length ? h("ul", {}, entries.slice(0, 8).map((one) => h("li", { class: /^(2\d\d)$/.test(String(one.status)) ? "" : "bad" },
        h("time", {}, precise(one.at)), h("code", {}, one.what), h("span", { class: "status" }, String(one.status)), one.times > 1 ? h("span", { class: "times" }, `×${one.times}`) : null)))
        : h("p", { class: "note" }, none));
    return [h("h3", {}, "Requests"), table("Bot → X", lines.x, "No requests yet"), table("Bot → Mastodon", lines.mastodon, "No requests yet"), table("Bot → Bluesky", lines.bluesky, "No requests yet"), table("Bot → forum", lines.forum, "No requests yet"), table("Bot → Hacker News", lines.hackernews, "Nothing is read there before there is a track"), table("Bot → Slack", lines.slack, "No requests yet"), table("Slack → bot", lines.bot, "Press a button in Slack to see one")];
  }

  return { refresh, invite: () => switches.scrollIntoView({ block: "start", behavior: "smooth" }) };
}
