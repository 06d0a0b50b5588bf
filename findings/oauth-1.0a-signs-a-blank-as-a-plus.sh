#!/usr/bin/env bash
# npm oauth-1.0a signs a search for two words wrongly where the address writes the blank as a plus sign.
#
# Versions: npm oauth-1.0a 2.2.6, oauth 0.10.2; PyPI oauthlib 4.0.1.
# Guess before running: one request, one key, one nonce and one time make one signature in all three.
# Seen: for ?query=heard%20bot they agree. For ?query=heard+bot, which is what URLSearchParams writes, oauth and
#   oauthlib sign as before, and oauth-1.0a signs what it would sign for heard%2Bbot: a literal plus sign.
# Why: RFC 5849 section 3.4.1.3.1 reads the query as form data, where + is a blank; oauth-1.0a splits it by hand
#   and decodes each part with decodeURIComponent, which leaves + as it is.
# Source: oauth-1.0a.js (`deParam`).
# Needs: node with npm, python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' >package.json
npm install --silent --no-audit --no-fund oauth-1.0a@2.2.6 oauth@0.10.2
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check oauthlib==4.0.1

printf '%s\n' heard%20bot heard+bot heard%2Bbot >queries.txt
cat >sign.js <<'JS'
const crypto = require("crypto");
const Short = require("oauth-1.0a");
const { OAuth } = require("oauth");
const short = Short({
  consumer: { key: "ck", secret: "cs" },
  signature_method: "HMAC-SHA1",
  hash_function: (base, key) => crypto.createHmac("sha1", key).update(base).digest("base64"),
});
short.getNonce = () => "n";
short.getTimeStamp = () => "1";
const long = new OAuth("", "", "ck", "cs", "1.0", null, "HMAC-SHA1");
long._getNonce = () => "n";
long._getTimestamp = () => "1";
for (const query of require("fs").readFileSync("queries.txt", "utf8").trim().split("\n")) {
  const url = "https://api.example.org/search?query=" + query;
  const one = short.authorize({ url, method: "GET" }, { key: "t", secret: "ts" }).oauth_signature;
  const two = /oauth_signature="([^"]*)"/.exec(long.authHeader(url, "t", "ts", "GET"))[1];
  console.log(one, decodeURIComponent(two));
}
JS
node --no-deprecation sign.js >npm.txt
venv/bin/python - >pypi.txt <<'PY'
import re
import urllib.parse
from oauthlib.oauth1 import Client

client = Client("ck", "cs", "t", "ts", nonce="n", timestamp="1")
for query in open("queries.txt").read().split():
    _, headers, _ = client.sign("https://api.example.org/search?query=" + query)
    print(urllib.parse.unquote(re.search('oauth_signature="([^"]*)"', headers["Authorization"])[1]))
PY
paste -d' ' queries.txt npm.txt pypi.txt | tee seen.txt
awk '{ one[NR] = $2; two[NR] = $3; three[NR] = $4 }
END {
  if (one[1] != two[1] || one[1] != three[1]) exit 1
  if (two[2] != one[1] || three[2] != one[1]) exit 1
  if (one[2] == one[1] || one[2] != two[3]) exit 1
}' seen.txt
echo "as described: oauth-1.0a takes the plus sign of a query for a plus sign"
