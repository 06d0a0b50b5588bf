"""Lists of customers: used as a whole or not at all, and handles compared as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Customer, CustomerList
from models.sources import customer
from models.sources.customer import CustomerEntry, CustomerListGoneError, fold_handle
from tests.models.ledger import NINE, minute


def entries(*handles: str, network: str = "") -> list[CustomerEntry]:
    return [CustomerEntry(network, handle, f"note of {handle}") for handle in handles]


def handles(session: Session) -> list[str]:
    return [one.handle for one in Customer.each(session)]


def replaced(session: Session, *names: str) -> int:
    number = CustomerList.begin(session, at=NINE)
    Customer.add_batch(session, number, entries(*names))
    return CustomerList.complete(session, number, at=NINE)


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("@Maria", "maria"),
        (" maria ", "maria"),
        ("\ufeffmaria", "maria"),
        ("\uff20Maria", "maria"),
        ("https://x.com/Maria", "maria"),
        ("http://www.twitter.com/Maria/status/12?s=20", "maria"),
        ("x.com/maria", "maria"),
        ("https://x.com/@Maria", "maria"),
        ("https://mobile.twitter.com/maria?lang=en", "maria"),
        ("HTTPS://X.COM/maria/", "maria"),
        ("https://x.com/i/user/123", None),
        ("https://x.com/I/status/123", None),
        ("https://twitter.com/intent/user?screen_name=maria", None),
        ("https://x.com/search?q=maria", None),
        ("https://x.com/hashtag/maria", None),
        ("https://x.com/maria.b", None),
        ("https://x.com/robots.txt", None),
        ("https://bsky.app/maria", None),
        ("https://bsky.app/profile", None),
        ("https://bsky.app/profile/did:plc:abc", None),
        ("https://facebook.com/maria", None),
        ("https://notx.com/maria", None),
        ("https://mastodon.example/users/maria", None),
        ("https://www.tiktok.com/@maria", None),
        ("https://bsky.app/profile/Maria.bsky.social", "maria.bsky.social"),
        ("https://social.example/@Maria", "maria@social.example"),
        ("https://social.example/@maria@other.example/12", "maria@other.example"),
        ("@Maria@Social.Example", "maria@social.example"),
        ("maria-b", "maria-b"),
        ("", None),
        ("@", None),
        ("maria b", None),
        ("https://x.com/", None),
        ("https://", None),
        ("https://[x/maria", None),
        ("ftp://x.com/maria", None),
        ("a/b", None),
        ("maria\0", None),
        ("マリア", None),
        ("x" * 201, None),
    ],
)
def test_a_handle_is_read_however_it_is_written(typed: str, folded: str | None) -> None:
    assert fold_handle(typed) == folded


@given(st.text(max_size=60))
def test_whatever_is_typed_is_a_handle_or_none_and_folding_twice_changes_nothing(typed: str) -> None:
    folded = fold_handle(typed)
    assert folded is None or fold_handle(folded) == folded


def test_a_list_is_used_when_it_is_complete_and_replaces_the_one_before(session: Session) -> None:
    replaced(session, "maria", "joe")
    number = CustomerList.begin(session, at=minute(1))
    Customer.add_batch(session, number, entries("kim"))
    assert handles(session) == ["joe", "maria"]
    assert Customer.notes_of(session, "x", ["Kim", "@JOE"]) == {"joe": "note of joe"}

    assert CustomerList.complete(session, number, at=minute(2)) == 1
    assert handles(session) == ["kim"]
    assert Customer.notes_of(session, "x", ["Kim", "joe"]) == {"kim": "note of kim"}


def test_of_two_imports_at_once_the_later_one_wins_as_a_whole(session: Session) -> None:
    replaced(session, "maria")
    first = CustomerList.begin(session, at=minute(1))
    Customer.add_batch(session, first, entries("joe"))
    second = CustomerList.begin(session, at=minute(2))
    assert second != first
    Customer.add_batch(session, first, entries("more"))
    with pytest.raises(CustomerListGoneError):
        CustomerList.complete(session, first, at=minute(3))
    Customer.add_batch(session, second, entries("kim"))
    CustomerList.complete(session, second, at=minute(4))

    assert handles(session) == ["kim"]


def test_clear_forgets_them_and_ends_what_is_being_imported(session: Session) -> None:
    replaced(session, "maria", "joe")
    number = CustomerList.begin(session, at=minute(1))

    assert CustomerList.clear(session, at=minute(2)) == 2
    assert handles(session) == []
    assert CustomerList.clear(session, at=minute(2)) == 0
    with pytest.raises(CustomerListGoneError):
        CustomerList.complete(session, number, at=minute(3))


def test_what_is_not_used_is_deleted_a_part_at_a_time(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customer, "DELETED_AT_ONCE", 3)
    replaced(session, *"abcdefgh")
    replaced(session, "kim")
    rounds = 0
    while Customer.delete_unused(session):
        rounds += 1

    assert 2 <= rounds <= 4
    assert session.scalar(select(func.count()).select_from(Customer)) == 1
    assert handles(session) == ["kim"]


def test_the_first_of_two_rows_of_one_customer_stays(session: Session) -> None:
    number = CustomerList.begin(session, at=NINE)
    Customer.add_batch(session, number, [CustomerEntry("x", "joe", "one"), CustomerEntry("x", "joe", "two")])
    Customer.add_batch(session, number, [CustomerEntry("x", "joe", "three"), CustomerEntry("", "joe", "any")])
    Customer.add_batch(session, number, [])

    assert CustomerList.complete(session, number, at=NINE) == 2
    assert Customer.notes_of(session, "x", ["joe"]) == {"joe": "one"}
    assert Customer.notes_of(session, "y", ["joe"]) == {"joe": "any"}
    assert Customer.notes_of(session, "y", []) == {}


def test_a_long_list_is_read_part_by_part(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(customer, "LISTED_AT_ONCE", 2)
    number = CustomerList.begin(session, at=NINE)
    Customer.add_batch(session, number, entries(*"edcba") + entries("c", network="x"))
    CustomerList.complete(session, number, at=NINE)

    assert handles(session) == ["a", "b", "c", "c", "d", "e"]
