"""What a card says of a post that its network does not show any more, called `title`. Pure; mrkdwn."""

from bot.slack.blocks.text import date_token
from models import Mention


def removed_text(mention: Mention, title: str) -> str:
    """In the place of words that were taken away."""
    if mention.missing_since is None:  # as an older Heard took it, and there is nothing left to look at
        return f":wastebasket: Deleted by its author {date_token(mention.deleted_at or mention.posted_at)}."
    if not mention.is_lost:
        return f"{missing_text(mention, title)} Its text was removed here."
    how = "Gone from" if mention.missing_as == "gone" else "No longer shown on"
    since = date_token(mention.missing_since)
    return f":see_no_evil: {how} {title} since {since}. Its text was removed here."


def missing_text(mention: Mention, title: str) -> str:
    """That the network does not show it, which does not say who did what."""
    since = date_token(mention.missing_since or mention.posted_at)
    again = f" I'll check again {date_token(mention.look_at)}." if mention.look_at is not None else ""
    if mention.missing_as == "gone":
        return f":eyes: *{title} says this post is gone*, since {since}.{again}"
    return (
        f":eyes: *{title} isn't showing us this post right now*, since {since}. It may be deleted, "
        f"protected, suspended or withheld, or {title} may be slow.{again}"
    )
