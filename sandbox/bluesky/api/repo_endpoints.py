"""Records in repositories, as the PDS keeps them. All rules as seen on PDS 0.5.35."""

from typing import Any

from sandbox.bluesky.api.call import Call
from sandbox.bluesky.api.errors import XrpcError, invalid
from sandbox.bluesky.state.accounts import POST, Account, Record
from sandbox.bluesky.state.blobs import UPLOAD_MAX_BYTES
from sandbox.bluesky.state.ids import TID, make_cid, record_uri
from sandbox.bluesky.state.record_rules import RecordError, check_post

Row = dict[str, Any]


def get_record(call: Call) -> Row:
    """https://docs.bsky.app/docs/api/com-atproto-repo-get-record; nobody needs to log in for it.

    Records of a deactivated account are "not found": the PDS then asks the AppView, which does not have them.
    """
    account = call.world.find_user(call.text("repo"))
    if account is None:
        raise invalid(f"Could not find repo: {call.text('repo')}")
    collection, rkey = call.text("collection"), call.text("rkey")
    found = account.records.get((collection, rkey))
    if found is None or account.state != "active":
        uri = record_uri(account.did, collection, rkey)
        raise XrpcError(400, "RecordNotFound", f"Could not locate record: {uri}")
    return _row(found)


def list_records(call: Call) -> Row:
    """https://docs.bsky.app/docs/api/com-atproto-repo-list-records: by key, the newest first."""
    account, limit, cursor = _repository(call, call.text("repo")), call.limit(), call.optional("cursor")
    found = [one for one in account.of(call.text("collection")) if cursor is None or one.rkey < cursor]
    page = found[:limit]
    rows = [call.world.spoilt.rows.get(one.uri, _row(one)) for one in page]
    return {"records": rows} | ({"cursor": page[-1].rkey} if page else {})


def put_record(call: Call) -> Row:
    """https://docs.bsky.app/docs/api/com-atproto-repo-put-record.

    The same content is a success without a `commit`, whatever `swapRecord` says. `swapRecord: null` refuses
    other content, and writes anew what was deleted.
    """
    account, collection, rkey, value = _wanted(call)
    before, cid = account.records.get((collection, rkey)), make_cid(value)
    if "swapRecord" in call.body:
        expected = call.body["swapRecord"]
        if before is not None and before.cid == cid and expected in {None, cid}:
            return _written(before, is_new=False)
        if (before.cid if before else None) != expected:
            raise XrpcError(400, "InvalidSwap", f"Record was at {before.cid if before else 'null'}")
    elif before is not None and before.cid == cid:
        return _written(before, is_new=False)
    is_valid = call.body.get("validate") is not False
    written = call.world.write(account, collection, rkey, value, call.world.now(), is_valid=is_valid)
    return _written(written, is_new=True)


def create_record(call: Call) -> Row:
    """https://docs.bsky.app/docs/api/com-atproto-repo-create-record. A key that is taken is a 500."""
    account, collection, rkey, value = _wanted(call)
    if (collection, rkey) in account.records:
        raise XrpcError(500, "InternalServerError", "Internal Server Error")
    is_valid = call.body.get("validate") is not False
    written = call.world.write(account, collection, rkey, value, call.world.now(), is_valid=is_valid)
    return _written(written, is_new=True)


def upload_blob(call: Call) -> Row:
    """https://docs.bsky.app/docs/api/com-atproto-repo-upload-blob: the file is the whole body."""
    if call.account.state != "active":
        raise XrpcError(401, "AccountDeactivated", "Account is deactivated")
    if len(call.content) > UPLOAD_MAX_BYTES:
        raise XrpcError(413, "PayloadTooLarge", "request entity too large")
    return {"blob": call.world.blobs.add(call.account.did, call.content, call.content_type).json()}


def _check_blobs(account: Account, call: Call, value: dict[str, Any]) -> None:
    """Refuse a record with a file that this account has not uploaded."""
    embed = value.get("embed")
    images = embed.get("images", []) if isinstance(embed, dict) else []
    for one in images if isinstance(images, list) else []:
        cid = one.get("image", {}).get("ref", {}).get("$link", "")
        if call.world.blobs.find(account.did, cid) is None:
            raise XrpcError(400, "BlobNotFound", f"Could not find blob: {cid}")


def delete_record(call: Call) -> Row:
    """https://docs.bsky.app/docs/api/com-atproto-repo-delete-record; one that is not there is no error."""
    account = _own_repository(call)
    if "swapRecord" in call.body and not isinstance(call.body["swapRecord"], str):
        raise invalid("Expected string value type (got null) at $.swapRecord")
    found = call.world.remove(account, str(call.field("collection")), str(call.field("rkey")))
    return {"commit": _commit(found)} if found is not None else {}


def _wanted(call: Call) -> tuple[Account, str, str, dict[str, Any]]:
    """The repository, collection, key and content that a call wants to write."""
    account, collection, value = _own_repository(call), str(call.field("collection")), call.field("record")
    rkey = str(call.body.get("rkey") or call.world.next_key())
    if collection == POST and not TID.fullmatch(rkey):
        raise invalid(f'Invalid record key for {collection}: Invalid TID string (got "{rkey}") at $')
    if not isinstance(value, dict):
        raise invalid("Expected object value type at $.record")
    value = {"$type": collection, **value}
    if value["$type"] != collection:
        raise invalid(f"Invalid $type: expected {collection}, got {value['$type']}")
    if collection == POST and call.body.get("validate") is not False:
        try:
            check_post(value)
        except RecordError as no:
            raise invalid(f"Invalid {collection} record: {no}") from None
        _check_blobs(account, call, value)
    return account, collection, rkey, value


def _own_repository(call: Call) -> Account:
    if call.world.find_user(str(call.field("repo"))) is not call.account:
        raise XrpcError(401, "AuthenticationRequired", "Authentication Required")
    if call.account.state != "active":
        raise XrpcError(401, "AccountDeactivated", "Account is deactivated")
    return call.account


def _repository(call: Call, name: str) -> Account:
    found = call.world.find_user(name)
    if found is None or found.state != "active":
        raise invalid(f"Could not find repo: {name}")
    return found


def _row(record: Record) -> Row:
    return {"uri": record.uri, "cid": record.cid, "value": record.value}


def _written(record: Record, *, is_new: bool) -> Row:
    row: Row = {"uri": record.uri, "cid": record.cid, "validationStatus": "valid"}
    return row | ({"commit": _commit(record)} if is_new else {})


def _commit(record: Record) -> Row:
    return {"cid": make_cid([record.uri, record.cid]), "rev": record.rkey}
