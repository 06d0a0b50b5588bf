// The networks' pane: a tab for each network, and a badge on those where something new came meanwhile.

import { $, h } from "./dom.js";
import { blueskyTab } from "./bluesky.js";
import { forumTab } from "./forum.js";
import { hackerNewsTab } from "./hackernews.js";
import { mastodonTab } from "./mastodon.js";
import { xTab } from "./x.js";

// By name: the label, the topic of the event stream, the tab, and a short label for people who see it.
const NETWORKS = { x: ["X", "network", xTab], mastodon: ["Mastodon", "mastodon", mastodonTab], bluesky: ["Bluesky", "bluesky", blueskyTab], forum: ["Forum", "forum", forumTab], hackernews: ["Hacker News", "hackernews", hackerNewsTab, "HN"] };
const label = (name) => NETWORKS[name][3] ? [h("span", { "aria-hidden": "true", title: NETWORKS[name][0] }, NETWORKS[name][3]), h("span", { class: "unseen" }, NETWORKS[name][0])] : NETWORKS[name][0];
const STEPS = { ArrowRight: 1, ArrowLeft: -1 };

export const TOPICS = Object.values(NETWORKS).map(([, topic]) => topic);

// `isSeen` says whether the pane is visible; `onChange(answers)` gets the number of the brand's public posts.
export function networksPane({ isSeen, onChange }) {
  const root = $("#pane-network");
  const names = Object.keys(NETWORKS);
  const fresh = Object.fromEntries(names.map((name) => [name, 0]));
  const answers = Object.fromEntries(names.map((name) => [name, null]));
  let current = names.includes(sessionStorage.getItem("network")) ? sessionStorage.getItem("network") : names[0];

  const buttons = names.map((name) => h("button", {
    type: "button", role: "tab", id: `tab-${name}`, class: name, "aria-controls": `panel-${name}`, onclick: () => choose(name), onkeydown: move,
  }, h("span", { class: "label" }, label(name))));
  const panels = names.map((name) => h("div", { role: "tabpanel", id: `panel-${name}`, class: `panel ${name}`, "aria-labelledby": `tab-${name}` }));
  root.append(h("div", { class: "bar networks", role: "tablist", "aria-label": "Networks" }, buttons), ...panels);
  const tabs = Object.fromEntries(names.map((name, place) => [name, NETWORKS[name][2](panels[place], { onChange: (state, posts) => changed(name, state, posts) })]));

  function changed(name, state, posts) {
    const brand = state.users[state.brand] ? state.brand : Object.keys(state.users).find((id) => state.users[id].handle === state.brand);
    const ours = state.threads.flatMap((thread) => thread.posts).filter((one) => one.author === brand).length;
    if (name !== current || !isSeen()) fresh[name] += posts;
    const more = answers[name] !== null && ours > answers[name];
    answers[name] = ours;
    drawTabs();
    onChange(more ? name : null);
  }

  function drawTabs() {
    buttons.forEach((button, place) => {
      const name = names[place];
      const here = name === current;
      button.setAttribute("aria-selected", String(here));
      button.tabIndex = here ? 0 : -1;
      panels[place].hidden = !here;
      const news = here ? 0 : fresh[name];
      button.querySelector(".count")?.remove();
      if (news) button.append(h("span", { class: "count" }, String(news), h("span", { class: "unseen" }, " new")));
    });
  }

  function choose(name) {
    current = name;
    fresh[name] = 0;
    sessionStorage.setItem("network", name);
    drawTabs();
    buttons[names.indexOf(name)].scrollIntoView({ block: "nearest", inline: "nearest" });
    tabs[name].arrive();
    onChange(null);
  }

  // https://www.w3.org/WAI/ARIA/apg/patterns/tabs/
  function move(event) {
    const place = names.indexOf(current);
    const to = { Home: 0, End: names.length - 1 }[event.key] ?? (STEPS[event.key] && (place + STEPS[event.key] + names.length) % names.length);
    if (to === undefined) return;
    event.preventDefault();
    choose(names[to]);
    buttons[to].focus();
  }

  // Follow a link from Slack: show a post, or fill in the brand's box below it.
  function go({ network, status, post: writes, ...rest }) {
    choose(network);
    if (writes) tabs[network].compose(rest);
    else if (status) tabs[network].show(status);
  }

  drawTabs();
  return {
    go,
    refresh: () => names.forEach((name) => tabs[name].refresh()),
    refreshTopic: (topic) => tabs[names.find((name) => NETWORKS[name][1] === topic)].refresh(),
    invite: () => tabs[current].invite(),
    current: () => current,
    arrive: () => { fresh[current] = 0; tabs[current].arrive(); drawTabs(); },
    unseen: () => names.reduce((sum, name) => sum + fresh[name], 0),
    label: (name) => NETWORKS[name][0],
  };
}
