#!/usr/bin/env bash
# An Atom entry that names its comments or its sound file before its page is linked to those by feed-extractor.
#
# Versions: npm @extractus/feed-extractor 8.0.3; beside it PyPI feedparser 6.0.14.
# Guess before running: the link of an entry is the one with rel="alternate", or without rel, wherever it stands.
# Seen: with rel="replies", "edit", "self" or "enclosure" in front, the entry's link is that one; feedparser
#   answers the page each time. Stored feeds of Blogger have the replies in front of the page (read, not fetched).
# Why: of several links the first is taken and rel is not read. RFC 4287 section 4.2.7.2 gives every rel another
#   meaning and section 4.1.1 no order to the links.
# Source: esm/src/utils/normalizer.js (`getLink`); the readme names the fields and does not say which link.
# Needs: node with npm, python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' >package.json
npm install --silent --no-audit --no-fund @extractus/feed-extractor@8.0.3
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check feedparser==6.0.14

{
  echo '<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title><id>urn:news</id>'
  echo '<updated>2026-11-27T10:00:00Z</updated><author><name>Ana</name></author>'
  for rel in replies edit self enclosure; do
    echo "<entry><id>urn:$rel</id><title>$rel</title><updated>2026-11-27T10:00:00Z</updated>"
    echo "<link rel=\"$rel\" href=\"https://example.org/$rel\"/>"
    echo '<link rel="alternate" type="text/html" href="https://example.org/page"/></entry>'
  done
  echo '</feed>'
} >feed.xml
cat >run.mjs <<'JS'
import { readFileSync } from "node:fs";
import { extractFromXml } from "@extractus/feed-extractor";
for (const entry of extractFromXml(readFileSync("feed.xml", "utf8")).entries) console.log(entry.link);
JS
node run.mjs >npm.txt
venv/bin/python -c '
import io, feedparser
for entry in feedparser.parse(io.BytesIO(open("feed.xml", "rb").read())).entries:
    print(entry.link)
' >pypi.txt
paste -d' ' npm.txt pypi.txt | tee seen.txt
diff seen.txt - <<'SEEN'
https://example.org/replies https://example.org/page
https://example.org/edit https://example.org/page
https://example.org/self https://example.org/page
https://example.org/enclosure https://example.org/page
SEEN
echo "as described: the first link is taken, whatever its rel"
