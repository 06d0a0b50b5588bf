"""Every listener that Bolt has stands in the table of who may, and keeps everybody else out.

The listeners are read from the app itself, so a new one without a rule fails here.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from slack_bolt import App, BoltRequest
from slack_bolt.response import BoltResponse
from sqlalchemy import select

import handlers
from bot.slack.blocks.values import Origin
from bot.slack.membership import (
    APP_REFUSAL,
    DEACTIVATED_REFUSAL,
    FOREIGN_REFUSAL,
    GUEST_REFUSAL,
    NAMED_GUEST_REFUSAL,
    NOT_IN_CHANNEL,
    NOT_YOUR_REPLY,
)
from handlers import access, access_rules
from handlers.access_rules import AccessRule, RequiredAccess
from models import Reply
from models.core.base import Base
from sandbox.slack import Person, visible
from tests.story.harness import CHANNEL, Bot, eventually, running

Json = dict[str, Any]
GUS, SUE, PIA, XI, DOT, APPY, NAMED, AFAR = (
    "U0GUS",
    "U0SUE",
    "U0PIA",
    "U0XI",
    "U0DOT",
    "U0APPY",
    "U0NAMED",
    "U0AFAR",
)
REFUSED = {
    GUS: GUEST_REFUSAL,
    SUE: GUEST_REFUSAL,
    PIA: FOREIGN_REFUSAL,
    XI: FOREIGN_REFUSAL,
    DOT: DEACTIVATED_REFUSAL,
    APPY: APP_REFUSAL,
}
MOVES_BY_ITSELF = {
    "cursors",
    "budgets",
    "leases",
    "daily",
    "tally",
}  # tables that the clock writes, whoever presses what


@dataclass(frozen=True)
class Sample:
    """One thing that somebody can do, as Slack tells of it, and what the table says that it needs."""

    name: str
    kind: str  # the courier's
    body: Json
    rule: AccessRule

    def by(self, person: Person, channel: str = CHANNEL) -> Json:
        """The same, done by `person` in `channel`."""
        body = json.loads(json.dumps(self.body).replace(CHANNEL, channel))
        if self.kind == "slash_commands":
            return body | {"user_id": person.id, "team_id": person.user.team_id}
        if self.kind == "events_api":
            event = body["event"] | {"user": person.id, "user_team": person.user.team_id}
            return body | {"event": event}
        name = person.user.name
        return body | {"user": {"id": person.id, "name": name, "team_id": person.user.team_id}}


def samples(ticket: int = 1, reply: int = 1, thread: str = "1.0", us: str = "U0HEARD") -> list[Sample]:
    """One of each entry of the table; of what carries several things, one of each."""
    value = {"t": ticket, "r": reply, "n": 1, "i": 1, "a": 1, "p": 0, "q": "words", "k": "none"}
    found = [Sample(name, "interactive", _press(name, value, thread), rule) for name, rule in _actions()]
    found += [
        Sample(f"more: {do}", "interactive", _press("more", value | {"do": do}, thread), rule)
        for do, rule in access_rules.OVERFLOW_OPTION_RULES.items()
    ]
    for kind, rules in (
        ("view_submission", access_rules.VIEW_RULES),
        ("view_closed", access_rules.CLOSED_VIEW_RULES),
    ):
        found += [
            Sample(f"{kind} {name}", "interactive", {"type": kind, "view": _modal(name, ticket, reply)}, rule)
            for name, rule in rules.items()
        ]
    for name, rule in access_rules.SUGGESTION_RULES.items():
        body = {
            "type": "block_suggestion",
            "action_id": name,
            "value": "w",
            "view": _modal("x", ticket, reply),
        }
        found.append(Sample(f"options {name}", "interactive", body, rule))
    message = {"ts": "2.0", "thread_ts": thread, "user": "U0BEN", "text": "words of Ben's"}
    for name, rule in access_rules.SHORTCUT_RULES.items():
        body = {"type": "message_action", "callback_id": name, "channel": {"id": CHANNEL}, "message": message}
        found.append(Sample(f"shortcut {name}", "interactive", body, rule))
    for name, rule in access_rules.COMMAND_RULES.items():
        for word in (
            "",
            "open",
            "mine",
            "stats",
            "search words",
            "search @maria",
            "issues",
            "track",
            "track fern",
            "tracks",
            "mute",
            "mute words secret",
            "mute @maria",
            "unmute 1",
            "mutes",
            "muted",
            "me",
            "export x",
        ):
            body = {"command": name, "text": word, "channel_id": CHANNEL, "trigger_id": "1"}
            found.append(Sample(f"{name} {word}", "slash_commands", body, rule))
        for word, own in access_rules.SUBCOMMAND_RULES.items():
            body = {"command": name, "text": word, "channel_id": CHANNEL, "trigger_id": "1"}
            found.append(Sample(f"{name} {word}", "slash_commands", body, own))
    return [*found, *_events(thread, us)]


def _actions() -> Iterator[tuple[str, AccessRule]]:
    yield from access_rules.ACTION_RULES.items()
    yield from ((f"{start}1", rule) for start, rule in access_rules.ACTION_PREFIX_RULES.items())


def _press(name: str, value: Json, thread: str) -> Json:
    return {
        "type": "block_actions",
        "trigger_id": "1",
        "actions": [{"action_id": name, "action_ts": "1", "selected_option": {"value": json.dumps(value)}}]
        if name == "more"
        else [{"action_id": name, "action_ts": "1", "value": json.dumps(value)}],
        "container": {"type": "message", "message_ts": thread, "channel_id": CHANNEL},
        "channel": {"id": CHANNEL},
        "message": {"ts": thread, "blocks": []},
    }


def _modal(name: str, ticket: int, reply: int) -> Json:
    origin = Origin(ticket, 1, "1", "no such key", "x")
    carried = json.loads(origin.pack()) if name == "composer" else {"ticket": ticket, "reply": reply}
    field = {
        "type": "input",
        "block_id": "typed",
        "element": {"type": "plain_text_input", "action_id": "text"},
    }
    return {
        "id": "V1",
        "type": "modal",
        "callback_id": name,
        "private_metadata": json.dumps(carried),
        "blocks": [field],
        "state": {"values": {}},
    }


def _events(thread: str, us: str) -> Iterator[Sample]:
    for name, rule in access_rules.EVENT_RULES.items():
        event = {
            "type": name,
            "channel": CHANNEL,
            "thread_ts": thread,
            "ts": "3.0",
            "text": "hm",
            "tab": "home",
        }
        yield Sample(name, "events_api", {"type": "event_callback", "event": event}, rule)
    for word, rule in {
        **access_rules.THREAD_COMMAND_RULES,
        "issue": access_rules.MEMBER,
        "mute": access_rules.MEMBER,
        "assign": access_rules.MEMBER,
    }.items():
        event = {
            "type": access_rules.MENTION_EVENT,
            "channel": CHANNEL,
            "thread_ts": thread,
            "ts": f"4.{word}",
        }
        said = {"text": f"<@{us}> {word} some words"}
        yield Sample(f"@Heard {word}", "events_api", {"type": "event_callback", "event": event | said}, rule)


# --- the walk -----------------------------------------------------------------------------------------------


def unruled(app: App) -> list[str]:
    """The listeners that answer to nothing in the table, by where they were written."""
    return [
        f"{one.ack_function.__module__}.{one.ack_function.__qualname__}"
        for one in app._listeners
        if not any(_answers(one, sample) for sample in samples())
    ]


def _answers(listener: Any, sample: Sample) -> bool:
    user = {"user": {"id": "U0ANA"}, "user_id": "U0ANA"}
    request = BoltRequest(body=sample.body | user, mode="socket_mode")
    return bool(listener.matches(req=request, resp=BoltResponse(status=200)))


@pytest.mark.both_engines
def test_every_listener_has_a_rule_and_every_rule_a_listener(bot: Bot) -> None:
    app = handlers.build_app(bot.ctx)

    assert unruled(app) == []
    idle = [one.name for one in samples() if not any(_answers(listener, one) for listener in app._listeners)]
    assert idle == []


def test_a_listener_without_a_rule_is_found_and_is_for_members_alone(bot: Bot) -> None:
    app = handlers.build_app(bot.ctx)
    app.action("brand_new")(lambda ack: ack())
    app.view("brand_new")(lambda ack: ack())

    assert len(unruled(app)) == 2
    for body in (_press("brand_new", {}, "1.0"), {"type": "view_submission", "view": _modal("new", 1, 1)}):
        request = access.read_request(body | {"user": {"id": "U0ANA"}})
        assert request is not None
        assert request.rule == access_rules.MEMBER


def test_the_word_of_a_command_is_read_as_the_command_reads_it() -> None:
    for typed in ("pause", "Pause.", "*pause*", "please pause"):
        request = access.read_request({"command": "/mentions", "text": typed, "user_id": "U0ANA"})
        assert request is not None
        assert request.rule == access_rules.PAUSE


# --- each by everybody --------------------------------------------------------------------------------------


@pytest.fixture
def stage(database_url: str) -> Iterator[tuple[Bot, list[Sample]]]:
    """A card with a reply of Ben's that is held, and people of every sort."""
    with running(database_url, undo_seconds=600, senders=f"{NAMED},{AFAR},U0ANA,U0BEN", troubles=True) as bot:
        world = bot.slack.world
        _, card = bot.heard("@acmebrew where are my secret beans?")
        assert bot.reply(card, "On their way.", by=bot.ben).closed
        bot.settled()
        world.add_channel("C0ELSE", "else")
        world.add_guest(SUE, "Sue Single", "sue", {CHANNEL}, is_single=True)
        world.add_guest(GUS, "Gus Guest", "gus", {CHANNEL, "C0ELSE"})
        world.add_guest(NAMED, "Nat Named", "nat", {CHANNEL})
        world.add_guest(AFAR, "Ada Afar", "ada", {"C0ELSE"})
        world.add_outsider(XI, "Xi", "xi", "T0XI", set())
        world.add_user(DOT, "Dot Gone", "dot")
        world.deactivate(DOT)
        world.add_user(APPY, "Appy", "appy", is_bot=True)
        world.add_outsider(PIA, "Pia Partner", "pia", "T0PARTNER", {CHANNEL})
        with bot.ctx.db.read() as session:
            reply = session.scalars(select(Reply)).one()
        yield bot, samples(reply.ticket_id, reply.id, card.ts, world.app.user_id)


