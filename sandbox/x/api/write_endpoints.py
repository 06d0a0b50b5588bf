"""The endpoints that create and delete posts, for the account that signs the call."""

from sandbox.x.api.call import Call
from sandbox.x.api.fields import renamed, words
from sandbox.x.api.json_rows import Row
from sandbox.x.api.problems import invalid_request, plain
from sandbox.x.api.query_params import ID
from sandbox.x.state import request_log
from sandbox.x.state.posting_rules import NO_QUOTE, NOT_YOURS, ForbiddenError, is_sayable
from sandbox.x.state.posts import XPost
from sandbox.x.state.text import shown
from sandbox.x.state.uploads import MEDIA_MAX

CREATE_KEYS = words(
    "card_uri community_id direct_message_deep_link for_super_followers_only geo made_with_ai media nullcast "
    "paid_partnership poll quote_tweet_id reply reply_settings share_with_followers text"
)
REPLY_SETTINGS = words("following mentionedUsers subscribers verified")


def create(call: Call) -> Row:
    body = call.body
    if not isinstance(body, dict) or not set(body) <= CREATE_KEYS:
        extra = sorted(set(body) - CREATE_KEYS) if isinstance(body, dict) else ["$"]
        raise invalid_request({"message": f"$.{extra[0]}: is not defined in the schema"})
    if "quote_tweet_id" in body:
        raise plain(403, NO_QUOTE)
    if not isinstance(text := body.get("text"), str) or not is_sayable(text):
        raise invalid_request({"message": "$.text: must be a string of at least one character"})
    if str(body.get("reply_settings", "verified")) not in REPLY_SETTINGS:
        raise invalid_request({"message": f"$.reply_settings: must be one of {sorted(REPLY_SETTINGS)}"})
    parent_id, unnamed = _reply_of(body)
    try:
        made = call.world.publish(
            text, reply_to=parent_id, unnamed=unnamed, by=call.me, media_ids=_media_of(call)
        )
    except ForbiddenError as refusal:
        raise plain(403, str(refusal)) from None
    _charge_for(call, made)
    # The empty ID is in a recorded response to a create.
    row = {"id": made.id, "text": shown(made.composed).text, "edit_history_tweet_ids": [""]}
    return {"data": renamed(row, call.world.faults.vocabulary)}


def _media_of(call: Call) -> list[str]:
    """The ids of the pictures of a new post. Raises ProblemError if X has not all of them."""
    media = call.body.get("media")
    if media is None:
        return []
    ids = media.get("media_ids") if isinstance(media, dict) else None
    if not isinstance(ids, list) or not 0 < len(ids) <= MEDIA_MAX:
        raise invalid_request({"message": f"$.media.media_ids: must have 1 to {MEDIA_MAX} items"})
    if any(call.world.uploads.find(one, call.me.id, call.now) is None for one in ids):
        raise invalid_request(
            {"parameters": {"media.media_ids": ids}, "message": "Your media IDs are invalid."}
        )
    return ids


def _reply_of(body: Row) -> tuple[str | None, list[str]]:
    reply = body.get("reply")
    if reply is None:
        return None, []
    parent_id = reply.get("in_reply_to_tweet_id") if isinstance(reply, dict) else None
    if not isinstance(parent_id, str) or not ID.fullmatch(parent_id):
        raise invalid_request({"message": f"$.reply.in_reply_to_tweet_id: does not match ^{ID.pattern}$"})
    unnamed = reply.get("exclude_reply_user_ids", [])
    if not isinstance(unnamed, list):
        raise invalid_request({"message": "$.reply.exclude_reply_user_ids: must be an array"})
    return parent_id, unnamed


def _charge_for(call: Call, made: XPost) -> None:
    """Charge for a create. A link in a summoned reply probably costs nothing extra; that is unproven."""
    if made.reply_to is not None:
        call.world.journal.wrote(request_log.SUMMONED_REPLY)
    else:
        has_link = made.composed.of("urls")
        call.world.journal.wrote(request_log.CREATE_WITH_LINK if has_link else request_log.CREATE)


def delete(call: Call) -> Row:
    """Delete a post; one that is gone already counts as deleted, and X says so.

    X bills answers that return data, each resource once a UTC day, so that repeating a delete costs nothing
    more on the same day: https://docs.x.com/x-api/getting-started/pricing. That page names no endpoint for
    its price of managing content; that it holds for one that was gone is a guess.
    """
    post_id = call.id()
    if post_id in call.world.posts:
        if call.world.posts[post_id].author_id != call.me.id:
            raise plain(403, NOT_YOURS)
        call.world.delete(post_id)
    call.world.journal.read("deletion", [post_id], request_log.DELETE, call.now)
    return {"data": {"deleted": True}}
