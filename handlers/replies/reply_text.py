"""What a teammate typed, read as it would go out, and what stands against that."""

import hashlib
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.slack.blocks.text import date_token, is_visible, mrkdwn_handle
from bot.slack.membership import MembershipKind, access_if_known
from bot.slack.private_access import read_access_if_known
from bot.slack.typed_text import FORWARDED_LABEL, SlackText, find_slack_tokens
from handlers.replies.destination import Destination
from models import Event, Reply, Teammate, Ticket
from models.core.mrkdwn import as_code, escape_entities
from models.core.normalize import nfc
from models.similarity.near_duplicates import NearDuplicate, find_near_duplicate
from models.slack.teammate import append_sign_off, strip_sign_off
from models.tickets import answer_as

DUPLICATE_TEXT_FOR_GUESTS = (
    ":busts_in_silhouette: This is almost the same as an earlier reply. Please rephrase it."
)
FILES_LEFT_OUT_ACT = "files left out"  # the act
LEFT_OUT_WHY = "only text and pictures can go out"
NAMES_LISTED_MAX = 5  # names of files in one sentence
ADD_OWN_LINE_TEXT = "Add a line of your own, or send it as it is."


@dataclass(frozen=True, slots=True)
class ReplyText:
    """What somebody typed, as it would go out: `text` ends with the sign-off, if there is one."""

    text: str
    sign_off: str | None
    length: int
    problem: str | None
    warning: str | None = None  # why the network may refuse them, where nobody can know

    @property
    def text_hash(self) -> str:
        """What tells these exact words from others."""
        return text_hash(self.text)


def text_hash(text: str) -> str:
    """A short name for exactly these words."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def reply_text_from_typed(there: Destination, typed: SlackText, sign_off: str | None = None) -> ReplyText:
    """What was typed in Slack as it would go out, in the counting of the account's own server."""
    own = nfc(typed.text).strip()
    own = strip_sign_off(own, sign_off) if sign_off else own
    text = append_sign_off(own, sign_off) if is_visible(own) else ""
    return _build_reply_text(there, text, typed.names, sign_off)


def reply_text_from_draft(there: Destination, text: str, sign_off: str | None = None) -> ReplyText:
    """The words of a draft, which were read when it was kept; `text` ends with the sign-off."""
    return _build_reply_text(there, text, (), sign_off)


def _build_reply_text(
    there: Destination, text: str, names: tuple[str, ...], sign_off: str | None
) -> ReplyText:
    """`text` with its length and what stands against it; `names` is what was found to be Slack's alone."""
    length = there.network.length(text, there.to)
    found = unsendable_names(names, text)
    problem = _problem(there, text, found, length, sign_off)
    return ReplyText(text, sign_off, length, problem, length_warning(there, text))


def length_warning(there: Destination, text: str) -> str | None:
    """A sentence if `text` may be too long for the network, by one of two ways in which it may count."""
    network = there.network
    most = network.length_upper_bound(text, there.to)
    if most <= network.max_length:
        return None
    return (
        f":warning: {network.title} may count this as {most} characters, more than {network.max_length}, "
        "because of newer emoji. If it refuses the reply, your text comes back to you."
    )


def unsendable_names(names: tuple[str, ...], text: str) -> tuple[str, ...]:
    """What cannot go out, each once: `names`, which Slack told, and what in `text` looks like one of them.

    Somebody may have written `<!subteam^S1>` letter by letter: escaped here, saying it rings nobody.
    """
    alike = [one for one in find_slack_tokens(text) if one not in names]
    alike = [one if one.startswith(("<@", ":")) else escape_entities(one) for one in alike]
    known = [
        one if one.startswith(("<@", "<#", "<!subteam^", ":")) else escape_entities(one) for one in names
    ]
    return tuple(dict.fromkeys([*known, *alike]))


def slack_only_text(names: tuple[str, ...]) -> str:
    """What to say of `names`, which have no characters outside Slack: people, groups and custom emoji."""
    what = [
        *(["Type the name instead"] if any(name[0] in "<&" for name in names) else []),
        *(["Remove that emoji or choose a standard one"] if any(name[0] == ":" for name in names) else []),
    ]
    shown = ", ".join(f"`{name}`" if name[0] in ":&" else name for name in names[:NAMES_LISTED_MAX])
    more = f" and {len(names) - NAMES_LISTED_MAX} more" if len(names) > NAMES_LISTED_MAX else ""
    return (
        f"{shown}{more} {'means' if len(names) == 1 else 'mean'} something only in Slack. {', '.join(what)}"
    )


