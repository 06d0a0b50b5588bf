#!/usr/bin/env bash
# Closing slack_sdk's built-in Socket Mode client takes up to three seconds where Slack happens to be silent.
#
# Versions: PyPI slack-sdk 3.47.0; websockets 17.4 plays Slack.
# Guess before running: `close()` shuts the socket, so it returns within milliseconds.
# Seen: it returns when the reading that is under way times out, after about three seconds. Where the socket is shut
#   down first, it returns within half a second. A process that has ten seconds to end loses a third of them.
# Why: `disconnect` wants the lock that a reading holds for as long as it waits for data, and the socket's timeout is
#   `receive_timeout`, which the client does not pass on: always 3 seconds.
# Source: slack_sdk socket_mode/builtin/connection.py (`disconnect`, `receive_timeout`) and internals.py
#   (`_receive_messages`).
# Needs: python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check slack-sdk==3.47.0 websockets==17.4

cat >run.py <<'PY'
import logging
import socket
import threading
import time

from slack_sdk.socket_mode.builtin.client import SocketModeClient
from websockets.sync.server import serve

connected = threading.Semaphore(0)


def be_silent(peer):
    connected.release()
    for _ in peer:
        pass


def seconds_to_close(*, shut_first):
    client = SocketModeClient(app_token="xapp-1", auto_reconnect_enabled=False)
    client.wss_uri = f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
    client.connect()
    connected.acquire()
    time.sleep(0.5)  # the client's ping and its answer are through
    if shut_first:
        client.current_session.sock.shutdown(socket.SHUT_RDWR)
    began = time.monotonic()
    client.close()
    return time.monotonic() - began


logging.disable()
with serve(be_silent, "127.0.0.1", 0) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    plain, shut = seconds_to_close(shut_first=False), seconds_to_close(shut_first=True)
    server.shutdown()
print(f"close(): {plain:.1f} s; after the socket was shut down: {shut:.1f} s")
assert 1.5 < plain < 4, plain
assert shut < 1, shut
PY
venv/bin/python run.py
echo "as described: close() waits for a reading to time out"
