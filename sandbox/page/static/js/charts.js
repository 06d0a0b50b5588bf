// Charts as Slack draws them: a pie, or bars, areas or lines over categories; the same figures in a table for screen readers.

import { h, svg } from "./dom.js";

const HEIGHT = 190; // pixels of the plot, without its labels
const MAX_LABEL_WIDTH = 120; // pixels, unless there is more space
const KINDS = { line: "Line chart", bar: "Bar chart", area: "Area chart", pie: "Pie chart" };
const plain = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const short = new Intl.NumberFormat("en", { maximumFractionDigits: 1, notation: "compact" });
const number = (value) => (Math.abs(value) >= 10000 ? short : plain).format(value);
const round = (value) => Math.round(value * 10) / 10;

// The width of text in the small type of a chart, as in charts.css.
const ruler = document.createElement("canvas").getContext("2d");
function wide(words) {
  ruler.font = `11.5px ${getComputedStyle(document.documentElement).getPropertyValue("--font")}`;
  return ruler.measureText(words).width;
}

function fitted(words, pixels) {
  if (wide(words) <= pixels) return words;
  let kept = words.length - 1;
  while (kept > 1 && wide(`${words.slice(0, kept).trimEnd()}…`) > pixels) kept -= 1;
  return `${words.slice(0, kept).trimEnd()}…`;
}

export function drawChart(block) {
  const { chart, title } = block;
  return chart.type === "pie" ? pie(title, chart.segments) : plot(title, chart);
}

function figure(title, about, picture, key, table) {
  return h("figure", { class: "block chart", role: "group", "aria-label": title },
    h("figcaption", {}, title), key, about && h("p", { class: "axis", "aria-hidden": "true" }, about), picture, h("div", { class: "heard" }, table));
}

const swatch = (place) => h("span", { class: `swatch hue-${place + 1}` });

// --- lines, areas, bars ----------------------------------------------------------------------------------

function plot(title, chart) {
  const { categories, x_label: under, y_label: beside } = chart.axis_config;
  const series = chart.series.map((one) => {
    const values = new Map(one.data.map((point) => [point.label, point.value]));
    return { name: one.name, values: categories.map((category) => values.get(category)) };
  });
  const says = `${KINDS[chart.type]}: ${title}. ${series.map((one) => summary(one, categories)).join(" ")}`;
  const stage = h("div", { class: "stage" });
  const tip = h("div", { class: "tip", "aria-hidden": "true", hidden: true });
  let width = 0;
  new ResizeObserver(([entry]) => {
    const now = Math.floor(entry.contentRect.width);
    if (!now || now === width) return;
    width = now;
    stage.replaceChildren(canvas(chart.type, series, categories, width, says, under, tip, stage), tip);
  }).observe(stage);
  const key = series.length > 1 && h("ul", { class: "key", "aria-hidden": "true" }, series.map((one, place) => h("li", {}, swatch(place), one.name)));
  return figure(title, beside, stage, key, tableOf(title, categories, series, under));
}

function summary({ name, values }, categories) {
  const most = values.indexOf(Math.max(...values));
  return `${name}: ${plain.format(values[0])} at ${categories[0]}, ${plain.format(values.at(-1))} at ${categories.at(-1)}, most ${plain.format(values[most])} at ${categories[most]}.`;
}

function tableOf(title, categories, series, under) {
  return h("table", {}, h("caption", {}, title),
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, under || ""), series.map((one) => h("th", { scope: "col" }, one.name)))),
    h("tbody", {}, categories.map((category, place) => h("tr", {}, h("th", { scope: "row" }, category), series.map((one) => h("td", {}, plain.format(one.values[place])))))));
}

