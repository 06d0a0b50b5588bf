"""One call of Slack's SDK, and what its failure means."""

import http.client
from collections.abc import Callable
from typing import Any

from slack_sdk.errors import SlackApiError, SlackClientError

from bot.slack.errors import SlackUnsureError, error_from_connection, error_from_response


def make_call(call: Callable[[], Any]) -> dict[str, Any]:
    """Make one call. Raises `SlackError`: one of the three things that can be done about a failure."""
    try:
        response = call()
    except SlackApiError as error:
        raise error_from_response(error) from error
    except (SlackClientError, OSError, http.client.HTTPException) as error:
        raise error_from_connection(error) from error
    data = response.data
    if not isinstance(data, dict):
        raise SlackUnsureError("Slack's response can't be read")
    return data
