"""Publishing on Bluesky, exactly once, and finding out what became of it."""

import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from bot.networks.base import Publisher
from bot.networks.bluesky import errors, parsing, reply_record, uris
from bot.networks.bluesky.caller import Caller
from bot.networks.bluesky.facets import build_facets
from bot.networks.bluesky.json_values import get_text, parse_time
from bot.networks.bluesky.listings import ListingReader
from bot.networks.bluesky.pictures import LIMITS, UPLOAD_METHOD, build_embed, pack_blob
from bot.networks.bluesky.reply_record import FrozenReply
from bot.networks.errors import Later, Refused, RequestRejected, Unsure
from bot.networks.json_values import JsonObject, get_object
from bot.networks.pictures import Picture, PictureLimits, UploadedPicture
from bot.networks.values import PublishedReply, RepeatRule, ReplyTarget
from models.core.normalize import nfc

_CLOCK_TOLERANCE = timedelta(minutes=5)  # a record's time is the claim of whatever wrote it
_REPEAT_WITHIN = timedelta(seconds=60)


class RecordPublisher(ListingReader, Publisher):
    """Writes replies under keys of our own choice. One call, or one look and the same call once more."""

    _caller: Caller

    @property
    def picture_limits(self) -> PictureLimits | None:
        """The same on every server."""
        return LIMITS

    def upload(self, picture: Picture, *, account_id: str) -> str:
        """Upload a picture: https://docs.bsky.app/docs/api/com-atproto-repo-upload-blob."""
        self._caller.require_account(account_id)
        answer = self._caller.procedure(
            UPLOAD_METHOD, picture.data, account_id, content_type=picture.content_type
        )
        return pack_blob(answer)

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
        """Return the call that writes the reply, made of the post as it is now.

        Reads the post once: whether it is there, its version, its thread, and whether we may answer it. The
        PDS would take a reply to a post that is gone, gated or by someone who blocks us, and nobody would
        see it. Raises `Refused`, also if the post is not the version that `to` has, and `Later`.
        """
        reply_record.check_text(text)
        until = time.monotonic() + self._caller.limits.begin_seconds
        self._caller.require_account(account_id)
        _check_in_time(until)
        parent = self._read_parent(to, account_id)
        record = get_object(parent, "record")
        reference = parsing.parse_reference(parent)
        if reference is None:
            raise Later(None, "server error", "Bluesky did not say which version of the post is current.")
        shown = parsing.context_cid(to.context)
        if shown and shown != reference["cid"]:
            raise Refused("invalid", "They edited the post since. Read it again before you answer.")
        root = parsing.parse_reference(get_object(parsing.parse_reply(record), "root")) or reference
        return reply_record.freeze(
            text,
            repo=account_id,
            key=key,
            at=at,
            root=root,
            parent=reference,
            facets=build_facets(text, lambda handle: self._resolve(handle, account_id, until)),
            langs=parsing.parse_langs(record),
            embed=build_embed(pictures) if pictures else None,
        )

    def publish(
        self, text: str, to: ReplyTarget, key: str, *, account_id: str, frozen: str = ""
    ) -> PublishedReply:
        """Write the reply that `freeze` made; without `frozen`, it is made now.

        Raises `Refused`, `Later` and `Unsure`.
        """
        self._caller.require_account(account_id)
        frozen = frozen or self.freeze(text, to, key, at=datetime.now(UTC), account_id=account_id)
        reply = self._parse_frozen(frozen, account_id)
        if reply.text != text:
            raise Refused(
                "invalid", "The reply is not the one that was prepared for Bluesky. Please try again."
            )
        return self._put(reply, account_id)

    def repeat_rule(self, *, account_id: str) -> RepeatRule | None:
        """Once, after one look that found nothing, within a minute of the first call."""
        del account_id
        return RepeatRule(looks=1, earliest=timedelta(0), latest=_REPEAT_WITHIN)

    def repeat(self, to: ReplyTarget, key: str, *, account_id: str, frozen: str) -> PublishedReply:
        """Look for the reply once more, and only if it is not there write exactly the same again."""
        del to, key
        reply = self._parse_frozen(frozen, account_id)
        until = time.monotonic() + self._caller.limits.begin_seconds
        if (found := self._find_record(reply, account_id)) is not None:
            return found
        _check_in_time(until)
        return self._put(reply, account_id)

    def find_reply(
        self, to: ReplyTarget, text: str | None, since: datetime, *, account_id: str, frozen: str = ""
    ) -> PublishedReply | None:
        """Look for the reply under its key; without `frozen`, for what answers `to` among our posts."""
        self._caller.require_account(account_id)
        if frozen:
            found = self._find_record(self._parse_frozen(frozen, account_id), account_id)
            if found is not None or text is not None:
                return found
        return self._find_under(to, text, since, account_id)

    def delete(self, post_id: str, *, account_id: str) -> None:
        """Delete our own post. One that is not there any more is no error for Bluesky.

        Raises `Refused`, `Later` and `Unsure`.
        """
        uri = uris.parse_post_uri(post_id)
        self._caller.require_account(account_id)
        if uri is None:
            raise Refused("invalid", "Bluesky has no such post.")
        if uri.did != account_id:
            raise Refused("not ours", "That post belongs to another account.")
        call = {"repo": uri.did, "collection": uri.collection, "rkey": uri.rkey}
        self._caller.procedure("com.atproto.repo.deleteRecord", json.dumps(call).encode(), account_id)

    def _read_parent(self, to: ReplyTarget, account_id: str) -> JsonObject:
        """The post to answer, as a view. Raises `Refused` if it cannot be answered, and `Later`."""
        uri = uris.parse_post_uri(to.post_id)
        if uri is None:
            raise Refused("parent gone", "Bluesky has no such post.")
        if uri.did == account_id:  # the AppView may not have our own newest posts yet
            found = self._get_record(uri, account_id)
            if found is None:
                raise Refused("parent gone", "Our own post, which this reply follows, is deleted.")
            return {**found, "record": get_object(found, "value")}
        view = self.views([to.post_id], account_id).get(to.post_id)
        if view is None:
            raise Refused(
                "parent gone",
                "Bluesky does not show that post to us any more: it is deleted, its author blocks us, or "
                "their account is closed.",
            )
        if (why := parsing.why_no_reply(view)) is not None:
            raise Refused("not allowed", why)
        return view

    def _resolve(self, handle: str, account_id: str, until: float) -> str | None:
        """The DID of a handle; None if nobody has it. Raises `Later` if that cannot be told in time."""
        _check_in_time(until)
        try:
            answer = self._caller.query("com.atproto.identity.resolveHandle", {"handle": handle}, account_id)
        except RequestRejected:
            return None
        did = get_text(answer, "did")
        return did if uris.is_did(did) else None

    def _put(self, reply: FrozenReply, account_id: str) -> PublishedReply:
        answer = self._caller.procedure(reply_record.PUT_METHOD, reply.body, account_id)
        if answer.get("uri") != reply.post_id:
            raise Unsure("Bluesky accepted the reply but did not confirm its address.")
        return PublishedReply(reply.post_id, uris.post_link(reply.post_id))

    def _find_record(self, reply: FrozenReply, account_id: str) -> PublishedReply | None:
        uri = uris.RecordUri(reply.repo, uris.POST_COLLECTION, reply.rkey)
        if self._get_record(uri, account_id) is None:
            return None
        return PublishedReply(reply.post_id, uris.post_link(reply.post_id))

    def _get_record(self, uri: uris.RecordUri, account_id: str) -> JsonObject | None:
        """A record of our own repository, as it is now; None if there is none. Raises `Later`.

        Of a deactivated account `getRecord` says "not found" although the record is there (PDS 0.5.35), as
        it then asks the AppView. `listRecords` never does, so it has to confirm that the repository is at
        hand.
        """
        ask = {"repo": uri.did, "collection": uri.collection}
        try:
            answer = self._caller.query("com.atproto.repo.getRecord", {**ask, "rkey": uri.rkey}, account_id)
        except errors.RecordNotFound:
            self._caller.query("com.atproto.repo.listRecords", {**ask, "limit": 1}, account_id)
            return None
        if answer.get("uri") != str(uri):
            raise Later(None, "server error", "Bluesky sent another record than the one that was asked for.")
        return answer

    def _find_under(
        self, to: ReplyTarget, text: str | None, since: datetime, account_id: str
    ) -> PublishedReply | None:
        floor = since - _CLOCK_TOLERANCE
        for rows, is_cut_off in self.own_records(floor, account_id):
            for row in rows:
                uri = uris.parse_post_uri(row.get("uri"))
                if uri is not None and _answers(row, uri, to, text, floor):
                    return PublishedReply(str(uri), uris.post_link(str(uri)))
            if is_cut_off:
                raise Later(None, "server error", "Bluesky did not list all posts of our own account.")
        return None

    def _parse_frozen(self, frozen: str, account_id: str) -> FrozenReply:
        """What was frozen. Raises `Refused` if it writes to another account's repository."""
        reply = reply_record.parse_frozen(frozen)
        if reply.repo != account_id:
            raise Refused("invalid", "This reply was prepared for another account. Please write it again.")
        return reply


def _answers(
    row: JsonObject, uri: uris.RecordUri, to: ReplyTarget, text: str | None, floor: datetime
) -> bool:
    """Whether our own record `row` is a reply to `to` with that text (None: any), from `floor` on."""
    record = get_object(row, "value")
    parent: Mapping[str, object] = get_object(parsing.parse_reply(record), "parent")
    written = parse_time(get_text(record, "createdAt")) or uris.tid_time(uri.rkey)
    if parent.get("uri") not in to.ids or (written is not None and written < floor):
        return False
    return text is None or _same_words(get_text(record, "text"), text)


def _check_in_time(until: float) -> None:
    if time.monotonic() > until:
        raise Later(None, "unreachable", "Bluesky is slow to answer. Nothing was sent.")


def _same_words(one: str, other: str) -> bool:
    return nfc(one).strip() == nfc(other).strip()
