#!/usr/bin/env bash
# Two converters to Slack's mrkdwn turn multiplication signs, footnote stars and SQL's * into underscores.
#
# Versions: PyPI markdown-to-mrkdwn 0.3.3, md2mrkdwn 0.4.5; beside them slackify-markdown 0.2.4.
# Guess before running: an asterisk with a blank beside it is no emphasis in Markdown, so all three leave it alone.
# Seen: the first two answer "2 _ 3 _ 4 = 24", "price_ and tax_", "SELECT _ FROM a, _ FROM b". An escaped
#   \*star\* is kept as an asterisk by slackify-markdown and becomes \_star\_ in the other two.
# Why: they replace any two asterisks of a line by a regular expression; CommonMark 0.31 section 6.2 asks that
#   the opening run touches the word behind it and the closing run the word before it, and that \* is a star.
# Source: markdown_to_mrkdwn/converter.py and md2mrkdwn/patterns.py (the patterns for italic).
# Needs: python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  markdown-to-mrkdwn==0.3.3 md2mrkdwn==0.4.5 slackify-markdown==0.2.4

venv/bin/python - >seen.txt <<'PY'
from markdown_to_mrkdwn import SlackMarkdownConverter
from md2mrkdwn import convert
from slackify_markdown import slackify_markdown

for text in ("2 * 3 * 4 = 24", "price* and tax*", "SELECT * FROM a, * FROM b", r"\*star\*"):
    print(SlackMarkdownConverter().convert(text), convert(text), slackify_markdown(text).rstrip(), sep=" | ")
PY
cat seen.txt
diff seen.txt - <<'SEEN'
2 _ 3 _ 4 = 24 | 2 _ 3 _ 4 = 24 | 2 * 3 * 4 = 24
price_ and tax_ | price_ and tax_ | price* and tax*
SELECT _ FROM a, _ FROM b | SELECT _ FROM a, _ FROM b | SELECT * FROM a, * FROM b
\_star\_ | \_star\_ | *star*
SEEN
echo "as described: two of the three rewrite lone asterisks"
