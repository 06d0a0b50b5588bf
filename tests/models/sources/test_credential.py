"""Whose turn it is to renew what lets us speak, and what is known of the last try."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Credential
from models.core.database import Database
from models.sources.credential import RENEWAL_LEASE
from tests.models.ledger import NINE, minute, raised, together

HOURS = NINE + timedelta(hours=2)


@pytest.fixture(autouse=True)
def _connected(db: Database) -> None:
    connect(db)


def connect(db: Database, sealed: str = "first") -> None:
    with db.write() as session:
        Credential.connect(session, "x", sealed=sealed, key_id="k1", at=NINE, expires_at=HOURS)


def row(db: Database) -> Credential:
    with db.read() as session:
        return Credential.all(session)[0]


def locked(session: Session) -> Credential:
    found = Credential.lock(session, Credential.all(session)[0].id)
    assert found is not None
    return found


def lease(db: Database, at=NINE) -> bool:
    with db.write() as session:
        return locked(session).lease(at=at)


def keep(db: Database, sealed: str, at=NINE) -> None:
    with db.write() as session:
        locked(session).store_renewed(sealed=sealed, key_id="k1", at=at, expires_at=at + timedelta(hours=2))


def test_of_many_who_want_to_renew_one_gets_the_lease(db: Database) -> None:
    got = together(*[lambda: lease(db)] * 6)

    assert sorted(got) == [False] * 5 + [True]
    assert row(db).tries == 1


def test_the_lease_of_one_who_died_ends(db: Database) -> None:
    assert lease(db)

    assert not lease(db, NINE + RENEWAL_LEASE - timedelta(seconds=1))
    assert lease(db, NINE + RENEWAL_LEASE)
    assert row(db).tries == 2


def test_a_new_pair_ends_the_lease_and_every_trouble_and_raises_the_fence(db: Database) -> None:
    lease(db)
    with db.write() as session:
        locked(session).record_unknown_outcome(minute(1), "unreachable", "no answer")
    before = row(db).fence

    keep(db, "second", minute(2))

    kept = row(db)
    assert (kept.sealed, kept.fence, kept.tries) == ("second", before + 1, 0)
    assert (kept.renewed_at, kept.expires_at) == (minute(2), minute(2) + timedelta(hours=2))
    assert (kept.leased_until, kept.not_before, kept.cause, kept.failure) == (None,) * 4
    assert kept.connected_at == NINE


def test_a_call_without_effect_does_not_count_as_a_try(db: Database) -> None:
    lease(db)
    with db.write() as session:
        locked(session).put_off(minute(1), "rate limit", "slow down")

    kept = row(db)
    assert (kept.tries, kept.not_before, kept.cause) == (0, minute(1), "rate limit")
    assert lease(db)


def test_a_lost_answer_stays_counted(db: Database) -> None:
    lease(db)
    with db.write() as session:
        locked(session).record_unknown_outcome(None, "unreachable", "no answer")

    assert lease(db)
    assert row(db).tries == 2


def test_to_connect_an_account_again_ends_whatever_was_wrong_and_leaves_one_row(db: Database) -> None:
    with db.write() as session:
        held = locked(session)
        held.set_account(session, "42", "acmebrew")
        held.disconnect("unauthorized", "refused", at=minute(1))
    before = row(db)
    assert (before.disconnected_at, before.failure) == (minute(1), "refused")

    with db.write() as session:
        made = Credential.connect(
            session, "x", sealed="again", key_id="k2", at=minute(5), expires_at=minute(60)
        )
        kept = made.set_account(session, "42", "acme_brew")
        assert kept.id == before.id

    with db.read() as session:
        [after] = Credential.all(session)
    assert (after.sealed, after.key_id, after.fence) == ("again", "k2", before.fence + 1)
    assert (after.connected_at, after.renewed_at, after.expires_at) == (minute(5), minute(5), minute(60))
    assert (after.account_id, after.handle) == ("42", "acme_brew")
    assert (after.disconnected_at, after.failure) == (None, None)


def test_an_older_grant_whose_account_is_learnt_late_does_not_replace_a_newer_one(db: Database) -> None:
    with db.write() as session:
        newer = Credential.connect(session, "x", sealed="newer", key_id="k1", at=minute(5), expires_at=HOURS)
        newer.set_account(session, "42", "acmebrew")
        kept = Credential.all(session)[0].set_account(session, "42", "acmebrew")
        assert kept.id == newer.id

    with db.read() as session:
        [after] = Credential.all(session)
    assert (after.sealed, after.connected_at, after.fence) == ("newer", minute(5), 1)


def test_several_accounts_of_a_network_have_a_row_each(db: Database) -> None:
    connect(db, "second")
    connect(db, "third")
    with db.write() as session:
        for number, one in enumerate(Credential.all(session)):
            one.set_account(session, str(number), f"acme{number}")

    with db.read() as session:
        assert [one.sealed for one in Credential.all(session)] == ["first", "second", "third"]
        second = Credential.of_account(session, "x", "1")
        assert second is not None
        assert second.sealed == "second"
        assert Credential.of_account(session, "mastodon", "1") is None


def test_two_who_connect_one_account_at_once_leave_one_row(db: Database) -> None:
    def connect_as_42() -> None:
        with db.write() as session:
            made = Credential.connect(session, "x", sealed="new", key_id="k1", at=minute(5), expires_at=HOURS)
            made.set_account(session, "42", "acmebrew")

    with db.write() as session:
        locked(session).set_account(session, "42", "acmebrew")
    assert raised(together(*[connect_as_42] * 4)) == []

    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(Credential)) == 1


def test_under_another_key_it_is_the_same_pair(db: Database) -> None:
    before = row(db)
    with db.write() as session:
        locked(session).reseal("first, otherwise", "k2")

    after = row(db)
    assert (after.sealed, after.key_id, after.fence) == ("first, otherwise", "k2", before.fence)
