"""Ends Socket Mode: Slack's events over a WebSocket that we hold.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

import logging
import socket
import threading
import time
from contextlib import suppress

from slack_bolt.adapter.socket_mode import SocketModeHandler

log = logging.getLogger(__name__)

CLOSE_TIMEOUT_SECONDS = 5.0
_RETRY_SECONDS = 0.05


def close(sockets: SocketModeHandler) -> None:
    """Close the connection to Slack within milliseconds; never connected is fine.

    slack_sdk 3.47 by itself first waits, up to three seconds, for its reading to time out. And a session that
    it has just begun, or begun again, forgets that it is to end, and would be waited for without end: so it
    is told until it has ended.
    """
    client = sockets.client
    client.auto_reconnect_enabled = False
    if client.current_session is not None and client.current_session.sock is not None:
        with suppress(OSError):  # Slack was faster
            client.current_session.sock.shutdown(socket.SHUT_RDWR)
    closing = threading.Thread(target=sockets.close, name="socket mode end", daemon=True)
    closing.start()
    until = time.monotonic() + CLOSE_TIMEOUT_SECONDS
    while closing.is_alive() and time.monotonic() < until:
        closing.join(_RETRY_SECONDS)
        client.current_session_state.terminated = True
    if closing.is_alive():
        log.warning("the connection to Slack did not close in %.0f s", CLOSE_TIMEOUT_SECONDS)