function canvas(kind, series, categories, width, says, under, tip, stage) {
  const all = series.flatMap((one) => one.values);
  const steps = ticks(Math.min(0, ...all), Math.max(0, ...all));
  const [low, high] = [steps[0], steps.at(-1)];
  const left = Math.ceil(Math.max(...steps.map((step) => wide(number(step))))) + 10;
  const box = { left, right: width - 8, top: 8, bottom: 8 + HEIGHT };
  const band = (box.right - box.left) / categories.length;
  const x = (place) => round(box.left + band * (place + 0.5));
  const y = (value) => round(box.bottom - ((value - low) / (high - low || 1)) * HEIGHT);
  const tall = box.bottom + 24 + (under ? 18 : 0);
  const guide = svg("line", { class: "guide-line", y1: box.top, y2: box.bottom, x1: 0, x2: 0, visibility: "hidden" });
  const draw = { line: lines, area: areas, bar: bars }[kind];
  const picture = svg("svg", { class: "plot", viewBox: `0 0 ${width} ${tall}`, width, height: tall, role: "img", "aria-label": says },
    ...steps.flatMap((step) => [
      svg("line", { class: step === 0 ? "zero" : "grid", x1: box.left, x2: box.right, y1: y(step), y2: y(step) }),
      label(number(step), box.left - 7, y(step) + 4, "end")]),
    ...below(categories, x, band, box, width),
    ...(under ? [label(under, (box.left + box.right) / 2, tall - 4, "middle", "under")] : []),
    guide, ...draw(series, { x, y, band, zero: y(0) }));
  pointed(picture, stage, tip, guide, { series, categories, x, band, box, width, isBar: kind === "bar" });
  return picture;
}

function label(words, x, y, anchor, kind = "") {
  const node = svg("text", { x: round(x), y: round(y), "text-anchor": anchor, class: kind });
  node.textContent = words;
  return node;
}

// As many names as fit under the plot, evenly chosen, each cut to its place.
function below(categories, x, band, box, width) {
  const longest = Math.max(...categories.map(wide)) + 12;
  const every = Math.max(1, Math.ceil(Math.min(longest, MAX_LABEL_WIDTH) / band));
  let free = 0;
  let next = 0;
  return categories.flatMap((category, place) => {
    if (place < next) return [];
    const words = fitted(category, Math.max(24, Math.min(band * every, width) - 8));
    const half = wide(words) / 2 + 1;
    const middle = Math.min(Math.max(x(place), half), width - half);
    if (middle - half < free) return []; // the first one may have been moved away from the edge
    free = middle + half + 6;
    next = place + every;
    return [label(words, middle, box.bottom + 18, "middle")];
  });
}

// Round numbers that hold all values, four or five of them.
function ticks(low, high) {
  const raw = (high - low || 1) / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  let step = power * [1, 2, 2.5, 5, 10].find((one) => one * power >= raw * 0.999);
  const whole = Number.isInteger(low) && Number.isInteger(high);
  if (whole && step < 1) step = 1;
  const from = Math.floor(low / step);
  const to = Math.max(from + 1, Math.ceil(high / step));
  return Array.from({ length: to - from + 1 }, (_, place) => Number(((from + place) * step).toPrecision(12)));
}

const path = (points) => points.map(([x, y], place) => `${place ? "L" : "M"}${x} ${y}`).join("");
const pointsOf = (one, { x, y }) => one.values.map((value, place) => [x(place), y(value)]);

function lines(series, at) {
  return series.flatMap((one, place) => {
    const points = pointsOf(one, at);
    const dots = points.map(([x, y]) => svg("circle", { class: `dot hue-${place + 1}`, cx: x, cy: y, r: points.length > 14 ? 2.4 : 3.2 }));
    return [svg("path", { class: `stroke hue-${place + 1}`, d: path(points) }), ...dots];
  });
}

function areas(series, at) {
  return series.flatMap((one, place) => {
    const points = pointsOf(one, at);
    const closed = `${path(points)}L${points.at(-1)[0]} ${at.zero}L${points[0][0]} ${at.zero}Z`;
    return [svg("path", { class: `wash hue-${place + 1}`, d: closed }), svg("path", { class: `stroke hue-${place + 1}`, d: path(points) })];
  });
}

