#!/usr/bin/env bash
# An author at a domain such as .coffee or .online is called "ee" or "ne" by feedparser: the address ends too early.
#
# Version: PyPI feedparser 6.0.14.
# Guess before running: of "ana@roast.coffee (Ana Lima)", the form that RSS 2.0 asks for, the name is "Ana Lima" and
#   the e-mail is the address, as it is for ana@roast.example.com.
# Seen: the e-mail ends after four letters of the last part, and what remains of it becomes the name, with or
#   without the bracket of the real one. An author who has only an address gets a name of two letters.
# Why: the pattern that looks for an address ends in two to four letters or one to three digits. Top-level domains
#   of five and more letters exist since 2001 (.museum) and by the hundred since 2014.
# Source: feedparser/mixin.py (`_sync_author_detail`); https://www.rssboard.org/rss-specification, "author".
# Needs: python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check feedparser==6.0.14

cat >feed.xml <<'XML'
<rss version="2.0"><channel><title>News</title><link>https://example.org/</link><description>News</description>
<item><title>1</title><author>ana@roast.com (Ana Lima)</author></item>
<item><title>2</title><author>ana@roast.coffee (Ana Lima)</author></item>
<item><title>3</title><author>Ana Lima &lt;ana@roast.museum&gt;</author></item>
<item><title>4</title><author>ana@roast.online</author></item>
</channel></rss>
XML
venv/bin/python -c '
import io, feedparser
for entry in feedparser.parse(io.BytesIO(open("feed.xml", "rb").read())).entries:
    print(entry.author_detail.get("name"), "|", entry.author_detail.get("email"))
' | tee seen.txt
diff seen.txt - <<'SEEN'
Ana Lima | ana@roast.com
ee (Ana Lima | ana@roast.coff
Ana Lima <um> | ana@roast.muse
ne | ana@roast.onli
SEEN
echo "as described: an address is cut after four letters of its last part"
