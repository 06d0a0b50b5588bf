// Messages: lines of a channel or thread, each with its blocks, files, reactions and tools.

import { post } from "./api.js";
import { drawBlocks } from "./blocks.js";
import { h, menu } from "./dom.js";
import { face, icon } from "./faces.js";
import { drawFile } from "./files.js";
import { dayName, drawRuns, time, words } from "./text.js";

const QUICK_REACTIONS = { "+1": "👍", white_check_mark: "✅", eyes: "👀", tada: "🎉" };
const GROUP_SECONDS = 300; // messages of one author within this time share one head

// Messages with the day between them and a line above the first one after `mark`, the last one that was read.
export function lines(messages, { mark, thread }) {
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
    const follows = before && before.user === one.user && !before.blocks.length && !one.blocks.length && one.ts - before.ts < GROUP_SECONDS && !one.only && !before.only;
    found.push({ key: one.ts, message: one, follows: Boolean(follows), open: thread === one.ts });
    before = one;
  }
  return found;
}

// Returns `line(one, inThread)`, which draws one of `lines` in the pane under `root`. `now()` is what the pane
// shows: { state, place }; `openThread(ts)` opens a thread; `onPress(message)` is called before a press is sent.
export function messageLines({ me, root, now, openThread, onPress }) {
  function line(one, inThread) {
    if (one.day) return h("div", { class: "day" }, h("span", {}, one.day));
    if (one.unread) return h("div", { class: "unread" }, h("span", {}, "New"));
    return message(one.message, { follows: one.follows, open: one.open, inThread });
  }

  function message(one, { follows, open: isOpen, inThread }) {
    const user = now().state.users[one.user] || { name: "Slackbot", bot: true };
    const head = h("div", { class: "head" },
      h("strong", {}, user.name), user.bot && h("span", { class: "app" }, "APP"),
      h("time", { datetime: new Date(one.ts * 1000).toISOString(), title: new Date(one.ts * 1000).toLocaleString() }, time(one.ts)));
    const body = h("div", { class: "body" },
      one.only && h("p", { class: "only" }, icon("eye", 14), " Only visible to you"),
      !follows && head,
      one.runs.length ? h("div", { class: "text" }, drawRuns(one.runs, now().state)) : null,
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
    known: now().state, value: () => null,
    suggest: (block, element, typed) => post("/slack/options", { as: me, channel: now().place, ts: one.ts, block: block.block_id, action: element.action_id, typed }),
    press: (block, element, chosen) => press(one, block, element, chosen),
    enter: (block, element, _value, chosen) => chosen && press(one, block, element, chosen),
  });

  const press = (one, block, element, chosen) => {
    document.dispatchEvent(new CustomEvent("pressed", { detail: words(element.text?.runs) }));
    onPress(one);
    return post("/slack/press", { as: me, channel: now().place, ts: one.ts, block: block.block_id, action: element.action_id, ...chosen });
  };

  function reactions(one) {
    if (!one.reactions.length) return null;
    return h("div", { class: "reactions" }, one.reactions.map((reaction) => h("button", {
      type: "button", class: reaction.users.includes(me) ? "mine" : null, "aria-pressed": String(reaction.users.includes(me)),
      title: reaction.users.map((id) => now().state.users[id]?.name).join(", "), onclick: () => react(one, reaction.name),
    }, reaction.runs[0]?.u || `:${reaction.name}:`, " ", String(reaction.users.length))));
  }

  function replies(one) {
    return h("button", { type: "button", class: "replies", data: { focus: "replies" }, onclick: () => openThread(one.ts) },
      one.repliers.slice(0, 3).map((id) => face(now().state.users[id]?.name || id, { size: 20, bot: now().state.users[id]?.bot })),
      h("strong", {}, `${one.replies} ${one.replies === 1 ? "reply" : "replies"}`), h("span", {}, `Last ${time(one.last)}`));
  }

  function tools(one, inThread) {
    const button = (name, label, act) => h("button", { type: "button", "aria-label": label, title: label, data: { focus: `tool-${name}` }, onclick: act }, icon(name, 16));
    if (one.only) {
      return h("div", { class: "tools" }, button("close", "Dismiss", () => post("/slack/delete", { as: me, channel: now().place, ts: one.ts })));
    }
    if (one.tombstone) return null;
    const more = [
      ...(one.own ? [["Edit message", () => edit(one)], ["Delete message", () => post("/slack/delete", { as: me, channel: now().place, ts: one.ts }), true]] : []),
      ...now().state.shortcuts.map((name) => [name, () => post("/slack/shortcut", { as: me, channel: now().place, ts: one.ts, name })]),
    ];
    return h("div", { class: "tools" },
      button("smile", "React", (event) => menu(event.currentTarget, Object.entries(QUICK_REACTIONS).map(([name, sign]) => [`${sign}  ${name.replaceAll("_", " ")}`, () => react(one, name)]))),
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
      await post("/slack/edit", { as: me, channel: now().place, ts: one.ts, text: field.value });
    } }, field, h("div", {}, h("button", { type: "button", class: "button", onclick: done }, "Cancel"), h("button", { class: "button primary" }, "Save")));
    article.replaceWith(form);
    field.focus();
  }

  // What was typed, out of Slack's escaped text.
  const plain = (text) => text.replace(/<@(\w+)>/g, (_, id) => `@${now().state.users[id]?.name || id}`)
    .replace(/<([^|>]+)(?:\|([^>]*))?>/g, (_, url, label) => label || url).replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");

  const react = (one, name) => post("/slack/react", { as: me, channel: now().place, ts: one.ts, name });

  return line;
}
