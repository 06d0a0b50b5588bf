#!/usr/bin/env bash
# The plain text of a JSON Feed loses its words in angle brackets on the way through jsonfeed-to-rss and feedparser;
# through jsonfeed-to-atom, by the same author, it keeps them.
#
# Versions: npm jsonfeed-to-rss 3.0.8 and jsonfeed-to-atom 1.2.5; PyPI feedparser 6.0.14.
# Guess before running: both write `content_text` so that a reader shows the same characters, and both take a
#   JSON Feed of version 1.1, whose specification keeps all fields of 1.0 valid.
# Seen: of "Use <b> or <code> for x &lt; y" feedparser shows "Use or for x < y" from RSS, and all of it from Atom. A
#   feed of version 1.1 is refused by both, with "version 1 required", in the name of jsonfeed-to-atom.
# Why: the text is escaped once, as XML needs it; <description> of RSS 2.0 holds HTML, so text needs escaping twice.
#   Atom says type="text" beside it. The readme of jsonfeed-to-rss calls the description a plain text one.
# Source: jsonfeed-to-rss, jsonfeed-to-rss-object.js; https://www.rssboard.org/rss-encoding-examples.
# Needs: node with npm, python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' >package.json
npm install --silent --no-audit --no-fund jsonfeed-to-rss@3.0.8 jsonfeed-to-atom@1.2.5
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check feedparser==6.0.14

cat >run.mjs <<'JS'
import { writeFileSync } from "node:fs";
import toAtom from "jsonfeed-to-atom";
import toRss from "jsonfeed-to-rss";
const feed = {
  version: "https://jsonfeed.org/version/1", title: "News", home_page_url: "https://example.org/",
  feed_url: "https://example.org/feed.json", author: { name: "Ana" },
  items: [{
    id: "1", url: "https://example.org/1", title: "One", date_published: "2026-11-27T10:00:00Z",
    content_text: "Use <b> or <code> for x &lt; y",
  }],
};
for (const [name, convert] of [["rss", toRss], ["atom", toAtom]]) {
  writeFileSync(`${name}.xml`, convert(feed));
  try {
    convert({ ...feed, version: "https://jsonfeed.org/version/1.1", authors: [{ name: "Ana" }] });
    console.log(`${name}: takes 1.1`);
  } catch (error) {
    console.log(`${name}: ${error.message}`);
  }
}
JS
node run.mjs | tee seen.txt
cat >run.py <<'PY'
import io
import re
from html import unescape

import feedparser

for name in ("rss", "atom"):
    entry = feedparser.parse(io.BytesIO(open(f"{name}.xml", "rb").read())).entries[0]
    detail = entry.content[0] if "content" in entry else entry.summary_detail
    shown = unescape(re.sub("<[^<>]*>", "", detail.value)) if detail.type == "text/html" else detail.value
    print(f"{name}: {detail.type}: {' '.join(shown.split())}")
PY
venv/bin/python run.py | tee -a seen.txt
diff seen.txt - <<'SEEN'
rss: jsonfeed-to-atom: JSON feed version 1 required
atom: jsonfeed-to-atom: JSON feed version 1 required
rss: text/html: Use or for x < y
atom: text/plain: Use <b> or <code> for x &lt; y
SEEN
echo "as described: text becomes markup in RSS and stays text in Atom"