def left_out_text(left_out: tuple[str, ...], why: str = LEFT_OUT_WHY) -> str:
    """What to say of files and the like that came with the words, mrkdwn; `why` ends the sentence."""
    some = [one if one == FORWARDED_LABEL else as_code(one) for one in left_out[:NAMES_LISTED_MAX]]
    more = len(left_out) - len(some)
    listed = [*some, f"{more} more"] if more else some
    named = listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}"
    return f":paperclip: {named} won't be sent: {why}."


def _problem(
    there: Destination, text: str, names: tuple[str, ...], length: int, sign_off: str | None
) -> str | None:
    network = there.network
    if not text:
        return "There is nothing to send yet."
    if names:
        return f"{slack_only_text(names)}; nothing was sent."
    if length > network.max_length:
        over = length - network.max_length
        too_many = f"{over} character{'' if over == 1 else 's'} too many"
        added = f"the {there.added_length} that Heard adds" if there.added_length else None
        besides = " and ".join(filter(None, [f"your sign-off “{sign_off}”" if sign_off else None, added]))
        with_sign = f" with {besides}" if besides else ""
        return (
            f"That is {too_many}{with_sign}: {network.title} counts {length}, and allows at most "
            f"{network.max_length}."
        )
    return network.why_too_long(text, there.to)


def load_left_out(session: Session, draft: Reply) -> tuple[tuple[str, ...], str] | None:
    """What came with the message that a draft's words were taken from, and stays behind.

    Names of files, and why; None if nothing stays behind.
    """
    if draft.said_ts is None:
        return None
    query = select(Event.data).join(Reply, Reply.id == Event.reply_id)
    query = query.where(
        Event.ticket_id == draft.ticket_id, Event.act == FILES_LEFT_OUT_ACT, Reply.said_ts == draft.said_ts
    )
    data = session.scalars(query.order_by(Event.id.desc()).limit(1)).first()
    return (tuple(data["files"]), str(data.get("why") or LEFT_OUT_WHY)) if data else None


def load_sign_off(ctx: BotContext, session: Session, user: str) -> str | None:
    """How `user` signs in public, unless sign-offs are off."""
    return Teammate.sign_off_of(session, user) if ctx.settings.sign_offs else None


# --- said before --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DuplicateWarning:
    """A reply of ours that says (nearly) the same."""

    near_duplicate: NearDuplicate
    sentence: str  # mrkdwn
    quoted: str | None  # what we said then; None where its reader may see no other card

    @property
    def is_refused(self) -> bool:
        """The same words to the same person again are never sent; anything else is theirs to decide."""
        return self.near_duplicate.is_exact and self.near_duplicate.same_person


def find_duplicate(
    ctx: BotContext,
    session: Session,
    ticket: Ticket,
    words: ReplyText,
    *,
    turn: int,
    reader: str,
    network: str | None = None,
) -> DuplicateWarning | None:
    """Whether we said that before: to this person word for word, or nearly so to anybody.

    `reader` is who is told; a guest learns neither to whom it was said, nor by whom and in which words.
    `network` is where it is to go out (None: the preset one).
    None if `turn`, which they are to answer, is answered: then the ledger says by whom.
    """
    percent = ctx.policy(session, ticket.channel).near_copy_percent
    if percent == 0 or (turn <= ticket.turn and ticket.live_reply(session) is not None):
        return None
    target = ticket.find_target(session, network)
    accounts = answer_as.load_accounts(session, ticket, target=target)
    own = {ticket.account_id} if target.network == ticket.network else set()
    found = find_near_duplicate(
        session,
        ctx.fingerprints,
        text=words.text,
        sign_off=words.sign_off,
        network=target.network,
        account_ids={*own, *(one.account_id for one in accounts)},
        author_id=ticket.author_id,
        names=ticket.participant_names(session),
        percent=percent,
        access=read_access_if_known(ctx, session, reader),
    )
    if found is None:
        return None
    if access_if_known(ctx, reader).kind is MembershipKind.NAMED_GUEST:
        return DuplicateWarning(found, DUPLICATE_TEXT_FOR_GUESTS, None)
    return DuplicateWarning(found, _duplicate_text(found), found.text)


def _duplicate_text(found: NearDuplicate) -> str:
    to = mrkdwn_handle(found.handle) if found.handle else "somebody"
    when = date_token(found.at, "{date_long_pretty}")
    if found.is_exact and found.same_person:
        return f"<@{found.actor}> already sent exactly that to {to}, {when}. Please rephrase it."
    same = f"*{found.percent} % the same* as <@{found.actor}>'s to {to}, {when}."
    return f":busts_in_silhouette: {same} {ADD_OWN_LINE_TEXT}"
