"""`/mentions cost`: what listening and replying cost this month, for the person who asks."""

from bot.context import BotContext
from bot.slack import ephemeral_answers
from bot.slack.blocks.commands import cost as face
from handlers.commands.slash_command import CommandAnswer, SlashCommand
from handlers.feedback import LEDGER_TIMEOUT_SECONDS
from models import Account
from models.reports.budget import Budget, read_budget
from models.reports.costs import build_cost_report


def handle_cost(ctx: BotContext, asked: SlashCommand) -> CommandAnswer:
    """Today, this month, a forecast, and the accounts and tracks that cost most."""
    at = ctx.now()
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        found = build_cost_report(session, at=at)
        accounts = Account.handles(session)
        budget = read_budget(session, ctx.settings.monthly_cap_micros, at=at)
    blocks = face.build_cost_answer(
        found,
        ctx.network_titles,
        accounts,
        at=at,
        cap=ctx.settings.monthly_cap_micros,
        notes=_pace_notes(budget),
    )
    text = face.summary_text(found, at=at)
    return ephemeral_answers.shareable_message(
        ctx, asked.channel, text, blocks, patience=LEDGER_TIMEOUT_SECONDS / 2
    )


def _pace_notes(budget: Budget | None) -> list[str]:
    """What the cap does to readings now."""
    if budget is None or not budget.is_near:
        return []
    if budget.is_spent:
        return ["The cap is reached, so I have stopped listening until the next month. Replies still go out."]
    return ["The cap is near, so the most expensive readings come less often."]
