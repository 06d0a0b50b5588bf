#!/usr/bin/env bash
# Authlib's OAuth 1 client on httpx2 sends a JSON post without its body; the one on requests sends the body.
#
# Versions: PyPI Authlib 1.9.10, httpx2 2.16.2 (httpx 0.28.1 the same), requests 2.34.2.
# Guess before running: the two clients of one package differ in their transport only.
# Seen: .post(url, json={"text": "Hello"}) arrives with the JSON from OAuth1Session (requests), and with no byte
#   from OAuth1Client (httpx2), still declared as application/json. Form data arrives from both, and the JSON too
#   with force_include_body=True. X's POST /2/tweets takes JSON.
# Why: the signer returns an empty body for all that is not form data, since it does not belong in the signature;
#   the requests side ignores an empty answer, the httpx2 side builds the request anew from it.
# Source: authlib/oauth1/rfc5849/client_auth.py (`prepare`, last branch) and
#   authlib/integrations/httpx_client/oauth1_client.py (`auth_flow`).
# Needs: python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check Authlib==1.9.10 httpx2==2.16.2 requests==2.34.2

venv/bin/python - >seen.txt <<'PY'
import http.server
import threading

from authlib.integrations.httpx_client import OAuth1Client
from authlib.integrations.requests_client import OAuth1Session


class Echo(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.headers["Content-Type"].encode() + b" " + body.replace(b" ", b""))

    def log_message(self, *parts):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Echo)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}/"
keys = {"client_secret": "cs", "token": "t", "token_secret": "ts"}
for name, client in (
    ("requests", OAuth1Session("ck", **keys)),
    ("httpx2", OAuth1Client("ck", **keys)),
    ("httpx2, forced", OAuth1Client("ck", force_include_body=True, **keys)),
):
    print(name, client.post(url, json={"text": "Hello"}).text.strip(), sep=": ")
print("httpx2", OAuth1Client("ck", **keys).post(url, data={"text": "Hello"}).text, sep=": ")
PY
cat seen.txt
diff seen.txt - <<'SEEN'
requests: application/json {"text":"Hello"}
httpx2: application/json
httpx2, forced: application/json {"text":"Hello"}
httpx2: application/x-www-form-urlencoded text=Hello
SEEN
echo "as described: the JSON body is lost on httpx2 only"
