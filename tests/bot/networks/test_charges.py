"""Prices as a setting has them, and the log of what calls were billed."""

import threading
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import settings
from bot.networks.base import Reader
from bot.networks.charges import Charge, ChargeLog, Price, format_prices, parse_prices
from bot.networks.x.billing import LIST_PRICES

CALL = Price(Decimal("0.005"))
POST = Price(Decimal("0.001"), "post")


def test_a_setting_replaces_the_prices_that_it_names() -> None:
    found = parse_prices(" owned_read = 0.005 , counts_call=0", LIST_PRICES)

    assert found["owned_read"] == Price(Decimal("0.005"), "post")
    assert found["counts_call"].usd == 0
    assert found["user_read"] == LIST_PRICES["user_read"]


@given(st.dictionaries(st.sampled_from([*LIST_PRICES]), st.decimals(0, 1000, places=6)))
def test_what_is_written_is_read_again(prices: dict[str, Decimal]) -> None:
    chosen = {kind: Price(usd, LIST_PRICES[kind].resource) for kind, usd in prices.items()}

    assert parse_prices(format_prices(chosen), LIST_PRICES) == {**LIST_PRICES, **chosen}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("post_read", "use prices in USD, such as post_read=0.005,"),
        ("post_read=cheap", "use prices in USD"),
        ("post_read=-1", "use prices in USD"),
        ("post_read=nan", "use prices in USD"),
        ("post_read=Infinity", "use prices in USD"),
        ("post_read=1001", "use prices in USD"),
        ("post_read=0.0000001", "at most 6 decimals"),
        ("post_read=1,post_read=2", "name each price once"),
        ("likes=1", "prices are post_read, owned_read,"),
        ("=1", "prices are post_read"),
    ],
)
def test_a_wrong_price_is_named(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_prices(text, LIST_PRICES)


def test_calls_are_noted_as_such_and_resources_by_their_id() -> None:
    log = ChargeLog()
    log.add("1", "counts_call", CALL, ["what was counted is not billed"])
    log.add("1", "owned_read", POST, ["a", "b"])
    log.add("1", "owned_read", POST, [])

    charges = log.take()

    assert charges == [
        Charge("1", "counts_call", CALL.usd),
        Charge("1", "owned_read", POST.usd, "post", "a"),
        Charge("1", "owned_read", POST.usd, "post", "b"),
    ]
    assert log.take() == []
    log.add("1", "counts_call", CALL, [])
    log.put_back(charges)
    assert log.take() == [*charges, Charge("1", "counts_call", CALL.usd)]


def test_each_thread_sees_what_its_own_calls_were_billed() -> None:
    reader = Reader()
    reader.prices = {"call": CALL}
    reader.note_charge("1", "call")
    other: list[list[Charge]] = []

    def work() -> None:
        other.append(reader.charges.take())
        reader.note_charge("2", "call")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert other == [[]]
    assert [one.account_id for one in reader.charges.take()] == ["1"]


def test_what_has_no_price_is_not_noted() -> None:
    reader = Reader()
    reader.note_charge("1", "call", ["a"])

    assert reader.charges.take() == []


@pytest.mark.parametrize("value", ["owned_read", "likes=1", "post_read=-1"])
def test_a_wrong_price_stops_the_start_and_names_the_setting(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("X_PRICES", value)

    with pytest.raises(settings.SettingsError, match="X_PRICES is wrong: "):
        settings.load_networks()


def test_a_price_of_ones_own_alone_does_not_set_up_x(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X_PRICES", "owned_read=0.005")

    assert not settings.load_networks()["x"].is_configured
