#!/usr/bin/env bash
# X's own JavaScript links the wrong characters where a domain stands twice in one run and only the second is one.
#
# Version: npm twitter-text 3.1.0.
# Guess before running: extractUrlsWithIndices names the characters that its pattern matched.
# Seen: in "日本example.aiStraße、example.ai" the link is the last ten characters; the answer says 2 to 12, which
#   is the beginning of "example.aiStraße". The length is right by luck (both are ten characters); whoever cuts
#   the text at these indices links the wrong place.
# Why: the place of a domain without a protocol is searched for by its text (`indexOf`), not taken from the match.
# Source: twitter-text dist/extractUrlsWithIndices.js. PyPI twitter-text-parser 3.0.0 answers 19 to 29.
# Needs: node with npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' >package.json
npm install --silent --no-audit --no-fund twitter-text@3.1.0
node -e '
const twitter = require("twitter-text");
const text = "日本example.aiStraße、example.ai";
const [link] = twitter.extractUrlsWithIndices(text);
console.log(link.url, link.indices.join("-"), text.slice(link.indices[0], link.indices[1] + 6));
' | tee seen.txt
grep -qx 'example.ai 2-12 example.aiStraße' seen.txt
echo "as described: the indices point into another word"
