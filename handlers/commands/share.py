"""*Share to channel* under an answer that only the asker sees."""

from bot.slack import ephemeral_answers
from bot.slack.blocks.values import SharedAnswerValue
from handlers.door import Act, door


@door.press(ephemeral_answers.SHARE_ACTION_ID, value=SharedAnswerValue, in_background=True)
def share(act: Act[SharedAnswerValue]) -> str | None:
    """Post the answer to the channel where it was asked for."""
    return ephemeral_answers.share(act.ctx, act.who.id, act.value.key, press=act.who.key)
