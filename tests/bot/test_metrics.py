"""What Prometheus reads, straight from the ledger."""

from prometheus_client.parser import text_string_to_metric_families

from bot import metrics
from bot.networks.errors import Later
from bot.networks.values import UnreadableRow
from sandbox.slack import SlackServer
from tests.bot.room import Counting, Room


def figures(here: Room) -> dict[tuple[str, ...], float]:
    text = metrics.exposition(here.ctx).decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_an_empty_ledger_has_figures_too(here: Room) -> None:
    assert figures(here)["heard_mentions",] == 0


def test_the_figures_are_those_of_the_ledger(here: Room, network: Counting) -> None:
    here.poll()
    network.bad_rows = [UnreadableRow("{}", "nonsense")]
    network.says("maria", "@acmebrew hello")
    network.says("bo", "@acmebrew hello")
    here.poll()
    here.submit(1, "hi!")
    here.send()
    network.fails("publish", Later(None, "out of credit", "No credit."))
    here.submit(2, "hi, too!")
    here.send()
    here.draw()  # Slack is not there
    here.clock.pass_by(42)

    found = figures(here)
    assert found["heard_mentions",] == 2
    assert found["heard_quarantined",] == 1
    assert found["heard_tickets", "answered"] == 1
    assert found["heard_tickets", "waiting"] == 1
    assert found["heard_replies", "published"] == 1
    assert found["heard_replies", "queued"] == 1
    assert found["heard_cards_to_draw",] == 2
    assert found["heard_cards_failing",] >= 1
    assert found["heard_poll_age_seconds", network.account().id, "memory", "mentions"] == 42


def test_a_card_that_several_tickets_share_counts_as_one(
    shown: Room, network: Counting, slack: SlackServer
) -> None:
    shown.poll()
    first = network.says("maria", "@acmebrew what a kettle")
    for number in range(5):
        network.says(f"fan{number}", f"@acmebrew and {number} says this", under=first.id)
    shown.poll()
    slack.world.faults.error("chat.postMessage", "restricted_action")
    shown.draw()
    assert (figures(shown)["heard_cards_failing",], figures(shown)["heard_cards_drawn",]) == (1, 0)

    shown.clock.pass_by(minutes=10)
    shown.draw()
    assert (figures(shown)["heard_cards_failing",], figures(shown)["heard_cards_drawn",]) == (0, 1)
