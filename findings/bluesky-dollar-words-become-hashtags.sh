#!/usr/bin/env bash
# Bluesky's clients make hashtags of words with a dollar sign, in capitals and with the sign in the tag.
#
# Versions: npm @atproto/api 0.19.19, twitter-text 3.1.0; PyPI atproto 0.0.73.
# A good guess: detectFacets finds links, mentions and #tags, which are the three features that exist.
# Seen: "Set $HOME and $path" gets two tag facets, "$HOME" and "$PATH"; "pay $ana" the tag "$ANA". The
#   Python client does the same. A reader that writes "#" before each tag would show "#$PATH". twitter-text keeps
#   such words apart from hashtags and as typed; it takes "BRK.B" and six letters, where Bluesky's clients take
#   "$BRK" and at most five.
# Source: @atproto/api dist/rich-text/detection.js (last block) and util.js (`CASHTAG_REGEX`);
#   atproto_client/utils/facet_detection.py. The lexicon app.bsky.richtext.facet says of a tag: without the "#".
# Needs: node with npm, python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' >package.json
npm install --silent --no-audit --no-fund @atproto/api@0.19.19 twitter-text@3.1.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check atproto==0.0.73

# shellcheck disable=SC2016
echo '["Set $HOME and $path", "pay $ana", "buy $BRK.B", "buy $GOOGLE"]' >texts.json
node -e '
const { RichText } = require("@atproto/api");
const twitter = require("twitter-text");
for (const text of require("./texts.json")) {
  const rich = new RichText({ text });
  rich.detectFacetsWithoutResolution();
  const tags = (rich.facets ?? []).map((facet) => facet.features[0].tag);
  console.log(tags.join(" "), "|", twitter.extractHashtags(text).length, twitter.extractCashtags(text).join(" "), "|");
}
' >npm.txt
venv/bin/python -c '
import json
from atproto import client_utils
for text in json.load(open("texts.json")):
    print(*[facet.features[0].tag for facet in client_utils.detect_facets(text)])
' >pypi.txt
paste -d' ' npm.txt pypi.txt | tee seen.txt
diff <(sed 's/ *$//' seen.txt) - <<'SEEN'
$HOME $PATH | 0 HOME path | $HOME $PATH
$ANA | 0 ana | $ANA
$BRK | 0 BRK.B | $BRK
 | 0 GOOGLE |
SEEN
echo "as described: a dollar word is a hashtag on Bluesky, in capitals"
