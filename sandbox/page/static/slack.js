// The Slack pane: places on the left, messages in the middle, a thread at the side, all as one teammate sees it.

import { get, post, refresher } from "./api.js";
import { drawBlocks } from "./blocks.js";
import { composer } from "./composer.js";
import { $, h, menu, reconcile } from "./dom.js";
import { face, icon } from "./faces.js";
import { drawFile } from "./files.js";
import { STATE, showModal } from "./modal.js";
import { dayName, drawRuns, time, words } from "./text.js";

const QUICK = { "+1": "👍", white_check_mark: "✅", eyes: "👀", tada: "🎉" };
const VERBS = [
  ["@Heard reply ", "you see a preview first"], ["@Heard claim", "you take it"], ["@Heard release", "you give it back"],
  ["@Heard take over", "you take it from somebody"], ["@Heard assign @", "you give it to a teammate"], ["@Heard drafts", "yours, once more"], ["@Heard done thanks", "no reply needed, and why"], ["@Heard undo", "stops a reply that waits"],
  ["@Heard reopen", "it waits again"], ["@Heard snooze 2h", "it sleeps until then"], ["@Heard issue ", "says what they suffer from"],
];

export function slackPane({ me, commands, onChange }) {
  let state = null;
  let place = new URLSearchParams(location.search).get("channel") || "C0MENTIONS";
  let thread = null;
  let atHome = false;
  let wanted = null; // a message to bring into view once it is there
  let minded = null; // the message whose button was pressed last: it stays in sight, whatever else arrives

  const root = $("#pane-slack");
  const scroll = $("#messages");
  const list = $(".messages", root);
  const side = $(".thread", root);
  const jump = $(".jump", root);
  const seen = JSON.parse(localStorage.getItem(`seen-${me}`) || "{}");
  let mark = seen[place] || "";

  const known = () => state;
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
    if (atHome) drawHome();
    else reconcile(list, lines(state.messages), (one) => one.key, (one) => line(one, false));
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
    const name = here.kind === "im" ? here.name : `# ${here.name}`;
    const withApp = atHome || isApp(here);
    root.classList.toggle("at-home", atHome);
    $("#place").textContent = withApp ? "Heard" : name;
    root.classList.toggle("with-app", withApp);
    root.classList.toggle("closed", Boolean(state.closed) && !atHome);
    const tab = (label, on, act, fresh = 0) => h("button", { type: "button", class: "tab", "aria-current": on ? "page" : null, onclick: act }, label, fresh ? count(fresh) : null);
    $("#place-more").replaceChildren(...(withApp
      ? [tab("Home", atHome, openHome), app() ? tab("Messages", !atHome, () => open(app().id), atHome ? unseen(app()) : 0) : ""]
      : [here.kind === "im" ? "" : `${state.members} members${state.shared ? " · shared with another organisation" : ""}`]));
    box.name(`Message ${name.replace(" ", "")}`);
    $(".turned-off", root).textContent = state.closed;
  }

  const unseen = (one) => one.fresh.filter((ts) => ts > (seen[one.id] || "")).length;
  const count = (fresh) => h("span", { class: "count", "aria-label": `${fresh} unread` }, String(fresh));

  function drawSidebar() {
    const entry = (one) => {
      const fresh = unseen(one);
      const here = one.id === place && !atHome;
      return h("button", { type: "button", class: fresh && !here ? "fresh" : null, "aria-current": here ? "page" : null, onclick: () => open(one.id) },
        one.kind === "im" ? face(one.name, { size: 18, bot: state.users[one.with]?.bot }) : icon("hash", 15), h("span", {}, one.name),
        fresh && !here ? count(fresh) : null);
    };
    // The app's own entry: its direct messages while there are unread ones, else its Home tab, as in Slack.
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

  function drawHome() {
    const { blocks, values } = state.home || {};
    reconcile(list, [{ key: "home", blocks, values }], (one) => one.key,
      () => h("div", { class: "home" }, state.home ? drawBlocks(blocks, homeActs()) : nothingAtHome()));
  }

  const nothingAtHome = () => h("div", { class: "empty" }, face("Heard", { size: 56, bot: true }), h("strong", {}, "Nothing here yet"),
    h("p", {}, "Heard draws this page when somebody opens it. What customers say is in #mentions."),
    h("button", { type: "button", class: "button", onclick: () => open("C0MENTIONS") }, "Go to #mentions"));

  // What is typed on Home is told after a pause, or with the next press.
  let typing = 0;
  let typedAtHome = {};
  function typeAtHome(block, element, value) {
    typedAtHome[`${block.block_id}/${element.action_id}`] = value;
    clearTimeout(typing);
    typing = setTimeout(() => tellHome("fill"), 300);
  }

  function tellHome(what, more = {}) {
    clearTimeout(typing);
    const values = typedAtHome;
    typedAtHome = {};
    return post(`/slack/view/${what}`, { as: me, view: state.home.id, values, ...more });
  }

  const pressAtHome = (block, element, chosen) => tellHome("press", { block: block.block_id, action: element.action_id, ...chosen });

  const homeActs = () => ({
    known: state,
    value: (block, element) => state.home.values?.[block.block_id]?.[element.action_id]?.[STATE[element.type]],
    enter: (block, element, value, chosen) => (chosen ? pressAtHome(block, element, chosen) : typeAtHome(block, element, value)),
    enterKey: (block, element) => tellHome("enter", { field: `${block.block_id}/${element.action_id}` }),
    press: pressAtHome,
    suggest: (block, element, typed) => post("/slack/view/options", { as: me, view: state.home.id, block: block.block_id, action: element.action_id, typed }),
  });

  // Messages with the day between them, a line where the unread ones begin, and one head for several in a row.
  function lines(messages) {
    const found = [];
    let day = "";
    let before = null;
    let marked = false;
    for (const one of messages) {
      const today = dayName(Number(one.ts));
      if (today !== day) {
        found.push({ key: `day ${today}`, day: today });
        day = today;
        before = null;
      }
      if (!marked && mark && one.ts > mark && !one.own && !one.only) {
        marked = true;
        if (before || found.length > 1) found.push({ key: "unread", unread: true });
        before = null;
      }
      const follows = before && before.user === one.user && !before.blocks.length && !one.blocks.length && one.ts - before.ts < 300 && !one.only && !before.only;
      found.push({ key: one.ts, message: one, follows: Boolean(follows), open: thread === one.ts });
      before = one;
    }
    return found;
  }

  function line(one, inThread) {
    if (one.day) return h("div", { class: "day" }, h("span", {}, one.day));
    if (one.unread) return h("div", { class: "unread" }, h("span", {}, "New"));
    return message(one.message, { follows: one.follows, open: one.open, inThread });
  }

  function message(one, { follows, open: isOpen, inThread }) {
    const user = state.users[one.user] || { name: "Slackbot", bot: true };
    const head = h("div", { class: "head" },
      h("strong", {}, user.name), user.bot && h("span", { class: "app" }, "APP"),
      h("time", { datetime: new Date(one.ts * 1000).toISOString(), title: new Date(one.ts * 1000).toLocaleString() }, time(one.ts)));
    const body = h("div", { class: "body" },
      one.only && h("p", { class: "only" }, icon("eye", 14), " Only visible to you"),
      !follows && head,
      one.runs.length ? h("div", { class: "text" }, drawRuns(one.runs, known())) : null,
      one.blocks.length ? h("div", { class: "blocks" }, drawBlocks(one.blocks, messageActs(one))) : null,
      one.files.map((file) => drawFile(file, me)),
      one.edited && h("small", { class: "edited" }, "(edited)"),
      reactions(one),
      !inThread && one.replies ? replies(one) : null);
    return h("article", {
      class: ["message", follows && "follows", one.only && "mine-only", isOpen && "open", one.tombstone && "gone", one.blocks.some((b) => b.type === "actions") && "card"].filter(Boolean).join(" "),
      tabIndex: -1, "aria-label": `${user.name}, ${time(one.ts)}`, data: { ts: one.ts },
    }, h("div", { class: "gutter" }, follows ? h("time", {}, time(one.ts)) : face(user.name, { bot: user.bot })), body, tools(one, inThread));
  }

  const messageActs = (one) => ({
    known: state, value: () => null,
    suggest: (block, element, typed) => post("/slack/options", { as: me, channel: place, ts: one.ts, block: block.block_id, action: element.action_id, typed }),
    press: (block, element, chosen) => press(one, block, element, chosen),
    enter: (block, element, _value, chosen) => chosen && press(one, block, element, chosen),
  });

  const press = (one, block, element, chosen) => {
    document.dispatchEvent(new CustomEvent("pressed", { detail: words(element.text?.runs) }));
    if (!thread) minded = one.ts;
    return post("/slack/press", { as: me, channel: place, ts: one.ts, block: block.block_id, action: element.action_id, ...chosen });
  };

  function reactions(one) {
    if (!one.reactions.length) return null;
    return h("div", { class: "reactions" }, one.reactions.map((reaction) => h("button", {
      type: "button", class: reaction.users.includes(me) ? "mine" : null, "aria-pressed": String(reaction.users.includes(me)),
      title: reaction.users.map((id) => state.users[id]?.name).join(", "), onclick: () => react(one, reaction.name),
    }, reaction.runs[0]?.u || `:${reaction.name}:`, " ", String(reaction.users.length))));
  }

  function replies(one) {
    return h("button", { type: "button", class: "replies", data: { focus: "replies" }, onclick: () => openThread(one.ts) },
      one.repliers.slice(0, 3).map((id) => face(state.users[id]?.name || id, { size: 20, bot: state.users[id]?.bot })),
      h("strong", {}, `${one.replies} ${one.replies === 1 ? "reply" : "replies"}`), h("span", {}, `Last ${time(one.last)}`));
  }

  function tools(one, inThread) {
    const button = (name, label, act) => h("button", { type: "button", "aria-label": label, title: label, data: { focus: `tool-${name}` }, onclick: act }, icon(name, 16));
    if (one.only) {
      return h("div", { class: "tools" }, button("close", "Dismiss", () => post("/slack/delete", { as: me, channel: place, ts: one.ts })));
    }
    if (one.tombstone) return null;
    const more = [
      ...(one.own ? [["Edit message", () => edit(one)], ["Delete message", () => post("/slack/delete", { as: me, channel: place, ts: one.ts }), true]] : []),
      ...state.shortcuts.map((name) => [name, () => post("/slack/shortcut", { as: me, channel: place, ts: one.ts, name })]),
    ];
    return h("div", { class: "tools" },
      button("smile", "React", (event) => menu(event.currentTarget, Object.entries(QUICK).map(([name, sign]) => [`${sign}  ${name.replaceAll("_", " ")}`, () => react(one, name)]))),
      !inThread && button("thread", "Reply in thread", () => openThread(one.ts)),
      more.length ? button("dots", "More", (event) => menu(event.currentTarget, more)) : null);
  }

  function edit(one) {
    const article = root.querySelector(`article[data-ts="${one.ts}"] .text, article[data-ts="${one.ts}"] .blocks`);
    const field = h("textarea", { value: plain(one.raw), "aria-label": "Edit your message", rows: 2 });
    const done = () => form.replaceWith(article);
    const form = h("form", { class: "editing", onsubmit: async (event) => {
      event.preventDefault();
      done();
      await post("/slack/edit", { as: me, channel: place, ts: one.ts, text: field.value });
    } }, field, h("div", {}, h("button", { type: "button", class: "button", onclick: done }, "Cancel"), h("button", { class: "button primary" }, "Save")));
    article.replaceWith(form);
    field.focus();
  }

  // What was typed, out of Slack's escaped text.
  const plain = (text) => text.replace(/<@(\w+)>/g, (_, id) => `@${state.users[id]?.name || id}`)
    .replace(/<([^|>]+)(?:\|([^>]*))?>/g, (_, url, label) => label || url).replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");

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

  // --- what there is to do -------------------------------------------------------------------------------

  async function say(text, threadTs, files) {
    if (!threadTs) wanted = minded = null;
    const answer = await post("/slack/say", { as: me, channel: place, text, thread: threadTs, files });
    if (!threadTs && !answer.error) scroll.scrollTop = scroll.scrollHeight;
  }

  const react = (one, name) => post("/slack/react", { as: me, channel: place, ts: one.ts, name });

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

  // --- moving about --------------------------------------------------------------------------------------

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

  // What is in sight counts as read, as long as the pane is looked at.
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
  let stuck = true; // to the newest message, whatever makes the pane higher or lower
  let before = 0;
  scroll.addEventListener("scroll", () => { // only who scrolls up leaves the newest: what grows below does not count
    stuck = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 60 || (stuck && scroll.scrollTop >= before);
    before = scroll.scrollTop;
  }, { passive: true });
  const grown = new ResizeObserver(() => {
    if (minded) mind();
    else if (stuck && !wanted) scroll.scrollTop = scroll.scrollHeight;
  });
  for (const one of [scroll, list]) grown.observe(one); // a picture has its height when it has loaded
  for (const gesture of ["wheel", "touchmove", "keydown"]) scroll.addEventListener(gesture, () => { minded = null; }, { passive: true });
  jump.addEventListener("click", () => { minded = null; scroll.scrollTop = scroll.scrollHeight; read(true); });

  // Back from another pane: to what is new, and no longer to what was pressed before.
  function arrive() {
    minded = null;
    scroll.scrollTop = scroll.scrollHeight;
  }

  return { refresh, open, arrive, unread: () => state ? state.channels.reduce((sum, one) => sum + unseen(one), 0) : 0 };
}