function bars(series, { x, y, band, zero }) {
  const group = Math.min(band * 0.72, 44 * series.length);
  const gap = series.length > 1 ? 1.5 : 0;
  const thick = Math.max(1.5, group / series.length - gap);
  return series.flatMap((one, place) => one.values.map((value, at) => {
    const from = round(x(at) - group / 2 + place * (thick + gap));
    const tip = y(value);
    const reach = Math.min(3, thick / 2, Math.abs(zero - tip));
    const turn = value < 0 ? reach : -reach; // the end away from zero is rounded
    return svg("path", { class: `fill hue-${place + 1}`, d: `M${from} ${zero}V${round(tip - turn)}q0 ${round(turn)} ${round(reach)} ${round(turn)}h${round(thick - 2 * reach)}q${round(reach)} 0 ${round(reach)} ${round(-turn)}V${zero}Z` });
  }));
}

// What stands at one category, beside the finger or the pointer.
function pointed(picture, stage, tip, guide, { series, categories, x, band, box, width, isBar }) {
  const hide = () => { tip.hidden = true; guide.setAttribute("visibility", "hidden"); };
  const show = (event) => {
    const at = event.clientX - picture.getBoundingClientRect().left;
    const place = Math.floor((at - box.left) / band);
    if (place < 0 || place >= categories.length) return hide();
    tip.replaceChildren(h("strong", {}, categories[place]), ...series.map((one, hue) => h("span", {}, swatch(hue), h("span", {}, one.name), h("b", {}, plain.format(one.values[place])))));
    tip.hidden = false;
    guide.setAttribute("x1", x(place));
    guide.setAttribute("x2", x(place));
    guide.setAttribute("visibility", isBar ? "hidden" : "visible");
    const beside = x(place) + 12 + tip.offsetWidth > width ? x(place) - 12 - tip.offsetWidth : x(place) + 12;
    tip.style.setProperty("left", `${Math.max(0, beside)}px`);
  };
  picture.addEventListener("pointermove", show);
  picture.addEventListener("pointerdown", show);
  picture.addEventListener("pointerleave", hide);
}

// --- pies ------------------------------------------------------------------------------------------------

function pie(title, segments) {
  const total = segments.reduce((sum, one) => sum + one.value, 0);
  const share = (one) => `${plain.format((one.value / total) * 100)}%`;
  const says = `Pie chart: ${title}. ${segments.map((one) => `${one.label}: ${plain.format(one.value)}, ${share(one)}.`).join(" ")}`;
  let turned = 0;
  const slices = segments.map((one, place) => {
    const from = turned;
    turned += one.value / total;
    const slice = segments.length === 1 ? svg("circle", { class: "fill hue-1", cx: 80, cy: 80, r: 76 }) : svg("path", { class: `slice hue-${place + 1}`, d: wedge(from, turned) });
    const words = svg("title");
    words.textContent = `${one.label}: ${plain.format(one.value)} (${share(one)})`;
    slice.append(words);
    return slice;
  });
  const picture = svg("svg", { class: "round", viewBox: "0 0 160 160", width: 160, height: 160, role: "img", "aria-label": says }, ...slices);
  const key = h("ul", { class: "key tall", "aria-hidden": "true" }, segments.map((one, place) =>
    h("li", {}, swatch(place), h("span", {}, one.label), h("b", {}, share(one)), h("small", {}, number(one.value)))));
  const table = h("table", {}, h("caption", {}, title), h("tbody", {}, segments.map((one) =>
    h("tr", {}, h("th", { scope: "row" }, one.label), h("td", {}, plain.format(one.value)), h("td", {}, share(one))))));
  return figure(title, null, h("div", { class: "pie" }, picture, key), null, table);
}

function wedge(from, to) {
  const at = (turn) => [80 + 76 * Math.sin(turn * 2 * Math.PI), 80 - 76 * Math.cos(turn * 2 * Math.PI)].map(round).join(" ");
  return `M80 80L${at(from)}A76 76 0 ${to - from > 0.5 ? 1 : 0} 1 ${at(to)}Z`;
}