def do(bot: Bot, sample: Sample, who: str, channel: str = CHANNEL, *, is_told: bool = True) -> str:
    """Have `who` do it. What they are then shown or answered, waited for if anything `is_told`."""
    person, world = bot.slack.person(who), bot.slack.world
    since, was = world.next_ts(), person.home
    payload = sample.by(person, channel)
    way = person.sender.transport
    answer = way.send(way.pack(sample.kind, payload), 3.0)
    assert answer.status == 200, (sample.name, answer)

    def shown() -> str:
        told = [visible(one).text for one in person.ephemerals(since)]
        home = [visible(person.home).text] if person.home is not was and person.home is not None else []
        return "\n".join(dict.fromkeys(filter(None, [answer.text, *told, *home])))

    return eventually(shown) if is_told else shown()


def is_told(sample: Sample, who: str) -> bool:
    """Whether there is anything to wait for: Slack whispers only to who is in the channel."""
    if sample.name == "app_home_opened":
        return True
    if sample.rule.needs is RequiredAccess.NOBODY_IN_PARTICULAR:
        return False
    return who not in {XI, DOT} or sample.kind == "slash_commands"


def ledger(bot: Bot) -> dict[str, list[Any]]:
    """All that the ledger holds, but for what the clock writes."""
    with bot.ctx.db.read() as session:
        return {
            table.name: sorted(
                map(repr, session.execute(select(*(one for one in table.c if one.name != "nudge_at"))))
            )
            for table in Base.metadata.sorted_tables
            if table.name not in MOVES_BY_ITSELF
        }


