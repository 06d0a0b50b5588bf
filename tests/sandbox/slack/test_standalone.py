"""The local Slack as a process of its own."""

import re
import signal
import subprocess
import sys

from slack_sdk import WebClient


def test_it_says_where_it_is_and_ends_when_told():
    command = [sys.executable, "-m", "sandbox.slack", "--port", "0", "--bot-token", "xoxb-mine"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        url = re.fullmatch(r"SLACK_API_URL=(http://127\.0\.0\.1:\d+/api/)\n", line)
        try:
            assert url
            assert WebClient(token="xoxb-mine", base_url=url[1]).auth_test()["team"] == "Acme"
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
