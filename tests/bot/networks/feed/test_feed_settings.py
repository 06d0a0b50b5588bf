"""What a team may set for feeds."""

import pytest
from pydantic import ValidationError

from bot.networks.feed.settings import FeedSettings


def test_publishers_hear_who_asks_and_whom_to_write_to(monkeypatch):
    assert FeedSettings().user_agent == "Heard/0.1 (feed reader of a Slack bot)"
    monkeypatch.setenv("FEED_CONTACT", "https://example.com/about-heard")

    assert (
        FeedSettings().user_agent
        == "Heard/0.1 (feed reader of a Slack bot; +https://example.com/about-heard)"
    )


@pytest.mark.parametrize("contact", ["two words", "a(b)", "é@example.com", "x" * 201, "a\r\nX: y"])
def test_a_contact_that_does_not_fit_into_a_header_is_said_at_the_start(monkeypatch, contact):
    monkeypatch.setenv("FEED_CONTACT", contact)

    with pytest.raises(ValidationError, match="use "):
        FeedSettings()


def test_hosts_inside_are_named_with_their_ports(monkeypatch):
    monkeypatch.setenv("FEED_ALLOW", "Wiki.internal:80, [fd00::7]:8080")
    assert FeedSettings().allowed == ("[fd00::7]:8080", "wiki.internal:80")

    monkeypatch.setenv("FEED_ALLOW", "wiki.internal")
    with pytest.raises(ValidationError, match="host:port"):
        FeedSettings()
