#!/usr/bin/env bash
# Told where a feed was found, feedparser gives four entries with four ids one and the same id.
#
# Version: PyPI feedparser 6.0.14.
# Guess before running: `content-location`, which the documentation asks for so that relative links become whole,
#   changes links and leaves each <id> as it is written: RFC 4287 section 4.2.6.1 has ids compared character by
#   character, and says that they must not be normalized.
# Seen: with it, "…/thing", "…/thing?", "…/thing#" and "HTTPS://…/thing" all come back as "…/thing"; a reader that
#   knows entries by their id has one left of four. An id "12" in RSS comes back as an address below the feed's, so
#   each entry is new when the feed moves. Without it, and without xml:base, ids come back as written.
# Why: <id> and <guid> share a handler in which an id without isPermaLink counts as a link, and a link is joined to
#   the feed's address by urllib, which drops an empty query and fragment and writes the scheme in small letters.
# Source: feedparser/namespaces/_base.py (`_start_guid`, `_start_id`), feedparser/mixin.py (`pop`).
# Needs: python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check feedparser==6.0.14

{
  echo '<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title><id>urn:news</id>'
  echo '<updated>2026-11-27T10:00:00Z</updated><author><name>Ana</name></author>'
  for id in https://example.org/thing https://example.org/thing? https://example.org/thing# HTTPS://example.org/thing; do
    echo "<entry><id>$id</id><title>1</title><updated>2026-11-27T10:00:00Z</updated><link href=\"/1\"/></entry>"
  done
  echo '</feed>'
} >feed.xml
cat >run.py <<'PY'
import io

import feedparser

body = open("feed.xml", "rb").read()
rss = b'<rss version="2.0"><channel><title>News</title><item><guid>12</guid><title>1</title></item></channel></rss>'
for headers in ({}, {"content-location": "https://example.org/a/feed"}):
    entries = feedparser.parse(io.BytesIO(body), response_headers=headers).entries
    print(len({entry.id for entry in entries}), "ids,", entries[0].link)
    print(feedparser.parse(io.BytesIO(rss), response_headers=headers).entries[0].id)
PY
venv/bin/python run.py | tee seen.txt
diff seen.txt - <<'SEEN'
4 ids, /1
12
1 ids, https://example.org/1
https://example.org/a/12
SEEN
echo "as described: links need the feed's address, ids suffer from it"
