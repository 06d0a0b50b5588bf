"""The card and its kin over anything that could be typed: Slack takes them, in one piece, with nothing live in them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.networks.x.client import XNetwork
from bot.networks.x.settings import XSettings
from bot.slack.blocks import dialogs
from bot.slack.blocks.replies import composer, preview
from bot.slack.blocks.replies.audience import Audience
from bot.slack.blocks.tickets import card
from bot.slack.blocks.tickets.card_view import POSTS_SHOWN_MAX, CardView
from bot.slack.blocks.values import Origin
from models import Author, Mention, Reply, Ticket
from models.core.normalize import sanitize
from models.sources.attachment import Attachment
from models.tickets.delivery_state import PUBLIC_STATES, UNSETTLED_STATES
from models.tickets.state import CLOSE_REASONS, TicketState
from sandbox.slack import visible
from sandbox.slack.block_kit.validator import check_message, check_view
from tests.story.harness import KEYS, SPLIT_AT

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NETWORK = XNetwork(XSettings(**KEYS))

PIECES = [
    "<!channel>",
    "<@U1>",
    "<https://evil.example|Approved>",
    "&lt;!here&gt;",
    "&amp;",
    "*",
    "_",
    "~",
    "`",
    ">",
    "@here",
    "@channel",
    "#general",
    ":tada:",
    "🍺",
    "\u202e",
    "\u2066",
    "\u200b",
    "\n",
    "é́",
    "🇵🇹",
    "```",
    "<!date^0^x|y>",
    "%s",
    "{0}",
]
nasty = st.lists(st.sampled_from(PIECES), max_size=30).map(" ".join)
words = st.one_of(
    st.text(),
    nasty,
    st.text(min_size=2_000, max_size=5_000),
    st.sampled_from([" ", "\n" * 500, "<&>" * 3_000]),
).map(sanitize)
names = st.one_of(st.none(), st.text(max_size=80), nasty).map(lambda name: name and sanitize(name))
handles = st.one_of(st.none(), st.from_regex(r"[A-Za-z0-9_]{1,15}", fullmatch=True), st.just("here"))
addresses = st.sampled_from(
    [
        "https://pbs.twimg.com/a.jpg",
        "http://pbs.twimg.com/a.jpg",
        "javascript:alert(1)",
        "https://a b",
        "https://e|x>",
    ]
)
attachments = st.sampled_from(["photo", "video"]) | st.builds(  # the kind alone until schema 0010
    lambda *given: Attachment(*given).as_json(),
    st.sampled_from(["photo", "video", "gif", "poll", "media"]),
    st.none() | addresses,
    st.none() | words,
    st.lists(words, max_size=6).map(tuple),
)
our_handles = st.lists(st.sampled_from(["acmebrew", "acme_help", "_a_"]), unique=True, max_size=3).map(tuple)
post_ids = st.integers(1, 2**63 - 1).map(str)


@st.composite
def mentions(draw: st.DrawFn) -> Mention:
    post_id = draw(post_ids)
    return Mention(
        post_id=post_id,
        latest_id=post_id,
        text=draw(words),
        url=NETWORK.post_link(post_id, None),
        media=draw(st.lists(attachments, max_size=6)),
        matched=draw(st.sampled_from(["mentions us", "answers us", "names us", "quotes us"])),
        addressed=draw(st.none() | st.lists(handles.filter(bool), max_size=50)),
        answers=draw(handles | st.just("")),
        in_reply_to=draw(st.none() | post_ids),
        quoted=draw(st.none() | post_ids),
        answerable=draw(st.none() | words.map(lambda why: why[:300])),
        posted_at=NOW,
        edited_at=draw(st.none() | st.just(NOW)),
        deleted_at=draw(st.none() | st.just(NOW)),
        missing_since=draw(st.none() | st.just(NOW)),
        missing_as=draw(st.sampled_from([None, "gone", "not shown"])),
        missed_looks=draw(st.integers(0, 3)),
        look_at=draw(st.none() | st.just(NOW)),
    )


@st.composite
def replies(draw: st.DrawFn, states: Any) -> Reply:
    return Reply(
        id=draw(st.integers(1, 10**9)),
        ticket_id=1,
        turn=1,
        state=draw(st.sampled_from(states)),
        text=draw(words),
        actor="U0ANA",
        to_post_id=draw(post_ids),
        created_at=NOW,
        due_at=draw(st.none() | st.just(NOW)),
        sent_at=draw(st.none() | st.just(NOW)),
        settled_at=draw(st.none() | st.just(NOW)),
        looks=6,
        reason=draw(st.none() | st.sampled_from(["rate limit", "unreachable"])),
        post_url=draw(st.none() | st.just("https://x.com/acmebrew/status/1")),
    )


@st.composite
def views(draw: st.DrawFn) -> CardView:
    each_once = st.lists(mentions(), min_size=1, max_size=POSTS_SHOWN_MAX, unique_by=lambda one: one.post_id)
    theirs = tuple(draw(each_once))
    spoken, going = draw(st.none() | replies(PUBLIC_STATES)), draw(st.none() | replies(UNSETTLED_STATES))
    row = Ticket(
        id=draw(st.integers(1, 10**9)),
        network="x",
        state=draw(st.sampled_from(list(TicketState))),
        reason=draw(
            st.none()
            | st.sampled_from(CLOSE_REASONS)
            | words.map(lambda why: why[: dialogs.REASON_MAX_CHARS])
        ),
        owner=draw(st.none() | st.just("U0ANA")),
        closed_by=draw(st.sampled_from(["heard", "U0BEN"])),
        closed_at=NOW + timedelta(minutes=5),
        waiting_since=NOW,
        due_at=NOW,
        snoozed_until=NOW,
        turn=1,
        target_post_id=theirs[-1].post_id,
    )
    author = Author(
        name=draw(names),
        handle=draw(handles),
        followers=draw(st.none() | st.integers(0, 10**10)),
        verified=draw(st.booleans()),
        protected=False,
    )
    return CardView(
        ticket=row,
        author=author,
        mentions=theirs,
        hidden_count=draw(st.integers(0, 10**6)),
        replies=tuple(one for one in (spoken, going) if one is not None),
        earlier_tickets=draw(st.integers(0, 10**6)),
        network=NETWORK,
        title=NETWORK.title,
        account="acmebrew",
        connected=draw(st.none() | our_handles),
        left=draw(our_handles),
        reply_accounts={
            one.id: "acme_help" for one in (spoken, going) if one is not None and draw(st.booleans())
        },
        is_disconnected=draw(st.booleans()),
        disconnected=draw(st.none() | st.just("acme_help")),
    )


def nothing_live(message: dict[str, Any]) -> None:
    shown = visible(message)
    assert shown.broadcasts == []
    assert shown.of("channel", "usergroup") == []
    assert {user.target for user in shown.users} <= {"U0ANA", "U0BEN"}
    assert all(link.target.startswith("https://x.com/") for link in shown.links if link.where != "/text")
    assert not any(link.target.startswith("https://evil") and not link.auto for link in shown.links)


@given(views())
def test_any_card_is_taken_in_one_piece_and_rings_nobody(view: CardView) -> None:
    blocks, text = card.build_card(view), card.summary_text(view)

    assert check_message(blocks) == []
    nothing_live({"blocks": blocks, "text": text})
    assert len(visible({"blocks": blocks}).text) < SPLIT_AT
    assert len(text) < SPLIT_AT
    assert all(row["elements"] for row in blocks if row["type"] == "actions")


LONGEST_PICTURE = {"kind": "photo", "url": "https://pbs.twimg.com/a.jpg", "alt": "a" * 1_000}
LONGEST_POLL = {"kind": "poll", "choices": ["c" * 60] * 9}


def test_the_longest_card_is_taken_in_one_piece() -> None:
    theirs = tuple(
        Mention(
            post_id=letter,
            latest_id=letter,
            text=letter * 3_000,
            url=NETWORK.post_link("1", None),
            media=[LONGEST_PICTURE] * 4 + [LONGEST_POLL],
            addressed=["w" * 15] * 50,
            answers="w" * 15,
            matched="mentions us",
            in_reply_to="1",
            answerable="They neither mentioned nor quoted us, so X accepts no reply from its API.",
            posted_at=NOW,
            edited_at=NOW,
        )
        for letter in "abc"
    )
    ours = tuple(
        Reply(
            id=number,
            ticket_id=1,
            turn=number,
            state=state,
            text="r" * 3_000,
            actor="U0ANA",
            to_post_id="a",
            looks=0,
            created_at=NOW,
            settled_at=NOW,
            post_url="https://x.com/acmebrew/status/1",
        )
        for number, state in enumerate(["published", "handed off"])
    )
    row = Ticket(
        id=10**9,
        network="x",
        state=TicketState.WAITING,
        owner="U0ANA",
        waiting_since=NOW,
        turn=1,
        target_post_id="c",
    )
    author = Author(name="Z" + "\u0301" * 600, handle="a" * 15, followers=10**10, verified=True)
    view = CardView(
        ticket=row,
        author=author,
        mentions=theirs,
        hidden_count=1_000,
        replies=ours,
        earlier_tickets=1_000,
        network=NETWORK,
        title=NETWORK.title,
        account="a" * 15,
    )

    blocks = card.build_card(view)

    assert check_message(blocks) == []
    assert len(visible({"blocks": blocks}).text) < SPLIT_AT


@given(views())
def test_the_plain_card_of_last_resort_is_taken_too(view: CardView) -> None:
    blocks = card.build_plain_card(view)

    assert check_message(blocks) == []
    nothing_live({"blocks": blocks, "text": card.summary_text(view)})


def audience_of(handle: str | None, warning: str | None) -> Audience:
    prefix = f"@{handle} " if handle else ""
    return Audience("X", "acmebrew", handle, "followers", warning, prefix, is_narrowed=True)


@given(words, handles, st.none() | words)
def test_any_preview_is_taken_in_one_piece_and_rings_nobody(
    text: str, handle: str | None, warning: str | None
) -> None:
    blocks = preview.build_preview(
        draft_id=1,
        ticket_id=1,
        text=text,
        audience=audience_of(handle, warning),
        length=len(text),
        max_length=280,
        problem=None,
    )

    assert check_message(blocks) == []
    nothing_live({"blocks": blocks})
    assert len(visible({"blocks": blocks}).text) < SPLIT_AT


@given(words, words, handles, st.none() | words)
def test_any_composer_is_taken_and_rings_nobody(
    asked: str, typed: str, handle: str | None, warning: str | None
) -> None:
    origin = Origin(ticket=1, turn=1, post_id="1", key="k" * 32, network="x")

    modal = composer.build_composer_modal(
        origin,
        composer.ComposerContent(
            audience=audience_of(handle, warning), words=asked, max_length=280, text=typed
        ),
    )

    assert check_view(modal) == []
    nothing_live(modal)
    kept = Origin.unpack(modal["private_metadata"])
    assert (kept.ticket, kept.post_id, kept.key) == (origin.ticket, origin.post_id, origin.key)
