#!/usr/bin/env bash
# A Mastodon handle is two other people to linkifyjs, and a mail address to anchorme.
#
# Versions: npm linkifyjs and linkify-plugin-mention 4.3.3; anchorme 3.0.8.
# Guess before running: @ana@example.social is one mention, or at worst @ana; @ana.bsky.social is one mention too.
# Seen: linkifyjs finds @ana and @example and drops ".social"; with a host of three labels it finds @ana, @mastodon
#   and a link to the rest of the host. A Bluesky handle is @ana and a link to bsky.social. anchorme leaves the @
#   alone and links ana@example.social with mailto:, and ana.bsky.social as a web page.
# Why: the mention token stops at a dot, and whatever follows is read afresh; anchorme knows no mentions.
# Source: linkify-plugin-mention dist/linkify-plugin-mention.mjs; linkify's documentation, page "Plugin: mention",
#   promises mentions as on Twitter and GitHub, and does not say what becomes of others.
# Needs: node with npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' >package.json
npm install --silent --no-audit --no-fund linkifyjs@4.3.3 linkify-plugin-mention@4.3.3 anchorme@3.0.8

cat >run.js <<'JS'
const linkify = require("linkifyjs");
require("linkify-plugin-mention");
const anchorme = require("anchorme").default;
for (const handle of ["@ana@example.social", "@ana@mastodon.example.org", "@ana.bsky.social"]) {
  const found = linkify.find("Thanks " + handle).map(({ type, value }) => `${type} ${value}`);
  console.log(handle, "|", found.join(", "), "|", /href="([^"]*)"/.exec(anchorme("Thanks " + handle))[1]);
}
JS
node run.js | tee seen.txt
diff seen.txt - <<'SEEN'
@ana@example.social | mention @ana, mention @example | mailto:ana@example.social
@ana@mastodon.example.org | mention @ana, mention @mastodon, url example.org | mailto:ana@mastodon.example.org
@ana.bsky.social | mention @ana, url bsky.social | http://ana.bsky.social
SEEN
echo "as described: neither finds the account that was named"
