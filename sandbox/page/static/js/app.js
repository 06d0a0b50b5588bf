// The page as a whole: panes, tabs, who you act as, light and dark, and a banner when something has stopped.

import { listen, post } from "./api.js";
import { $, h } from "./dom.js";
import { face, icon } from "./faces.js";
import { internalsPane } from "./internals.js";
import { networksPane, TOPICS } from "./networks.js";
import { slackPane } from "./slack.js";

const start = JSON.parse($("#start").textContent);
const names = Object.fromEntries(start.team.map((one) => [one.id, one.name]));
const wide = matchMedia("(min-width: 1360px)");
const middling = matchMedia("(min-width: 860px)");
let told = {};

// --- panes ------------------------------------------------------------------------------------------------

const slack = slackPane({ me: start.me, commands: start.commands, onChange: drawTitle });
const network = networksPane({ isSeen: () => isSeen("network"), onChange: watchForAnswers });
const internals = internalsPane({ users: names, onChange: () => {} });
const panes = { slack, network, internals };
let unseen = null; // the network on which a reply arrived that nobody could see yet
const LABELS = { slack: ["Slack", "hash"], network: ["Networks", "people"], internals: ["Behind the scenes", "sliders"] };

function show(pane) {
  if (middling.matches && !wide.matches && pane === "slack") return;
  document.body.dataset.pane = pane;
  if (pane === "slack") slack.arrive();
  if (pane === "network") network.arrive();
  seeAnswer();
  drawTabs();
  refreshSeen();
}

function drawTabs() {
  const now = document.body.dataset.pane;
  const counts = { slack: isSeen("slack") ? 0 : slack.unread(), network: isSeen("network") ? 0 : network.unseen() };
  $(".tabs").replaceChildren(...Object.entries(LABELS).map(([pane, [label, glyph]]) => h("button", {
    type: "button", class: pane, "aria-current": now === pane ? "page" : null,
    "aria-description": counts[pane] ? `${counts[pane]} new` : null, onclick: () => show(pane),
  }, icon(glyph, 18), h("span", {}, label), counts[pane] ? h("span", { class: "count", "aria-hidden": "true" }, String(counts[pane])) : null)));
}

const isSeen = (pane) => getComputedStyle($(`#pane-${pane}`)).display !== "none";
const refreshSeen = () => Object.keys(panes).filter(isSeen).forEach((pane) => panes[pane].refresh());

function settle() {
  if (middling.matches && !wide.matches && document.body.dataset.pane === "slack") document.body.dataset.pane = "network";
  drawTabs();
  refreshSeen();
}

document.addEventListener("go", ({ detail }) => {
  if (detail.channel) { show("slack"); slack.open(detail.channel, detail.ts); }
  if (detail.network) {
    show("network");
    setTimeout(() => { network.go(detail); seeAnswer(); }, 0);
  }
});

// --- who you act as ---------------------------------------------------------------------------------------

$(".viewer").append(h("span", { class: "you" }, "You are"), ...start.team.map((one) => h("a", {
  href: `?as=${one.id}`, "aria-current": one.id === start.me ? "true" : null, title: one.id === start.me ? null : `Act as ${one.name}. Open a second window to act as both.`,
}, face(one.name, { size: 20 }), h("span", {}, one.name))));
const other = start.team.find((one) => one.id !== start.me);
if (other) $(".viewer").append(h("a", { class: "second", href: `?as=${other.id}`, target: "_blank", rel: "noopener", title: `Act as ${other.name} in a second window` }, "+ window"));

// --- light and dark ---------------------------------------------------------------------------------------

$("#theme").append(icon("sun"));
$("#theme").addEventListener("click", () => {
  const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  localStorage.setItem("theme", theme);
});

// --- a first minute ---------------------------------------------------------------------------------------

const STEPS = [["reply", "Press Reply on a card", "Press Reply"], ["send", "Write, send publicly", "Write, send"], ["seen", "See it arrive in public", "See it"]];
const done = new Set(JSON.parse(sessionStorage.getItem("done") || "[]"));

function drawGuide() {
  const guide = $(".guide");
  const over = STEPS.every(([name]) => done.has(name));
  guide.hidden = localStorage.getItem("guide") === "off";
  guide.classList.toggle("over", over);
  document.body.classList.toggle("guided", !guide.hidden && !done.has("reply"));
  guide.replaceChildren(...STEPS.map(([name, full, short], place) => h("li", { class: done.has(name) ? "done" : "" },
    h("span", { class: "tick", "aria-hidden": "true" }, done.has(name) ? "✓" : String(place + 1)),
    h("span", { class: "words" }, h("span", { class: "full" }, full), h("span", { class: "short" }, short)))),
  over ? whatNext() : "",
  h("li", { class: "off" }, h("button", { type: "button", class: "icon", "aria-label": "Hide these steps", onclick: () => { localStorage.setItem("guide", "off"); drawGuide(); } }, icon("close", 14))));
}

// What to try after the three steps: each link opens the pane for it.
function whatNext() {
  const link = (words, pane) => h("button", { type: "button", class: "link", onclick: () => { show(pane); panes[pane].invite(); } }, words);
  return h("li", { class: "next" }, "That's it! Now ", link("be the customer", "network"), ", or ", link("make something go wrong", "internals"), ".");
}

function tick(name) {
  if (done.has(name)) return;
  done.add(name);
  sessionStorage.setItem("done", JSON.stringify([...done]));
  drawGuide();
}

document.addEventListener("pressed", ({ detail }) => {
  if (detail === "Reply" || detail === "Send publicly") tick("reply");
  if (detail === "Send publicly") tick("send");
});
document.addEventListener("submitted", ({ detail }) => ["Send publicly", "Send", "Hand off"].includes(detail) && tick("send"));

// `arrived` names the network that has got a public post of the brand, if any has.
function watchForAnswers(arrived) {
  if (arrived && done.has("send")) unseen = arrived;
  seeAnswer();
  drawTabs();
}

function seeAnswer() {
  if (!unseen || !isSeen("network") || network.current() !== unseen) return;
  unseen = null;
  tick("seen");
}

// --- news -------------------------------------------------------------------------------------------------

const BANNERS = {
  starting: "The bot is starting. It will soon pick up what it missed.",
  stopping: "The bot is finishing its work, then it stops.",
  stopped: "The bot is stopped. Customers keep posting; Slack buttons won't respond.",
  died: "The bot was killed. Customers keep posting; Slack buttons won't respond. Nothing is lost.",
  lost: "The demo is not responding. Start it again with make demo: this page reconnects by itself.",
};
let banner = "running";

function say(state) {
  if (state === banner) return;
  banner = state;
  const box = $("#banner");
  box.className = state;
  box.replaceChildren(...(BANNERS[state] ? [h("p", {}, BANNERS[state])] : []));
  if (state === "died" || state === "stopped") {
    box.append(h("button", { type: "button", class: "small", onclick: () => post("/internals/bot", { do: "start" }) }, "Start it again"));
  }
}

function drawTitle() {
  const unread = slack.unread();
  document.title = unread ? `(${unread}) Heard: the demo` : "Heard: the demo";
  drawTabs();
}

listen((news) => {
  if (banner === "lost") told = {};
  say(news.bot);
  if (told.slack !== news.slack) slack.refresh();
  if (told.internals !== news.internals && isSeen("internals")) internals.refresh();
  for (const topic of TOPICS) if (told[topic] !== news[topic]) network.refreshTopic(topic);
  told = news;
}, () => say("lost"));

wide.addEventListener("change", settle);
middling.addEventListener("change", settle);
drawGuide();
settle();