@pytest.mark.parametrize("who", REFUSED)
def test_whoever_is_no_member_changes_and_learns_nothing(stage: tuple[Bot, list[Sample]], who: str) -> None:
    bot, everything = stage
    before = ledger(bot)

    for sample in everything:
        shown = do(bot, sample, who, is_told=is_told(sample, who))
        assert shown in _nothing_but(REFUSED[who]), sample.name

    assert bot.ctx.running_tasks.wait_until_idle(10)
    assert ledger(bot) == before


def _nothing_but(sentence: str) -> set[str]:
    plain = sentence.replace("`", "")
    return {
        "",
        sentence,
        json.dumps({"response_type": "ephemeral", "text": sentence}),
        json.dumps({"response_action": "errors", "errors": {"typed": plain}}),
        json.dumps({"options": []}),
    }


@pytest.mark.both_engines
def test_a_guest_whom_senders_names_gets_no_further_than_the_cards(stage: tuple[Bot, list[Sample]]) -> None:
    bot, everything = stage
    bot.slack.world.disconnect(CHANNEL, "T0PARTNER")
    closed = [
        one for one in everything if one.rule.needs in {RequiredAccess.MEMBER, RequiredAccess.OWN_REPLY}
    ]
    before = ledger(bot)

    for sample in closed:
        sentence = (
            NAMED_GUEST_REFUSAL if sample.rule.needs is RequiredAccess.MEMBER else NOT_YOUR_REPLY
        )  # it is Ben's
        assert do(bot, sample, NAMED) in _nothing_but(sentence), sample.name

    assert ledger(bot) == before


