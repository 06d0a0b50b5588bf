#!/usr/bin/env bash
# Two packages of one name make different Slack text of the same Markdown: npm's puts U+200B around bold words.
#
# Versions: npm slackify-markdown 4.5.0; PyPI slackify-markdown 0.2.4.
# Guess before running: the PyPI package is a port, so "**bold**" is "*bold*" in both and a line break a line break.
# Seen: npm writes a zero width space on either side of bold, italic and struck words, so that a word searched for
#   with its asterisk, or compared with what was sent, is not found; its hard line break is a visible backslash;
#   a bare address becomes a link labelled with itself. PyPI does none of the three.
# Source: npm src/slackify.js (`zeroWidthSpace`; no handler for `break`); the readme's example shows no bold word
#   and does not speak of it. PyPI slackify_markdown/slackify.py.
# Needs: node with npm, python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' >package.json
npm install --silent --no-audit --no-fund slackify-markdown@4.5.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check slackify-markdown==0.2.4

cat >texts.json <<'JSON'
["**bold**", "_it_ ~~no~~", "one  \ntwo", "https://example.org/a"]
JSON
node -e '
const slackify = require("slackify-markdown");
const ascii = (text) => JSON.stringify(text).replace(/\u200b/g, "\\u200b");
for (const text of require("./texts.json")) console.log(ascii(slackify(text).trimEnd()));
' >npm.txt
venv/bin/python -c '
import json
from slackify_markdown import slackify_markdown
for text in json.load(open("texts.json")):
    print(json.dumps(slackify_markdown(text).rstrip()))
' >pypi.txt
paste npm.txt pypi.txt | tee seen.txt
diff npm.txt - <<'SEEN'
"\u200b*bold*\u200b"
"\u200b_it_\u200b \u200b~no~\u200b"
"one\\\ntwo"
"<https://example.org/a|https://example.org/a>"
SEEN
diff pypi.txt - <<'SEEN'
"*bold*"
"_it_ ~no~"
"one\ntwo"
"https://example.org/a"
SEEN
echo "as described: npm adds invisible characters and a backslash, PyPI does not"
