// Generated avatars: each name always gets the same shape and colours.

import { svg } from "./dom.js";

const PAIRS = [
  ["#2f6f5e", "#bfe6d8"], ["#7a3e65", "#f3c8e2"], ["#2b5a8c", "#c3dcf5"], ["#8a5a1d", "#f6dcb0"],
  ["#5b4b9a", "#d9d2f7"], ["#8c3b33", "#f6cdc7"], ["#4d7a1f", "#dcefb9"], ["#34606b", "#c5e4ea"],
  ["#a8471f", "#ffd9c2"], ["#1d6f86", "#bdeaf5"], ["#6b5a2a", "#efe3b8"], ["#8a2f55", "#ffd0e0"], ["#41506b", "#d3dcec"],
];

function number(name) {
  let sum = 0x811c9dc5;
  for (const letter of name) sum = Math.imul(sum ^ letter.codePointAt(0), 0x01000193) >>> 0;
  return sum ^ (sum >>> 15);
}

export function face(name, { size = 36, round = false, bot = false, leaf = false } = {}) {
  const seed = number(name) >>> 0;
  const [dark, light] = bot ? ["#2f6f5e", "#ffffff"] : leaf ? ["#dcebd2", "#3f7a35"] : PAIRS[seed % PAIRS.length];
  const box = svg("svg", { viewBox: "0 0 40 40", width: size, height: size, class: "face", "aria-hidden": "true", focusable: "false" });
  box.append(svg("rect", { width: 40, height: 40, rx: round ? 20 : 9, fill: dark }));
  box.append(...(bot ? ear(light) : leaf ? fern(light) : person(seed, light, dark)));
  return box;
}

function ear(light) {
  return [
    svg("path", { d: "M12.5 25.5V17.5a7.5 7.5 0 0 1 15 0c0 5.2-5.8 5.7-5.8 10.2a3.4 3.4 0 0 1-6.1 1.9", fill: "none", stroke: light, "stroke-width": 3, "stroke-linecap": "round" }),
    svg("path", { d: "M17 17.7a3.1 3.1 0 0 1 6.2 0c0 1.9-1.6 2.4-2.4 3.8", fill: "none", stroke: "#bfe6d8", "stroke-width": 2.4, "stroke-linecap": "round" }),
  ];
}

function fern(green) {
  const fronds = [0, 1, 2, 3, 4].flatMap((step) => {
    const y = 27 - step * 4.2;
    const reach = 9 - step * 1.5;
    return [`M20 ${y}q${-reach * 0.6} 0.5 ${-reach} ${-reach * 0.7}`, `M20 ${y}q${reach * 0.6} 0.5 ${reach} ${-reach * 0.7}`];
  });
  return [svg("path", { d: `M20 34V8${fronds.join("")}`, fill: "none", stroke: green, "stroke-width": 2.2, "stroke-linecap": "round" })];
}

function person(seed, light, dark) {
  const hair = [
    "M11 17a9 9 0 0 1 18 0c-3-4-7-4-9-4s-6 0-9 4z",
    "M10.5 21c-1-10 5-13 9.5-13s10.5 3 9.5 13c-1-5-3-7-5-8-3 2-8 2-10 1-2 1-3 3-4 7z",
    "M12 15c1-5 5-7 8-7s7 2 8 7c-2-1-4-2-5-4-3 3-7 4-11 4z",
    "M20 7a10 10 0 0 1 9 10l-4-4-5 2-5-2-4 4a10 10 0 0 1 9-10z",
  ][(seed >>> 3) % 4];
  const parts = [
    svg("path", { d: "M7 40c0-8.5 6-12 13-12s13 3.5 13 12z", fill: light, opacity: 0.85 }),
    svg("circle", { cx: 20, cy: 18.5, r: 8.2, fill: light }),
    svg("path", { d: hair, fill: dark, stroke: light, "stroke-width": 0.8 }),
    svg("circle", { cx: 17, cy: 19.5, r: 1.1, fill: dark }),
    svg("circle", { cx: 23, cy: 19.5, r: 1.1, fill: dark }),
    svg("path", { d: "M17 23c1.5 1.6 4.5 1.6 6 0", fill: "none", stroke: dark, "stroke-width": 1.2, "stroke-linecap": "round" }),
  ];
  if (seed % 3 === 0) {
    parts.push(svg("path", { d: "M14.2 19.5h5.2M20.6 19.5h5.2", stroke: dark, "stroke-width": 1, fill: "none" }));
    parts.push(svg("circle", { cx: 17, cy: 19.5, r: 2.6, fill: "none", stroke: dark, "stroke-width": 0.9 }));
    parts.push(svg("circle", { cx: 23, cy: 19.5, r: 2.6, fill: "none", stroke: dark, "stroke-width": 0.9 }));
  }
  return parts;
}

