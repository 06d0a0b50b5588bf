#!/usr/bin/env bash
# lexrpc's truncation shortens the dict that it is given, and leaves a link that points behind the shortened text.
#
# Versions: PyPI lexrpc 3.0; npm @atproto/api 0.19.19 reads the result.
# A good guess: `validate` with truncate=True answers a shortened copy, as its docstring says ("a modified
#   copy"), and a link whose words were cut away is gone.
# Seen: the answer is the very dict that was passed in, so the whole text is lost to the caller; the link still
#   claims bytes 295 to 308 of a text of 302. lexrpc and @atproto/api call that post valid, and the latter shows
#   the stump "exam…" as the link. A link that was cut away whole stays in the post too.
# Why: the text is replaced in place, before facets are looked at, and nothing ties the two together.
# Source: lexrpc/base.py (`_validate_schema`; docstring of `validate`).
# Needs: node with npm, python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' >package.json
npm install --silent --no-audit --no-fund @atproto/api@0.19.19
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check lexrpc==3.0

venv/bin/python - >seen.txt <<'PY'
import json
from lexrpc.base import Base

words = "word " * 59
link = {"$type": "app.bsky.richtext.facet#link", "uri": "https://example.org/a"}
post = {
    "$type": "app.bsky.feed.post",
    "text": words + "example.org/a and more",
    "createdAt": "2026-11-28T10:00:00Z",
    "facets": [{"index": {"byteStart": len(words), "byteEnd": len(words) + 13}, "features": [link]}],
}
answer = Base(truncate=True).validate("app.bsky.feed.post", "record", post)
Base().validate("app.bsky.feed.post", "record", answer)
print(answer is post, post["text"][-6:], len(post["text"].encode()), post["facets"][0]["index"]["byteEnd"])
json.dump(post, open("post.json", "w"))
PY
node -e '
const { AppBskyFeedPost, RichText } = require("@atproto/api");
const post = require("./post.json");
const last = [...new RichText(post).segments()].pop();
console.log(AppBskyFeedPost.validateRecord(post).success, last.text, last.link.uri);
' >>seen.txt
cat seen.txt
diff seen.txt - <<'SEEN'
True  exam… 302 308
true exam… https://example.org/a
SEEN
echo "as described: the caller's own text is cut and its link is left as it was"
