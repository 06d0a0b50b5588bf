"""What a server says of itself.

https://docs.joinmastodon.org/entities/Instance/
"""

from typing import Any

from sandbox.mastodon.api.call import Call
from sandbox.mastodon.api.http_messages import Answer, ApiError, as_json
from sandbox.mastodon.state.media import ATTACHMENTS_LIMIT, DESCRIPTION_LIMIT, KINDS, MATRIX_LIMIT, SIZE_LIMIT


def v2(call: Call) -> Answer:
    flavour = call.world.flavour
    if not flavour.has_v2_instance:
        raise ApiError(404, "Not found")
    body: dict[str, Any] = {
        "domain": call.world.domain,
        "title": call.world.domain,
        "version": flavour.version,
        "source_url": flavour.source_url,
        "configuration": _configuration(call) | {"urls": _streaming_url(call, "streaming")},
    }
    if flavour.api_version is not None:
        body["api_versions"] = {"mastodon": flavour.api_version}
    if flavour.name == "gotosocial":
        body["account_domain"] = call.world.domain
    return as_json(200, body)


def own_app(call: Call) -> Answer:
    """The app of the token; its scopes are told since Mastodon 4.3."""
    body: dict[str, Any] = {"name": "app"}
    known = call.world.grants.tokens.get(call.request.bearer or "")
    if call.world.flavour.api_version is not None and known is not None:
        body["scopes"] = sorted(known.scopes)
    return as_json(200, body)


def v1(call: Call) -> Answer:
    flavour = call.world.flavour
    body = {
        "uri": call.world.domain,
        "title": call.world.domain,
        "version": flavour.version,
        "max_toot_chars": flavour.max_characters,
        "configuration": _configuration(call),
        "urls": _streaming_url(call, "streaming_api"),
    }
    return as_json(200, body)


def _streaming_url(call: Call, name: str) -> dict[str, str]:
    """Where its WebSockets are; nothing if it has none."""
    if not call.world.flavour.has_websockets:
        return {}
    return {name: f"ws://{call.request.headers.get('host', 'localhost')}"}


def _configuration(call: Call) -> dict[str, Any]:
    flavour = call.world.flavour
    return {
        "statuses": {
            "max_characters": flavour.max_characters,
            "max_media_attachments": ATTACHMENTS_LIMIT,
            "characters_reserved_per_url": flavour.characters_per_url,
        },
        "media_attachments": {
            "supported_mime_types": [*KINDS],
            "image_size_limit": SIZE_LIMIT,
            "image_matrix_limit": MATRIX_LIMIT,
            "description_limit": DESCRIPTION_LIMIT,
        },
        "polls": {"max_options": 4, "max_characters_per_option": 50},
    }
