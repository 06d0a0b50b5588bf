"""Uploading pictures to X, as the account of a reply."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import requests

from bot.networks.base import Reader
from bot.networks.http_client import CallLimits, HttpStatusError
from bot.networks.pictures import Picture, PictureLimits, PictureSender, UploadedPicture
from bot.networks.values import ReplyTarget
from bot.networks.x import billing, errors, pictures
from bot.networks.x.pictures import freeze as freeze_pictures
from bot.networks.x.signing import Signer


class PictureUploader(Reader, PictureSender):
    """The part of X that sends pictures; `_signer` makes the calls, within `_limits`."""

    _signer: Signer
    _limits: CallLimits

    @property
    def picture_limits(self) -> PictureLimits | None:
        """The same for every account."""
        return pictures.LIMITS

    def upload(self, picture: Picture, *, account_id: str) -> str:
        """Upload a picture, then its alt text."""
        media_id = pictures.parse_upload(
            self._post(pictures.UPLOAD_PATH, pictures.upload_body(picture), account_id)
        )
        self.note_charge(account_id, billing.MEDIA_CHARGE, [media_id])
        if picture.alt:
            self._post(pictures.METADATA_PATH, pictures.metadata_body(media_id, picture.alt), account_id)
        return media_id

    def _post(self, route: str, body: Mapping[str, Any], account_id: str) -> requests.Response:
        try:
            return self._signer.make_call(
                lambda client, by_keys: client.request("POST", route, json=body, user_auth=by_keys),
                account_id,
                within=self._limits.sign_seconds,
            )
        except HttpStatusError as no:
            decision = errors.write_error(no.response, self._signer.secrets)
            raise pictures.upload_error(no.response, decision) from None

    def freeze(
        self,
        text: str,
        to: ReplyTarget,
        key: str,
        *,
        at: datetime,
        account_id: str,
        pictures: Sequence[UploadedPicture] = (),
    ) -> str:
        """Return the ids of the pictures; nothing else is frozen for X."""
        del text, to, key, at, account_id
        return freeze_pictures(pictures)
