// The app's Home tab: its blocks, and what the teammate types, chooses and presses there.

import { post } from "./api.js";
import { drawBlocks } from "./blocks.js";
import { h, reconcile } from "./dom.js";
import { face } from "./faces.js";
import { STATE } from "./modal.js";

const PAUSE = 300; // milliseconds without a keystroke until Slack gets what was typed

// Returns `draw(list, state)`, which shows the Home tab of `me`; `goTo(channel)` opens a channel.
export function homeTab({ me, goTo }) {
  let state = null;
  let timer = 0;
  let typed = {}; // by block and action: what Slack has not got yet

  function draw(list, fresh) {
    state = fresh;
    const { blocks, values } = state.home || {};
    reconcile(list, [{ key: "home", blocks, values }], (one) => one.key,
      () => h("div", { class: "home" }, state.home ? drawBlocks(blocks, acts()) : nothingYet()));
  }

  const nothingYet = () => h("div", { class: "empty" }, face("Heard", { size: 56, bot: true }), h("strong", {}, "Nothing here yet"),
    h("p", {}, "Heard fills this page when you open it. Mentions are in #mentions."),
    h("button", { type: "button", class: "button", onclick: () => goTo("C0MENTIONS") }, "Go to #mentions"));

  function type(block, element, value) {
    typed[`${block.block_id}/${element.action_id}`] = value;
    clearTimeout(timer);
    timer = setTimeout(() => send("fill"), PAUSE);
  }

  // Every request carries what was typed since the last one.
  function send(what, more = {}) {
    clearTimeout(timer);
    const values = typed;
    typed = {};
    return post(`/slack/view/${what}`, { as: me, view: state.home.id, values, ...more });
  }

  const press = (block, element, chosen) => send("press", { block: block.block_id, action: element.action_id, ...chosen });

  const acts = () => ({
    known: state,
    value: (block, element) => state.home.values?.[block.block_id]?.[element.action_id]?.[STATE[element.type]],
    enter: (block, element, value, chosen) => (chosen ? press(block, element, chosen) : type(block, element, value)),
    enterKey: (block, element) => send("enter", { field: `${block.block_id}/${element.action_id}` }),
    press,
    suggest: (block, element, words) => post("/slack/view/options", { as: me, view: state.home.id, block: block.block_id, action: element.action_id, typed: words }),
  });

  return draw;
}
