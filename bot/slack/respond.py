"""Answers to a person by the `response_url` of what they did."""

import logging
from typing import Any

from slack_bolt import Respond
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.webhook import WebhookClient, WebhookResponse

log = logging.getLogger(__name__)

RESPOND_TIMEOUT_SECONDS = 3


class BoundedRespond(Respond):
    """Bolt's `respond` with a short time-out and without a retry.

    Bolt's own makes a client that waits 30 s and repeats a call whose connection broke, which shows the
    answer twice (slack_bolt 1.30, slack_sdk 3.47). `patience` multiplies the seconds.
    """

    def __init__(self, *, patience: float = 1.0, **known: Any) -> None:  # noqa: ANN401 - those of `Respond`
        super().__init__(**known)
        self._timeout_seconds = round(RESPOND_TIMEOUT_SECONDS * patience)

    def __call__(self, *text: Any, **fields: Any) -> WebhookResponse:  # noqa: ANN401 - Slack's own
        """Post the answer; `fields` are those of `WebhookClient.send`, of which `text` may come first.

        Raises `ValueError` without a `response_url`, `OSError` or `SlackClientError` where nothing answers.
        """
        if self.response_url is None:
            raise ValueError("no response_url to answer to")
        client = WebhookClient(
            self.response_url,
            timeout=self._timeout_seconds,
            ssl=self.ssl,
            proxy=self.proxy,
            retry_handlers=[],
        )
        return client.send(**(dict(zip(("text", "blocks"), text, strict=False)) | fields))


def try_respond(respond: Respond, **message: Any) -> bool:  # noqa: ANN401 - Slack's own fields
    """Post `message` to the person by `respond`; whether Slack took it. Raises nothing."""
    try:
        answer = respond(**message)
    except (SlackApiError, SlackClientError, ValueError, OSError) as error:
        log.info("a response_url did not work (%s)", type(error).__name__)
        return False
    if answer.status_code != 200:  # noqa: PLR2004 - HTTP's word for yes
        log.info("a response_url was refused (%s)", answer.status_code)
        return False
    return True
