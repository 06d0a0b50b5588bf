#!/usr/bin/env bash
# The range that X's counter calls valid is too long, and not valid, where letters are written with combining marks.
#
# Versions: npm twitter-text 3.1.0; PyPI twitter-text-parser 3.0.0.
# Guess before running: a text cut behind `validRangeEnd` is the longest beginning that still counts as valid.
# Seen: for 300 letters é the range ends at 279, and what is cut there counts 280. For the same 300 letters as
#   e + U+0301 (600 characters) it ends at 579; what is cut there is 290 letters, counts 290 and is not valid.
# Why: the place is found in the NFC text; then the whole difference of the two lengths is added, also the part
#   that lies behind the place. Wherever letters shrink behind the limit, the range is too long by as many.
# Source: twitter-text dist/parseTweet.js (`normalizationOffset`); twitter_text/parse_tweet.py does the same.
# Needs: node with npm, python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' >package.json
npm install --silent --no-audit --no-fund twitter-text@3.1.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check twitter-text-parser==3.0.0 'setuptools<81'

node -e '
const { parseTweet } = require("twitter-text");
for (const letter of ["\u00e9", "e\u0301"]) {
  const text = letter.repeat(300);
  const end = parseTweet(text).validRangeEnd;
  const cut = parseTweet(text.slice(0, end + 1));
  console.log("npm", end, cut.weightedLength, cut.valid);
}
' >seen.txt
venv/bin/python -W ignore -c '
from twitter_text import parse_tweet
for letter in ("\u00e9", "e\u0301"):
    text = letter * 300
    end = parse_tweet(text).validRangeEnd
    cut = parse_tweet(text[: end + 1])
    print("port", end, cut.weightedLength, str(cut.valid).lower())
' >>seen.txt
cat seen.txt
diff seen.txt - <<'SEEN'
npm 279 280 true
npm 579 290 false
port 279 280 true
port 579 290 false
SEEN
echo "as described: the valid range of decomposed text is ten letters too long"
