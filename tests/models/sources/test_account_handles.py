"""Our accounts by their handles: which a handle means, and which are listed."""

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from models import Account
from models.core.account_filter import list_accounts
from models.sources.account import AccountHandles

AT = datetime(2026, 3, 2, tzinfo=UTC)


def ours(session: Session) -> AccountHandles:
    for network, number, handle, server, source in (
        ("x", "1", "acme", "", "environment"),
        ("x", "2", "FernPress", "", "connected"),
        ("mastodon", "3", "fernpress", "books.example", "connected"),
        ("mastodon", "4", "fernpress", "other.example", "connected"),
        ("x", "5", "gone", "", None),
    ):
        named = {"network": network, "network_id": number, "handle": handle, "name": "We", "server": server}
        Account.record_profile(session, **named, at=AT, source=source)  # type: ignore[arg-type]
    session.flush()
    return Account.handles(session)


def test_a_handle_means_every_account_that_has_it_in_any_case(session: Session) -> None:
    known = ours(session)

    def keys(handle: str) -> set[tuple[str, str]]:
        found = known.find(handle)
        return set(found.keys) if found is not None else set()

    assert keys("ACME") == {("x", "1")}
    assert keys("@fernpress") == {("x", "2"), ("mastodon", "3"), ("mastodon", "4")}
    assert keys("FernPress@Books.example") == {("mastodon", "3")}
    assert keys("gone") == {("x", "5")}  # its figures are still there
    assert keys("fern") == keys("") == keys("@") == set()


def test_our_accounts_are_listed_once_they_are_several(session: Session) -> None:
    known = ours(session)

    assert known.connected_handles == (
        "acme",
        "FernPress",
        "fernpress@books.example",
        "fernpress@other.example",
    )
    assert list_accounts(["acme", "_f_"]) == " Our accounts: @acme, `@_f_`."
    assert list_accounts(["acme"]) == ""


def test_a_reading_of_an_account_that_is_not_known_may_be_anybodys(session: Session) -> None:
    known = ours(session)
    acme = [one for one in [known.find("acme")] if one is not None]

    assert known.may_be("x", "2", ())
    assert [known.may_be("x", one, acme) for one in ("1", "2", "?env", "")] == [True, False, True, True]
    assert not known.may_be("mastodon", "?env", acme)
