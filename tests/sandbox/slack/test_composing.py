"""What Slack makes of the words that people type."""

import pytest

from sandbox.slack import visible
from sandbox.slack.people.message_input import typed


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("<@BOT> hello <@U0BEN>", "<@U0HEARD> hello <@U0BEN>"),
        ("@heard hello @Ana Lima", "<@U0HEARD> hello <@U0ANA>"),
        ("<@U404> @nobody", "&lt;@U404&gt; @nobody"),
        ("@here @channel", "<!here> <!channel>"),
        ("#mentions #nowhere", "<#C0MENTIONS|mentions> #nowhere"),
        ("see https://x.test/?a=1&b=2.", "see <https://x.test/?a=1&amp;b=2>."),
        ("see heard.example/help", "see <http://heard.example/help|heard.example/help>"),
        ("mail a@b.com", "mail <mailto:a@b.com|a@b.com>"),
        ("thanks 👍🎉", "thanks :+1::tada:"),
        ("<!channel> <https://e.test|x>", "&lt;!channel&gt; &lt;<https://e.test|x>&gt;"),
    ],
)
def test_words_become_what_events_carry(slack, text, sent):
    # A typed bar belongs to the url as far as Slack can see.
    assert typed(text, slack.world)[0].replace("%7C", "|") == sent


def test_the_rich_text_block_says_the_same(slack, ana):
    message = ana.say("mentions", "<@BOT> a < b :fire: 10:30:45 https://x.test")

    seen = visible(message)
    assert seen.text == seen.notification == "@U0HEARD a < b :fire: 10:30:45 https://x.test"
    assert [token.kind for token in seen.live if token.where != "/text"] == ["user", "emoji", "link"]


def test_nobody_writes_where_they_are_not(slack, ana):
    slack.world.add_channel("C1", "elsewhere", members={"U0BEN"})

    with pytest.raises(LookupError):
        ana.say("elsewhere", "hello")


def test_only_ones_own_message_can_be_changed(ana, ben):
    message = ana.say("mentions", "mine")

    with pytest.raises(LookupError):
        ben.edit(message, "yours")
    with pytest.raises(LookupError):
        ben.delete(message)
