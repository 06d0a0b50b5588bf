"""Runs the local Slack by itself until SIGINT or SIGTERM."""

import argparse
import signal
import sys
import threading

from sandbox.slack.server import SlackServer


def main() -> None:
    """Serve until a signal. The first line of output is the URL for the app's client."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.slack", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    parser.add_argument("--events-url", default="", help="the app's request URL; not needed in Socket Mode")
    parser.add_argument("--signing-secret", default="s3cret")
    parser.add_argument("--bot-token", default="xoxb-test")
    parser.add_argument("--app-token", default="xapp-test")
    given = parser.parse_args()
    stop = threading.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda *_: stop.set())
    tokens = (given.signing_secret, given.bot_token, given.app_token)
    with SlackServer(*tokens, port=given.port, events_url=given.events_url) as slack:
        sys.stdout.write(f"SLACK_API_URL={slack.url}\n")
        sys.stdout.flush()
        stop.wait()


if __name__ == "__main__":
    main()
