"""Every endpoint by name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.bluesky.api import feed_endpoints as feed
from sandbox.bluesky.api import repo_endpoints as repo
from sandbox.bluesky.api import session_endpoints as session
from sandbox.bluesky.api.call import Call

Handler = Callable[[Call], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint, and whether it wants an access token."""

    name: str
    handle: Handler
    needs_token: bool = True


ENDPOINTS = {
    one.name: one
    for one in (
        Endpoint("POST com.atproto.server.createSession", session.create_session, needs_token=False),
        Endpoint("POST com.atproto.server.refreshSession", session.refresh_session, needs_token=False),
        Endpoint("GET com.atproto.server.getSession", session.get_session),
        Endpoint("GET com.atproto.identity.resolveHandle", session.resolve_handle, needs_token=False),
        Endpoint("GET com.atproto.repo.getRecord", repo.get_record, needs_token=False),
        Endpoint("GET com.atproto.repo.listRecords", repo.list_records, needs_token=False),
        Endpoint("POST com.atproto.repo.putRecord", repo.put_record),
        Endpoint("POST com.atproto.repo.createRecord", repo.create_record),
        Endpoint("POST com.atproto.repo.deleteRecord", repo.delete_record),
        Endpoint("POST com.atproto.repo.uploadBlob", repo.upload_blob),
        Endpoint("GET app.bsky.notification.listNotifications", feed.list_notifications),
        Endpoint("GET app.bsky.feed.getPosts", feed.get_posts),
        Endpoint("GET app.bsky.feed.getPostThread", feed.get_post_thread),
        Endpoint("GET app.bsky.feed.getAuthorFeed", feed.get_author_feed),
        Endpoint("GET app.bsky.feed.searchPosts", feed.search_posts),
        Endpoint("GET app.bsky.actor.getProfile", feed.get_profile),
        Endpoint("GET app.bsky.actor.getProfiles", feed.get_profiles),
    )
}
