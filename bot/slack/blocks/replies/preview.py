"""The exact preview of a public reply that came from a thread: nothing leaves before its author says so."""

from bot.slack.blocks.elements import Block, button, context_block, section_block
from bot.slack.blocks.replies.audience import Audience, build_added_block, warning_mark
from bot.slack.blocks.replies.pictures import PictureContent, build_picture
from bot.slack.blocks.text import quote_block
from bot.slack.blocks.values import PreviewValue, ReplyValue

NO_PICTURES = PictureContent()
QUOTE_MAX_CHARS = 2_000  # characters of the reply
DUPLICATE_MAX_CHARS = 600  # and of the one that says the same


def build_preview(
    *,
    draft_id: int,
    ticket_id: int,
    text: str,
    audience: Audience,
    length: int,
    max_length: int,
    problem: str | None,
    words_of: str | None = None,
    left_out: str | None = None,
    warning: str | None = None,
    is_near: bool = False,
    twin: str | None = None,
    by_hand: bool = False,
    latest: str | None = None,
    not_shown: str | None = None,
    pictures: PictureContent = NO_PICTURES,
) -> list[Block]:
    """Text, whom it reaches, length, and what stands against it; `problem` takes the send away.

    `words_of` is the Slack user whose words they are, if not the reader's; `left_out` (mrkdwn) says what
    came with them and stays behind; `warning` (mrkdwn) tells of a reply of ours that says nearly the same
    (`is_near`), `twin`, or that the network may find it too long; `by_hand`: a person has to post it on the
    network; `latest` is the version of the post that it would answer; `not_shown` (mrkdwn) says that the
    network does not show it to us; `pictures` go along.
    """
    title = audience.title
    value = ReplyValue(ticket_id, draft_id)
    whose = f" Written by <@{words_of}>." if words_of else ""
    blocks = [
        section_block(audience.preview_text()),
        quote_block(text, QUOTE_MAX_CHARS),
        context_block(
            f"{length} of {max_length} characters as {title} counts them. Only you can see this.{whose}"
        ),
    ]
    if not_shown is not None:
        blocks.append(section_block(f":eyes: {not_shown}"))
    for number, one in enumerate(pictures.shown, 1):
        blocks += build_picture(one, number, with_alt=True)
    if left_out is not None:
        blocks.append(section_block(left_out))
    if by_hand:
        how = f":arrow_upper_right: {title} doesn't let Heard send this reply: you need to post it by hand."
        blocks.append(context_block(" ".join(filter(None, [how, audience.by_hand_text()]))))
    elif (added := build_added_block(audience)) is not None:
        blocks.append(added)
    if problem is not None:
        blocks.append(section_block(f":no_entry: {problem}"))
    elif warning is not None:
        blocks += [section_block(warning), *([quote_block(twin, DUPLICATE_MAX_CHARS)] if twin else [])]
    # Only what was shown to be a near copy may go out as one.
    seen = PreviewValue(
        ticket_id,
        draft_id,
        latest=latest,
        is_near_copy=is_near,
        is_not_shown=not_shown is not None,
        visibility=audience.visibility,
        warning=warning_mark(audience.content_warning),
        prefix=audience.prefix_mark,
        pictures=pictures.mark,
    )
    label = "Send anyway" if warning is not None else audience.send_label
    style = {} if warning is not None else {"style": "primary"}
    send = [] if problem is not None else [button(label, "send_publicly", seen, **style)]
    row = [*send, button("Edit", "edit_draft", value), button("Keep private", "keep_private", value)]
    return [*blocks, {"type": "actions", "elements": row}]
