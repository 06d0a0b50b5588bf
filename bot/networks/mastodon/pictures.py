"""Pictures on a server of Mastodon's API: uploaded one by one, then named by a reply.

https://docs.joinmastodon.org/methods/media/. An upload that no post shows is deleted after a day. Older
releases post without a picture that they do not find, so each is looked at before a reply is frozen.
"""

from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import quote

import requests

from bot.networks.errors import Later, Refused, RequestRejected, Unsure
from bot.networks.http_client import HttpStatusError
from bot.networks.json_values import JsonObject
from bot.networks.mastodon import errors
from bot.networks.mastodon.api import Api
from bot.networks.mastodon.json_values import get_id
from bot.networks.pictures import GIF, JPEG, PNG, PROCESSING_CAUSE, Picture, UploadedPicture

_MEDIA, _MEDIA_V1 = "/api/v2/media", "/api/v1/media"
_ENDINGS = {JPEG: "jpg", PNG: "png", GIF: "gif"}


def upload(api: Api, picture: Picture) -> str:
    """Upload a picture, once; return its id. Raises `Refused`, `Later` and `Unsure`."""
    try:
        row = _post(api, _MEDIA, picture)
    except HttpStatusError as no:
        if no.response.status_code != HTTPStatus.NOT_FOUND:  # only Pixelfed had v1 alone
            raise _upload_error(api, no.response) from None
        try:
            row = _post(api, _MEDIA_V1, picture)
        except HttpStatusError as again:
            raise _upload_error(api, again.response) from None
    if not get_id(row):
        raise Unsure("The server accepted a picture but did not return its id.")
    return get_id(row)


def _post(api: Api, path: str, picture: Picture) -> JsonObject:
    name = f"picture.{_ENDINGS.get(picture.content_type, 'bin')}"
    fields = {"description": picture.alt} if picture.alt else {}
    return api.send_form(path, fields, {"file": (name, picture.data, picture.content_type)})


def _upload_error(api: Api, response: requests.Response) -> Exception:
    """What an answer to an upload means: nothing is public, whatever it is."""
    secrets = [api.login().token.get_secret_value()]
    if response.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:  # as a rule by a proxy, as HTML
        return Refused("invalid", "The server says that the file is too large.")
    if response.status_code == HTTPStatus.FORBIDDEN:
        hint = "connect the account again, for the scope write:media."
        return Refused("invalid", f"The server does not let this token upload: {hint}")
    return errors.write_error(response, secrets)


def check_ready(api: Api, pictures: Sequence[UploadedPicture]) -> None:
    """See that the server has each of them, and can show it.

    Raises `Refused` if one is gone, and `Later`, whose cause is `PROCESSING_CAUSE` while it works on one.
    """
    for one in pictures:
        try:
            response = api.get_response(
                f"{_MEDIA_V1}/{quote(one.media, safe='')}", (), kind="posts", login=api.login()
            )
        except HttpStatusError as no:
            if errors.is_absent(no.response):
                raise Refused("invalid", "The server has lost a picture. Please send it again.") from None
            later = errors.read_error(no.response, [api.login().token.get_secret_value()])
            if isinstance(later, RequestRejected):
                raise Refused("invalid", f"The server could not read a picture. {later.detail}") from None
            raise later from None
        if response.status_code == HTTPStatus.PARTIAL_CONTENT:
            raise Later(None, PROCESSING_CAUSE, "The server is still processing a picture.")
