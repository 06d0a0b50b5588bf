#!/usr/bin/env bash
# A post with the local time of St. John's in summer (-02:30) or of the Chatham Islands (+13:45) is not valid
# to @atproto/lexicon, though the syntax package that it depends on says that it is.
#
# Versions: npm @atproto/api 0.19.19 with @atproto/lexicon 0.6.2 and @atproto/syntax 0.5.4 (0.21.0 takes them);
#   PyPI atproto 0.0.73 (strict), lexrpc 3.0.
# Guess before running: the protocol's datetime allows any offset of RFC 3339 but -00:00, so all four take them.
# Seen: `isValidDatetime` and both Python packages take every one below; `validateRecord` refuses all but -03:30.
#   So an archive brought over with its local times, from Caracas until 2016 say, stops at posts that are right.
# Why: the record's check asks iso-datestring-validator 2.2.2, which has a list of whole, half and quarter hours and
#   at most nine digits of a second; the other one reads the grammar.
# Source: @atproto/lexicon dist/validators/formats.js (`datetime`); @atproto/syntax dist/datetime.js; AT Protocol
#   specification, page "Lexicon", section "datetime".
# Needs: node with npm, python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' >package.json
npm install --silent --no-audit --no-fund @atproto/api@0.19.19 @atproto/syntax@0.5.4 @atproto/lexicon@0.6.2
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check atproto==0.0.73 lexrpc==3.0

cat >dates.txt <<'DATES'
2026-01-15T12:00:00-03:30
2026-07-15T12:00:00-02:30
2026-01-15T12:00:00+13:45
2016-04-15T12:00:00-04:30
2018-04-15T12:00:00+08:30
DATES
cat >run.js <<'JS'
const { AppBskyFeedPost } = require("@atproto/api");
const { isValidDatetime } = require("@atproto/syntax");
for (const createdAt of require("fs").readFileSync("dates.txt", "utf8").trim().split("\n")) {
  const post = { $type: "app.bsky.feed.post", text: "Hello", createdAt };
  console.log(createdAt, isValidDatetime(createdAt), AppBskyFeedPost.validateRecord(post).success);
}
JS
node run.js >npm.txt
venv/bin/python - >pypi.txt <<'PY'
from atproto import models
from lexrpc.base import Base

for date in open("dates.txt").read().split():
    post = {"$type": "app.bsky.feed.post", "text": "Hello", "createdAt": date}
    Base().validate("app.bsky.feed.post", "record", post)
    models.get_or_create(post, models.AppBskyFeedPost.Record, strict_string_format=True)
    print("taken by both")
PY
paste -d' ' npm.txt pypi.txt | tee seen.txt
diff seen.txt - <<'SEEN'
2026-01-15T12:00:00-03:30 true true taken by both
2026-07-15T12:00:00-02:30 true false taken by both
2026-01-15T12:00:00+13:45 true false taken by both
2016-04-15T12:00:00-04:30 true false taken by both
2018-04-15T12:00:00+08:30 true false taken by both
SEEN
echo "as described: one package of the pair refuses what the other calls valid"
