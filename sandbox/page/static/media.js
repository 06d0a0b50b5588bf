// Pictures that people of the demo posted. Nothing is fetched from outside: what X would serve from its own
// media host is drawn from the page's own files, and what is not among them is shown by its description.

import { h } from "./dom.js";

const OF_X = /^https:\/\/pbs\.twimg\.com\/media\/([a-z0-9-]+)\.jpg$/;

export function shown(url, alt, size) {
  const name = url?.match(OF_X)?.[1];
  if (!name) return said(alt, size);
  const image = h("img", { class: `shown ${size}`, src: `/static/media/${name}.svg`, alt: alt || "", loading: "lazy" });
  image.addEventListener("error", () => image.replaceWith(said(alt, size)));
  return image;
}

function said(alt, size) {
  return h("span", { class: `picture ${size}`, role: "img", "aria-label": alt || "picture" }, alt || "picture");
}