@pytest.mark.both_engines
def test_nor_to_cards_in_a_channel_that_they_are_not_in(stage: tuple[Bot, list[Sample]]) -> None:
    bot, everything = stage
    before = ledger(bot)

    for sample in everything:
        if sample.kind != "interactive" or sample.name.startswith("shortcut"):
            continue  # a thread and a shortcut are about the card of the place where they are
        shown = do(bot, sample, AFAR, "C0ELSE", is_told=is_told(sample, AFAR))
        assert shown in _nothing_but(NAMED_GUEST_REFUSAL) | _nothing_but(NOT_IN_CHANNEL), sample.name

    assert ledger(bot) == before


def test_members_meet_no_door_at_all(stage: tuple[Bot, list[Sample]]) -> None:
    bot, everything = stage
    app = handlers.build_app(bot.ctx)
    reached: list[str] = []
    app.middleware(lambda body: reached.append(body["sample"]) or BoltResponse(status=200))

    for sample in everything:
        body = sample.by(bot.ana) | {"sample": sample.name}
        app.dispatch(BoltRequest(body=body, mode="socket_mode"))

    assert reached == [sample.name for sample in everything]


def test_for_a_crowd_of_presses_slack_is_asked_once_who_somebody_is(stage: tuple[Bot, list[Sample]]) -> None:
    bot, everything = stage
    claim = next(one for one in everything if one.name == "show_context")
    asked = _asked(bot, GUS)

    for number in range(12):
        body = json.loads(json.dumps(claim.body))
        body["actions"][0]["action_ts"] = str(number)
        do(bot, replace(claim, body=body), GUS)

    assert _asked(bot, GUS) == asked + 1


def _asked(bot: Bot, user: str) -> int:
    with bot.slack.world.lock:
        calls = [one for one in bot.slack.world.calls if one.method == "users.info"]
    return sum(one.args.get("user") == user for one in calls)
