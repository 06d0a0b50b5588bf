// Files in messages: a picture is shown, anything else has its name, kind and size. Both can be downloaded.

import { h } from "./dom.js";
import { icon } from "./faces.js";

export function drawFile(file, me) {
  const from = `/slack/file/${file.id}?as=${me}`;
  const keep = h("a", { class: "icon", href: `${from}&keep=1`, download: file.name, "aria-label": `Download ${file.name}`, title: "Download" }, icon("down"));
  const about = `${file.kind} · ${size(file.size)}`;
  if (file.picture) {
    return h("figure", { class: "file picture-file" }, h("figcaption", {}, h("span", {}, file.title), h("small", {}, about), keep),
      h("img", { class: "shown large", src: from, alt: file.alt || file.title }));
  }
  return h("div", { class: "file" }, h("span", { class: "sort", "aria-hidden": "true" }, icon("page", 20)),
    h("div", { class: "grow" }, h("strong", {}, file.title), h("small", {}, file.title === file.name ? about : `${file.name} · ${about}`)), keep);
}

// A file as { name, data }, with its bytes in Base64.
export const readFile = (file) => new Promise((done) => {
  const reader = new FileReader();
  reader.onload = () => done({ name: file.name, data: reader.result.split(",")[1] || "" });
  reader.readAsDataURL(file);
});

export function size(bytes) {
  if (bytes < 1000) return `${bytes} ${bytes === 1 ? "byte" : "bytes"}`;
  const [step, unit] = bytes < 1e6 ? [1e3, "kB"] : [1e6, "MB"];
  return `${(bytes / step).toLocaleString("en", { maximumFractionDigits: bytes / step < 10 ? 1 : 0 })} ${unit}`;
}