const PATHS = {
  sun: "M12 7a5 5 0 1 0 0 10 5 5 0 0 0 0-10zM12 1.5v3M12 19.5v3M1.5 12h3M19.5 12h3M4.6 4.6l2.1 2.1M17.3 17.3l2.1 2.1M19.4 4.6l-2.1 2.1M6.7 17.3l-2.1 2.1",
  hash: "M9 3 7 21M17 3l-2 18M4 8.5h17M3 15.5h17",
  send: "M3 11.5 21 3l-6.5 18-3.5-7.5z",
  clip: "M19 11.5 11.6 19a4.6 4.6 0 0 1-6.5-6.5l8-8a3 3 0 0 1 4.3 4.3l-7.8 7.7a1.4 1.4 0 0 1-2-2L14 8",
  close: "M5 5l14 14M19 5 5 19",
  dots: "M12 5.5v.01M12 12v.01M12 18.5v.01",
  add: "M10 4.5a3.7 3.7 0 1 0 0 7.4 3.7 3.7 0 0 0 0-7.4zM3 20c0-4 3-5.6 7-5.6 1.5 0 2.8.2 4 .7M18 14v6M15 17h6",
  thread: "M4 5h16v10H10l-5 4v-4H4z",
  smile: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM9 10v.01M15 10v.01M8.5 14.5c2 2.5 5 2.5 7 0",
  reply: "M4 5h16v11H9l-5 4z",
  edit: "M4 20l1-4L16 5l3 3L8 19z",
  bin: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13",
  back: "M15 5l-7 7 7 7",
  home: "M4 11l8-7 8 7v9h-5v-6H9v6H4z",
  x: "M5 4l14 16M19 4 5 20",
  sliders: "M4 6h10M18 6h2M4 12h3M11 12h9M4 18h8M16 18h4M16 4v4M9 10v4M14 16v4",
  eye: "M2 12c4-6 16-6 20 0-4 6-16 6-20 0zM12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
  down: "M12 4v11M7 11l5 5 5-5M5 20h14",
  page: "M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6",
  globe: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM3 12h18M12 3c3.6 3.4 3.6 14.6 0 18M12 3c-3.6 3.4-3.6 14.6 0 18",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z",
  at: "M16 8v5a2.5 2.5 0 0 0 5 0v-1a9 9 0 1 0-3.5 7.1M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z",
  quote: "M9 7H5v6h4v1.5c0 1.6-1 2.3-2.5 2.5M19 7h-4v6h4v1.5c0 1.6-1 2.3-2.5 2.5",
  warning: "M12 4 2.5 20h19zM12 10v4.5M12 17.3v.01",
  people: "M9 5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM2.5 20c0-4 2.8-6 6.5-6s6.5 2 6.5 6M16 5.5a3.2 3.2 0 0 1 0 6.3M17.5 14.5c2.5.6 4 2.4 4 5.5",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
};

export function icon(name, size = 18) {
  const box = svg("svg", { viewBox: "0 0 24 24", width: size, height: size, "aria-hidden": "true", focusable: "false", class: "glyph" });
  box.append(svg("path", { d: PATHS[name], fill: "none", stroke: "currentColor", "stroke-width": name === "dots" ? 2.8 : 1.8, "stroke-linecap": "round", "stroke-linejoin": "round" }));
  return box;
}
