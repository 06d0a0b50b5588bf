// Turns runs of text into nodes: names, links, emoji and dates, always as text and never as markup.

import { h } from "./dom.js";

const FORUM = JSON.parse(document.querySelector("#start").textContent).forum; // its address, which only this run knows
const STYLES = { bold: "strong", italic: "em", strike: "s", code: "code", underline: "u" };

export const go = (detail) => document.dispatchEvent(new CustomEvent("go", { detail }));

export function drawRuns(runs, known) {
  const drawn = [];
  for (const group of grouped(runs || [])) {
    const nodes = group.runs.map((run) => one(run, known));
    drawn.push(group.outer ? h(group.outer, {}, nodes) : nodes);
  }
  return drawn.flat(Infinity);
}

export const words = (runs) => (runs || []).map((run) => run.t).join("");

function grouped(runs) {
  const groups = [];
  for (const run of runs) {
    const styles = run.s || [];
    const outer = styles.includes("quote") ? "blockquote" : styles.includes("pre") ? "pre" : null;
    const last = groups[groups.length - 1];
    if (last && last.outer === outer) last.runs.push(run);
    else groups.push({ outer, runs: [run] });
  }
  return groups;
}

function one(run, known) {
  let node = live(run, known);
  for (const style of run.s || []) {
    if (STYLES[style]) node = h(STYLES[style], {}, node);
  }
  return node;
}

function live(run, known) {
  switch (run.k) {
    case "user": return h("span", { class: run.to === known.me ? "mention me" : "mention" }, `@${known.users[run.to]?.name || run.to}`);
    case "broadcast": return h("span", { class: "mention loud" }, run.t);
    case "usergroup": return h("span", { class: "mention loud" }, run.t);
    case "channel": return channel(run, known);
    case "emoji": return shown(run);
    case "date": return date(run);
    case "link": return link(run);
    default: return document.createTextNode(run.t);
  }
}

function shown(run) {
  return run.u ? h("span", { class: "emoji", role: "img", "aria-label": run.to.replaceAll("_", " ") }, run.u) : document.createTextNode(run.t);
}

function channel(run, known) {
  const found = known.channels?.find((one) => one.id === run.to);
  return h("button", { type: "button", class: "mention", onclick: () => go({ channel: run.to }) }, `#${found ? found.name : run.to}`);
}

// Only web and mail addresses become links. Links to the networks and to this workspace stay on the page.
function link(run) {
  if (!/^(https?:|mailto:)/i.test(run.to)) return document.createTextNode(run.t);
  return h("a", { href: run.to, target: "_blank", rel: "noopener noreferrer", title: run.to === run.t ? null : run.to, onclick: (event) => follow(event, run.to) }, run.t);
}

export function follow(event, url) {
  const place = inside(url);
  if (!place) return;
  event.preventDefault();
  go(place);
}

// The place on this page that an address points to, or null.
export function inside(url) {
  let address;
  try {
    address = new URL(url);
  } catch {
    return null;
  }
  return onNetwork(address) || inSlack(address);
}

function inSlack(address) {
  const archive = address.hostname.endsWith(".slack.test") && address.pathname.match(/^\/archives\/(\w+)\/p(\d+)(\d{6})$/);
  return archive ? { channel: archive[1], ts: `${archive[2]}.${archive[3]}` } : null;
}

function onNetwork(address) {
  const { hostname, pathname, searchParams: asked } = address;
  if (hostname === "x.com") {
    if (pathname === "/intent/post") return { network: "x", post: true, to: asked.get("in_reply_to"), text: asked.get("text") || "" };
    return { network: "x", status: pathname.match(/^\/[^/]+\/(?:web\/)?status\/(\d+)/)?.[1] };
  }
  if (hostname === "bsky.app") {
    const post = pathname.match(/^\/profile\/(did:[^/]+)\/post\/(\w+)$/);
    return { network: "bluesky", status: post && `at://${post[1]}/app.bsky.feed.post/${post[2]}` };
  }
  if (hostname === "news.ycombinator.com") return { network: "hackernews", status: pathname === "/item" ? asked.get("id") : null };
  if (address.origin === FORUM) return { network: "forum", status: address.hash.match(/^#post-(\d+)$/)?.[1] || pathname.match(/^\/t\/(\d+)$/)?.[1] };
  if (!hostname.endsWith(".example")) return null; // the demo's Mastodon servers
  const id = (path) => path?.match(/^(?:\/@\w+|.*\/users\/\w+\/statuses)\/(\d+)$/)?.[1];
  if (pathname === "/authorize_interaction") return { network: "mastodon", post: true, to: id(asked.get("uri")), text: "" };
  return id(pathname) || /^\/@\w+$/.test(pathname) ? { network: "mastodon", status: id(pathname) } : null;
}

// --- time ------------------------------------------------------------------------------------------------

const clock = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const seconds = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const long = new Intl.DateTimeFormat("en", { weekday: "long", month: "long", day: "numeric" });
const short = new Intl.DateTimeFormat("en", { month: "short", day: "numeric" });
const full = new Intl.DateTimeFormat("en", { month: "long", day: "numeric", year: "numeric" });

export const time = (at) => clock.format(at * 1000);
export const precise = (at) => seconds.format(at * 1000);

// https://docs.slack.dev/messaging/formatting-message-text/#date-formatting
function date(run) {
  const [stamp, format] = run.to.split("^");
  const at = Number(stamp);
  const moment = new Date(at * 1000);
  if (!Number.isFinite(at) || !format) return document.createTextNode(run.t);
  const day = near(moment);
  const parts = {
    "{date_num}": moment.toISOString().slice(0, 10), "{date}": full.format(moment), "{date_short}": short.format(moment),
    "{date_long}": long.format(moment), "{date_pretty}": day || full.format(moment), "{date_short_pretty}": day || short.format(moment),
    "{date_long_pretty}": day || long.format(moment), "{time}": clock.format(moment), "{time_secs}": seconds.format(moment), "{ago}": ago(at),
  };
  let text = format.replace(/\{\w+\}/g, (token) => parts[token] ?? token);
  return h("time", { datetime: moment.toISOString(), title: moment.toLocaleString() }, text);
}

function near(moment) {
  const days = Math.round((midnight(new Date()) - midnight(moment)) / 86400000);
  return { 0: "today", 1: "yesterday", "-1": "tomorrow" }[days] || "";
}

const midnight = (moment) => new Date(moment.getFullYear(), moment.getMonth(), moment.getDate());

export function dayName(at) {
  const day = near(new Date(at * 1000));
  return day ? day[0].toUpperCase() + day.slice(1) : long.format(at * 1000);
}

export function ago(at) {
  const passed = Math.max(0, Date.now() / 1000 - at);
  if (passed < 50) return "now";
  if (passed < 3600) return `${Math.max(1, Math.round(passed / 60))} min`;
  if (passed < 86400) return `${Math.floor(passed / 3600)} h`;
  return passed < 6 * 86400 ? `${Math.floor(passed / 86400)} d` : short.format(at * 1000);
}
