"""The line of a card that says which issues its ticket is about. Pure."""

from collections.abc import Sequence

from bot.slack.blocks.elements import Block
from bot.slack.blocks.text import line_block, text_element, truncate
from models import Issue

ISSUES_SHOWN_MAX, ISSUE_TITLE_MAX_CHARS = 3, 60


def build_issue_line(issues: Sequence[Issue]) -> Block:
    """What it is about, in the titles that teammates typed, as they typed them. `issues` are one or more."""
    parts = [text_element("Issue: " if len(issues) == 1 else "Issues: ")]
    for number, issue in enumerate(issues[:ISSUES_SHOWN_MAX]):
        parts += [text_element(", ")] * (number > 0) + [
            text_element(truncate(issue.title, ISSUE_TITLE_MAX_CHARS), "bold")
        ]
        parts += [text_element(" (fixed)")] * issue.is_fixed
    more = len(issues) - ISSUES_SHOWN_MAX
    return line_block(*parts, *([text_element(f" and {more} more")] if more > 0 else []))
