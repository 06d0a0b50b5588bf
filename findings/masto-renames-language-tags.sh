#!/usr/bin/env bash
# masto.js renames keys that are data: a server that translates from zh-TW is shown to translate from "zhTw".
#
# Version: npm masto 7.12.0 (8.0.0 the same).
# Guess before running: snake_case names of fields become camelCase, and the keys of a map stay as served.
# Seen: translation_languages {"zh-TW": ["en"], "pt-BR": ["en"]} has the keys zhTw and ptBr, while the tags inside
#   the lists stay. The package's own types promise `thumbnail.versions["@1x"]` and `alerts.admin.signUp`; both are
#   undefined, the values stand under "1x" and "adminSignUp".
# Why: every key at every depth goes through change-case; only keys with ":" or a leading "_" are let alone.
# Source: dist/cjs/adapters/serializers/transform-keys.js; the types in entities/v2/instance.d.ts
#   and entities/v1/web-push-subscription.d.ts; Mastodon's documentation, pages "instance" and "WebPushSubscription".
# Needs: node with npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{}' >package.json
npm install --silent --no-audit --no-fund masto@7.12.0

cat >run.mjs <<'JS'
import http from "node:http";
import { createRestAPIClient } from "masto";

const answers = {
  "/api/v1/instance/translation_languages": { "zh-TW": ["en"], "pt-BR": ["en", "zh-TW"] },
  "/api/v2/instance": { thumbnail: { url: "a.png", versions: { "@1x": "a.png", "@2x": "b.png" } } },
  "/api/v1/push/subscription": { id: "1", alerts: { mention: true, "admin.sign_up": true } },
};
const server = http.createServer((request, response) => {
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify(answers[request.url]));
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const client = createRestAPIClient({ url: `http://127.0.0.1:${server.address().port}`, accessToken: "t" });
console.log(JSON.stringify(await client.v1.instance.translationLanguages.list()));
const { versions } = (await client.v2.instance.fetch()).thumbnail;
console.log(versions["@1x"], JSON.stringify(versions));
const { alerts } = await client.v1.push.subscription.fetch();
console.log(alerts.admin, JSON.stringify(alerts));
server.close();
JS
node run.mjs | tee seen.txt
diff seen.txt - <<'SEEN'
{"zhTw":["en"],"ptBr":["en","zh-TW"]}
undefined {"1x":"a.png","2x":"b.png"}
undefined {"mention":true,"adminSignUp":true}
SEEN
echo "as described: keys that are data are renamed too"
