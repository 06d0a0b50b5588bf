"""The names of parameters, fields and expansions, in the old spelling (tweet.*) and the new (post.*).

The new names are in X's OpenAPI since 2.167 (7 August 2026); the documentation and tweepy still use the old
ones.
"""

from collections.abc import Iterable
from typing import Any

from sandbox.x.faults import Vocabulary

NEW_NAMES = {
    "edit_history_tweet_ids": "edit_history_post_ids",
    "note_tweet": "note_post",
    "pinned_tweet_id": "pinned_post_id",
    "referenced_tweets": "referenced_posts",
    "referenced_tweets.id": "referenced_posts.id",
    "referenced_tweets.id.author_id": "referenced_posts.id.author_id",
    "tweet": "post",
    "tweet.fields": "post.fields",
    "tweets": "posts",
}
OLD_NAMES = {new: old for old, new in NEW_NAMES.items()}


def words(text: str) -> frozenset[str]:
    """Return the names in `text`, which are separated by spaces."""
    return frozenset(text.split())


POST_QUERY = words("expansions tweet.fields user.fields media.fields place.fields poll.fields")
USER_QUERY = words("expansions tweet.fields user.fields")
TIMELINE_QUERY = POST_QUERY | words("end_time max_results pagination_token since_id start_time until_id")
COUNTS_QUERY = words("end_time granularity next_token pagination_token query since_id start_time until_id")
SEARCH_QUERY = TIMELINE_QUERY | words("query next_token sort_order")

MEDIA_FIELDS = words(
    "alt_text duration_ms height media_key preview_image_url public_metrics type url variants width"
)
# X knows these, but they stay empty here.
EMPTY_POST_FIELDS = words(
    "article card_uri community_id context_annotations geo media_metadata non_public_metrics organic_metrics "
    "promoted_metrics scopes source withheld"
)
EMPTY_USER_FIELDS = words(
    "affiliation connection_status entities location most_recent_tweet_id pinned_tweet_id receives_your_dm "
    "subscription subscription_type url withheld"
)
# Expansion of a post → the field of the row that it needs.
EXPANSIONS = {
    "article.cover_media": "article",
    "attachments.media_keys": "attachments",
    "attachments.poll_ids": "attachments",
    "author_id": "author_id",
    "edit_history_tweet_ids": "edit_history_tweet_ids",
    "entities.mentions.username": "entities",
    "geo.place_id": "geo",
    "in_reply_to_user_id": "in_reply_to_user_id",
    "referenced_tweets.id": "referenced_tweets",
    "referenced_tweets.id.author_id": "referenced_tweets",
}
USER_EXPANSIONS = words(
    "affiliation.user_id most_recent_tweet_id pinned_tweet_id"
)  # accepted, but without effect here


def spelled(names: Iterable[str], vocabulary: Vocabulary) -> frozenset[str]:
    """Return the accepted spellings of `names` (old ones): both, or only the new ones with `post-only`."""
    old = frozenset(names)
    new = frozenset(NEW_NAMES.get(name, name) for name in old)
    return new if vocabulary == "post-only" else old | new


def renamed(row: dict[str, Any], vocabulary: Vocabulary) -> dict[str, Any]:
    """Return a row or `includes` with the names of `vocabulary`."""
    return row if vocabulary == "tweet" else {NEW_NAMES.get(key, key): value for key, value in row.items()}
