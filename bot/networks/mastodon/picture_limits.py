"""What pictures a server takes with a post, by its own instance document. Pure."""

from datetime import timedelta

from bot.networks.json_values import JsonObject, get_number, get_object
from bot.networks.pictures import GIF, JPEG, OWN_MAX_BYTES, OWN_MAX_SIDE, PNG, PictureLimits

LIFETIME = timedelta(hours=12)  # an upload that no post shows is deleted after a day
_ALT_MAX_LENGTH = 1500  # https://docs.joinmastodon.org/entities/Instance/#description_limit
_COUNT_MAX = 10  # as many as one input of Slack takes


def parse_limits(document: JsonObject) -> PictureLimits | None:
    """Read an instance document, of v2 or v1; None if the server takes no pictures.

    https://docs.joinmastodon.org/entities/Instance/#media_attachments
    """
    configuration = get_object(document, "configuration")
    media = get_object(configuration, "media_attachments")
    most = get_number(get_object(configuration, "statuses"), "max_media_attachments")
    named = media.get("supported_mime_types")
    kinds = {JPEG, PNG} if not isinstance(named, list) else {JPEG, PNG, GIF}.intersection(map(str, named))
    stills = frozenset(kinds - {GIF})
    if most == 0 or not stills:
        return None
    own_pixels = OWN_MAX_SIDE * OWN_MAX_SIDE
    return PictureLimits(
        max_count=min(most or 4, _COUNT_MAX),
        content_types=stills,
        max_bytes=min(get_number(media, "image_size_limit") or OWN_MAX_BYTES, OWN_MAX_BYTES),
        max_pixels=min(get_number(media, "image_matrix_limit") or own_pixels, own_pixels),
        alt_max_length=get_number(media, "description_limit") or _ALT_MAX_LENGTH,
        takes_animations=GIF in kinds,
        lifetime=LIFETIME,
    )
