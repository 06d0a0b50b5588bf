#!/usr/bin/env bash
# A link that touches a Hebrew or Arabic letter: X's own JavaScript counts 23 for it, the Python port its letters.
#
# Versions: npm twitter-text 3.1.0; PyPI twitter-text-parser 3.0.0 on Python 3.11.
# Guess before running: the port passes the same conformance files, so both find the same links.
# Seen: in "שלוםwww.example.com" npm finds www.example.com (weighted length 27), the port finds no link (19).
#   Before a blank, or behind the link, the same letters make no difference.
# Why: the port encodes the whole run of letters before the path with Python's `idna` codec, which applies the
#   bidirectional rule of RFC 3454 section 6 and fails; npm spells it in Punycode and checks nothing.
# Source: twitter_text/extract_urls.py (`idna_to_ascii`); twitter-text dist/extractUrlsWithIndices.js.
# Needs: node with npm, python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' >package.json
npm install --silent --no-audit --no-fund twitter-text@3.1.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check twitter-text-parser==3.0.0 'setuptools<81'

cat >texts.json <<'JSON'
["שלוםwww.example.com", "سلامexample.com", "שלום www.example.com", "www.example.comשלום"]
JSON
node -e '
const twitter = require("twitter-text");
for (const text of require("./texts.json")) console.log(twitter.parseTweet(text).weightedLength);
' >npm.txt
venv/bin/python -W ignore -c '
import json
from twitter_text import parse_tweet
for text in json.load(open("texts.json", encoding="utf-8")):
    print(parse_tweet(text).weightedLength)
' >port.txt
paste npm.txt port.txt | tee seen.txt
diff seen.txt - <<'SEEN'
27	19
27	15
28	28
27	27
SEEN
echo "as described: npm counts the link, the port counts letters"
