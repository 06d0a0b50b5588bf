// The Slack pane as one teammate sees it: channels on the left, messages in the middle, a thread on the right.

import { get, post, refresher } from "./api.js";
import { composer } from "./composer.js";
import { $, h, reconcile } from "./dom.js";
import { face, icon } from "./faces.js";
import { homeTab } from "./home.js";
import { lines, messageLines } from "./messages.js";
import { showModal } from "./modal.js";

const VERBS = [
  ["@Heard reply ", "shows you a preview first"], ["@Heard claim", "assigns it to you"], ["@Heard release", "unassigns it"],
  ["@Heard take over", "takes it from a teammate"], ["@Heard assign @", "assigns it to a teammate"], ["@Heard drafts", "shows your drafts"], ["@Heard done thanks", "closes it without a reply, and says why"], ["@Heard undo", "stops a reply before it goes out"],
  ["@Heard reopen", "reopens it"], ["@Heard snooze 2h", "brings it back in 2 hours"], ["@Heard issue ", "adds it to an issue"],
];

export function slackPane({ me, commands, onChange }) {
  let state = null;
  let place = new URLSearchParams(location.search).get("channel") || "C0MENTIONS";
  let thread = null;
  let atHome = false;
  let wanted = null; // a message to scroll to once it is there
  let minded = null; // the message whose button was pressed last: it stays in view when others arrive

  const root = $("#pane-slack");
  const scroll = $("#messages");
  const list = $(".messages", root);
  const side = $(".thread", root);
  const jump = $(".jump", root);
  const seen = JSON.parse(localStorage.getItem(`seen-${me}`) || "{}");
  let mark = seen[place] || "";

  const drawHome = homeTab({ me, goTo: (channel) => open(channel) });
  const line = messageLines({
    me, root, openThread,
    now: () => ({ state, place }),
    onPress: (one) => { if (!thread) minded = one.ts; },
  });
  const box = composer({ label: "Message", offers, send: (text, files) => say(text, null, files) });
  $(".composer", root).append(box.root, h("p", { class: "turned-off" }));
  const threadBox = composer({
    label: "Reply in the thread", offers: threadOffers, send: (text, files) => say(text, thread, files),
    hint: [icon("lock", 13), h("span", {}, "A thread is private. Only ", h("strong", {}, "Send publicly"), " publishes.")],
  });

  const refresh = refresher(
    () => get(`/slack/state?as=${me}&channel=${encodeURIComponent(place)}&thread=${encodeURIComponent(thread || "")}`),
    (fresh) => { state = fresh; draw(); onChange(state); });

  // --- drawing -------------------------------------------------------------------------------------------

  function draw() {
    if (state.channel !== place) return;
    const low = stuck || scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 60 || !list.childElementCount;
    drawBar();
    if (atHome) drawHome(list, state);
    else reconcile(list, lines(state.messages, { mark, thread }), (one) => one.key, (one) => line(one, false));
    list.classList.toggle("none", !atHome && !state.messages.length);
    drawThread();
    showModal(state.modal, state, me);
    if (minded) mind();
    else if (low && !wanted) scroll.scrollTop = scroll.scrollHeight;
    read(low && !minded);
    drawSidebar();
    if (wanted) show(wanted);
  }

  const isApp = (one) => one?.kind === "im" && one.with === state.app;
  const app = () => state.channels.find(isApp);

  function drawBar() {
    const here = state.channels.find((one) => one.id === place);
    const name = here.kind === "im" ? here.name : here.kind === "group" ? `🔒 ${here.name}` : `# ${here.name}`;
    const withApp = atHome || isApp(here);
    root.classList.toggle("at-home", atHome);
    $("#place").textContent = withApp ? "Heard" : name;
    root.classList.toggle("with-app", withApp);
    root.classList.toggle("closed", Boolean(state.closed) && !atHome);
    const tab = (label, on, act, fresh = 0) => h("button", { type: "button", class: "tab", "aria-current": on ? "page" : null, onclick: act }, label, fresh ? count(fresh) : null);
    $("#place-more").replaceChildren(...(withApp
      ? [tab("Home", atHome, openHome), app() ? tab("Messages", !atHome, () => open(app().id), atHome ? unseen(app()) : 0) : ""]
      : [here.kind === "im" ? "" : `${state.members} members${state.shared ? " · shared with another organisation" : ""}`]));
    box.name(`Message ${here.kind === "channel" ? `#${here.name}` : here.name}`);
    $(".turned-off", root).textContent = state.closed;
  }

  const unseen = (one) => one.fresh.filter((ts) => ts > (seen[one.id] || "")).length;
  const count = (fresh) => h("span", { class: "count", "aria-label": `${fresh} unread` }, String(fresh));

  function drawSidebar() {
    const entry = (one) => {
      const fresh = unseen(one);
      const here = one.id === place && !atHome;
      return h("button", { type: "button", class: fresh && !here ? "fresh" : null, "aria-current": here ? "page" : null, onclick: () => open(one.id) },
        one.kind === "im" ? face(one.name, { size: 18, bot: state.users[one.with]?.bot }) : icon(one.kind === "group" ? "lock" : "hash", 15), h("span", {}, one.name),
        fresh && !here ? count(fresh) : null);
    };
    // The app's entry opens its unread direct messages, else its Home tab, as in Slack.
    const heard = () => {
      const within = atHome || isApp(state.channels.find((one) => one.id === place));
      const fresh = app() && (atHome || !within) ? unseen(app()) : 0;
      return h("button", { type: "button", class: fresh && !within ? "fresh" : null, "aria-current": within ? "page" : null, onclick: () => (fresh ? open(app().id) : openHome()) },
        face("Heard", { size: 18, bot: true }), h("span", {}, "Heard"), fresh ? count(fresh) : null);
    };
    const channels = state.channels.filter((one) => one.kind !== "im").sort((a, b) => a.name.localeCompare(b.name));
    const directs = state.channels.filter((one) => one.kind === "im" && !isApp(one));
    const bar = $(".sidebar", root);
    const held = bar.contains(document.activeElement) ? [...bar.querySelectorAll("button")].indexOf(document.activeElement) : -1;
    bar.replaceChildren(
      h("p", { class: "workspace" }, state.workspace),
      h("h2", {}, "Channels"), ...channels.map(entry),
      h("h2", {}, "Apps"),
      heard(),
      ...(directs.length ? [h("h2", {}, "Direct messages"), ...directs.map(entry)] : []),
      h("div", { class: "self" }, face(state.users[me].name, { size: 26 }), h("span", {}, state.users[me].name)));
    if (held >= 0) bar.querySelectorAll("button")[held]?.focus();
  }

  // --- the thread ----------------------------------------------------------------------------------------

  function drawThread() {
    side.hidden = !thread;
    root.classList.toggle("threaded", Boolean(thread));
    if (!thread) return;
    if (!side.firstElementChild) {
      side.append(
        h("div", { class: "bar" },
          h("button", { type: "button", class: "icon back", "aria-label": "Back to the channel", onclick: closeThread }, icon("back")),
          h("h2", {}, "Thread"), h("p", { class: "from" }),
          h("button", { type: "button", class: "icon", "aria-label": "Close thread", onclick: closeThread }, icon("close"))),
        h("div", { class: "scroll" }, h("div", { class: "messages", role: "log", "aria-label": "Thread" })),
        threadBox.root);
      side.addEventListener("keydown", (event) => event.key === "Escape" && closeThread());
    }
    $(".from", side).textContent = $("#place").textContent;
    const within = $(".scroll", side);
    const low = within.scrollHeight - within.scrollTop - within.clientHeight < 60;
    const box = $(".messages", side);
    const before = box.childElementCount;
    reconcile(box, state.replies.map((one) => ({ key: one.ts, message: one })), (one) => one.key, (one) => line(one, true));
    if (low || box.childElementCount > before) within.scrollTop = within.scrollHeight;
  }

  async function openThread(ts) {
    thread = ts;
    $(".messages", side)?.replaceChildren();
    await refresh();
    threadBox.focus();
  }

  function closeThread() {
    const opener = root.querySelector(`article[data-ts="${thread}"]`);
    thread = null;
    refresh();
    opener?.focus({ preventScroll: true });
  }

  // --- actions -------------------------------------------------------------------------------------------

  async function say(text, threadTs, files) {
    if (!threadTs) wanted = minded = null;
    const answer = await post("/slack/say", { as: me, channel: place, text, thread: threadTs, files });
    if (!threadTs && !answer.error) scroll.scrollTop = scroll.scrollHeight;
  }

  function offers(typed) {
    if (typed.startsWith("/")) return commands.filter(([command]) => command.startsWith(typed.toLowerCase()));
    return names(typed);
  }

  function threadOffers(typed) {
    const asked = typed.match(/^@(\S*(?: \S*)?)$/);
    const verbs = asked ? VERBS.filter(([verb]) => verb.toLowerCase().startsWith(typed.toLowerCase()) && verb !== typed) : [];
    return verbs.length ? verbs : names(typed);
  }

  function names(typed) {
    const asked = typed.match(/(?:^|\s)@(\w*)$/);
    if (!asked) return [];
    return Object.values(state.users).filter((one) => one.name.toLowerCase().startsWith(asked[1].toLowerCase()))
      .map((one) => [`@${one.name} `, one.bot ? "the app" : `@${one.handle}`]);
  }

  // --- navigation ----------------------------------------------------------------------------------------

  function open(channel, ts = null) {
    if (channel !== place || atHome) {
      place = channel;
      atHome = false;
      thread = null;
      mark = seen[place] || "";
      list.replaceChildren();
    }
    minded = null;
    wanted = ts;
    root.dataset.home = "";
    refresh();
  }

  async function openHome() {
    atHome = true;
    thread = null;
    await refresh();
    await post("/slack/home", { as: me });
    refresh();
  }

  function show(ts) {
    const article = list.querySelector(`article[data-ts="${ts}"]`);
    if (!article) return;
    wanted = null;
    article.scrollIntoView({ block: "center", behavior: "smooth" });
    article.classList.add("flash");
    setTimeout(() => article.classList.remove("flash"), 1600);
  }

  function mind() {
    list.querySelector(`article[data-ts="${minded}"]`)?.scrollIntoView({ block: "nearest" });
  }

  // Messages in view count as read while the pane is visible.
  function read(low) {
    if (!scroll.checkVisibility()) return;
    const newest = state.messages.filter((one) => !one.only).at(-1)?.ts || "";
    jump.hidden = low || !(newest > (seen[place] || ""));
    if (low && !document.hidden && !atHome && newest > (seen[place] || "")) {
      seen[place] = newest;
      localStorage.setItem(`seen-${me}`, JSON.stringify(seen));
    }
  }

  scroll.addEventListener("scroll", () => {
    if (state && scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 60) read(true);
  }, { passive: true });
  let stuck = true; // keeps the newest message in view when the pane grows or shrinks
  let before = 0;
  scroll.addEventListener("scroll", () => { // only scrolling up leaves the newest message, not growth below
    stuck = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 60 || (stuck && scroll.scrollTop >= before);
    before = scroll.scrollTop;
  }, { passive: true });
  const grown = new ResizeObserver(() => {
    if (minded) mind();
    else if (stuck && !wanted) scroll.scrollTop = scroll.scrollHeight;
  });
  for (const one of [scroll, list]) grown.observe(one); // a picture only has its height once it has loaded
  for (const gesture of ["wheel", "touchmove", "keydown"]) scroll.addEventListener(gesture, () => { minded = null; }, { passive: true });
  jump.addEventListener("click", () => { minded = null; scroll.scrollTop = scroll.scrollHeight; read(true); });

  // When the pane is opened again: show the newest message, not the one pressed before.
  function arrive() {
    minded = null;
    scroll.scrollTop = scroll.scrollHeight;
  }

  return { refresh, open, arrive, unread: () => state ? state.channels.reduce((sum, one) => sum + unseen(one), 0) : 0 };
}
