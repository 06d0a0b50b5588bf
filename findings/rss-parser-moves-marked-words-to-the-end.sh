#!/usr/bin/env bash
# rss-parser puts the marked-up words of XHTML behind the plain ones: "do not support" becomes "do support … not".
#
# Version: npm rss-parser 3.13.0.
# Guess before running: content of type xhtml comes back as the same HTML, its snippet as the same words in order,
#   and a title as a string, as the package's types say.
# Seen: of "We do <em>not</em> support <strong>version 2</strong> any more." the content is "We do  support  any
#   more.<em>not</em><strong>version 2</strong>" and the snippet ends in "more.notversion 2". A title of type xhtml
#   is an object. The same text in type html comes back whole.
# Why: the XML is read into an object per element, which keeps the text of an element in one piece and its
#   children by name, and HTML is built from that again.
# Source: lib/utils.js (`getContent`, xml2js.Builder); index.d.ts (`title?: string`).
# Needs: node with npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' >package.json
npm install --silent --no-audit --no-fund rss-parser@3.13.0

cat >feed.xml <<'XML'
<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title><id>urn:news</id><updated>2026-11-27T10:00:00Z</updated>
<author><name>Ana</name></author>
<entry><id>urn:1</id><updated>2026-11-27T10:00:00Z</updated>
<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Not <em>2</em></div></title>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">
<p>We do <em>not</em> support <strong>version 2</strong> any more.</p>
</div></content></entry>
<entry><id>urn:2</id><updated>2026-11-27T10:00:00Z</updated><title>Not 2</title>
<content type="html">
<![CDATA[<p>We do <em>not</em> support <strong>version 2</strong> any more.</p>]]></content></entry>
</feed>
XML
cat >run.js <<'JS'
const Parser = require("rss-parser");
const text = require("fs").readFileSync("feed.xml", "utf8");
new Parser().parseString(text).then(({ items }) => {
  for (const { title, content, contentSnippet } of items) {
    console.log(typeof title, "|", /<p>.*<\/p>/.exec(content)[0], "|", contentSnippet.trim());
  }
});
JS
node --no-deprecation run.js | tee seen.txt
diff seen.txt - <<'SEEN'
object | <p>We do  support  any more.<em>not</em><strong>version 2</strong></p> | We do  support  any more.notversion 2
string | <p>We do <em>not</em> support <strong>version 2</strong> any more.</p> | We do not support version 2 any more.
SEEN
echo "as described: marked words move to the end of their paragraph"
