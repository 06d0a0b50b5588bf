"""`/mentions issues`: what people suffer from, ranked; what was fixed; or the issue that is called so."""

from bot.context import BotContext
from bot.slack.blocks.issues import ranking as face
from bot.slack.blocks.text import mrkdwn_literal, one_line
from bot.slack.blocks.values import IssueListValue
from handlers.commands.slash_command import CommandAnswer, SlashCommand
from handlers.door import Act, door
from handlers.feedback import LEDGER_TIMEOUT_SECONDS
from models.core.command_words import strip_marks
from models.core.normalize import sanitize
from models.issues.queries import count_to_notify, find_issues, list_fixed_issues, rank_open_issues


def handle_issues(ctx: BotContext, asked: SlashCommand) -> CommandAnswer:
    """What people suffer from, ranked; what was fixed; or the one that is called so."""
    words = one_line(sanitize(asked.rest))
    kind = "open" if not words else "fixed" if strip_marks(words).casefold() == "fixed" else "found"
    return build_list_answer(ctx, IssueListValue(kind, words if kind == "found" else ""))


@door.press("issues_page_a", "issues_page_b", value=IssueListValue)
def turn(act: Act[IssueListValue]) -> None:
    """Show another page in place of the one that was open."""
    act.answer(in_place=True, **build_list_answer(act.ctx, act.value))


def build_list_answer(ctx: BotContext, asked: IssueListValue) -> CommandAnswer:
    """One page of a list."""
    at, kind, words = ctx.now(), asked.kind, asked.words
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        mended = list_fixed_issues(session, at=at) if kind != "found" else []
        if kind == "fixed":
            found = mended
        else:
            found = (
                find_issues(session, words, at=at) if kind == "found" else rank_open_issues(session, at=at)
            )
    if not found and kind == "found":
        return {
            "text": f"There is no issue called “{mrkdwn_literal(words)}”. `/mentions issues` lists them all."
        }
    if not found and kind == "fixed":
        return {"text": face.NO_FIXED_ISSUES_TEXT}
    if not found and not mended:
        return {"text": face.NO_ISSUES_TEXT}
    blocks = face.build_issue_list(
        found, page=asked.page, kind=kind, words=words, to_tell=count_to_notify(mended)
    )
    return {"text": f"Issues: {len(found)}", "blocks": blocks}
