"""The composer's step with pictures: files that were added are fetched, then shown as they would go out."""

from dataclasses import replace
from typing import Any

from bot.context import BotContext
from bot.slack.blocks.replies.composer import build_composer_modal, build_fetching_modal
from bot.slack.blocks.replies.pictures import PickedPictures
from bot.slack.blocks.values import Origin
from bot.slack.typed_text import SlackText
from handlers.door import Act, write_session
from handlers.replies import pictures
from handlers.replies.composer import build_composer_content, pictures_place, shown_to
from handlers.replies.composing import keep_draft, show_composer
from models import Ticket
from models.tickets import answer_as

Body = dict[str, Any]


def take_files(
    act: Act[Origin], origin: Origin, typed: SlackText, picked: PickedPictures, *, account_id: str | None
) -> Body:
    """Keep words and files as a draft, and show it once the files are here: only then it can be sent.

    Fetching takes longer than Slack waits for an answer.
    """
    ctx, who, view_id = act.ctx, act.who, act.view["id"]
    with write_session(ctx) as session:
        ticket = Ticket.lock(session, origin.ticket)
        words = typed.text.strip()
        draft = keep_draft(
            ctx, session, ticket, who, origin=origin, words=words, account_id=account_id, picked=picked
        )
        title = ctx.network(origin.network).title
        if draft is None:  # the same submit once more
            return {"response_action": "update", "view": build_fetching_modal(origin, title, ["it"])}
        begun = replace(origin, draft=draft.id, pictures_of=draft.id, pictures="")
    ctx.run_in_background(lambda: _show_fetched(ctx, begun, view_id, typed, account_id))
    names = [name for _, name in picked.files]
    return {"response_action": "update", "view": build_fetching_modal(begun, title, names)}


def _show_fetched(
    ctx: BotContext, origin: Origin, view_id: str, typed: SlackText, account_id: str | None
) -> None:
    """Fetch the files of a draft, then show the composer with them."""
    assert origin.pictures_of is not None
    pictures.fetch_pending(ctx, origin.pictures_of)
    with ctx.db.read() as session:
        ticket = session.get_one(Ticket, origin.ticket)
        target = ticket.find_target(session, origin.network)
        accounts = answer_as.load_accounts(session, ticket, target=target)
        account = answer_as.pick_account(accounts, account_id or ticket.account_id)
        asked = build_composer_content(
            ctx,
            session,
            ticket,
            typed.text,
            account=account,
            accounts=accounts,
            target=target,
            pictures_of=pictures_place(origin),
        )
    show_composer(ctx, view_id, build_composer_modal(shown_to(origin, target, account), asked))
