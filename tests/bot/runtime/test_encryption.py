"""Sealing: the newest key seals, every key opens, and nothing shows."""

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot.runtime.encryption import SealedError, Vault

OLD, NEW = (SecretStr(Fernet.generate_key().decode()) for _ in range(2))
SLACK = {"SLACK_BOT_TOKEN": SecretStr("xoxb-test")}


def test_what_is_sealed_does_not_show_and_opens_again():
    vault = Vault([OLD], SLACK)

    sealed = vault.seal("a token")

    assert "token" not in sealed
    assert vault.open(sealed) == "a token"
    assert vault.seal("a token") != sealed


def test_an_older_key_still_opens_until_it_is_taken_out():
    sealed = Vault([OLD], SLACK).seal("a token")

    assert Vault([NEW, OLD], SLACK).open(sealed) == "a token"
    with pytest.raises(SealedError):
        Vault([NEW], SLACK).open(sealed)


def test_renewed_it_opens_with_the_newest_key_alone():
    sealed = Vault([OLD], SLACK).seal("a token")

    renewed = Vault([NEW, OLD], SLACK).renew(sealed)

    assert Vault([NEW], SLACK).open(renewed) == "a token"
    with pytest.raises(SealedError):
        Vault([OLD], SLACK).open(renewed)
    with pytest.raises(SealedError):
        Vault([OLD], SLACK).renew(renewed)


def test_without_keys_one_follows_from_the_first_secret():
    client = {"X_CLIENT_SECRET": SecretStr("client-s3cret")}
    sealed = Vault([], client | SLACK).seal("a token")

    assert Vault([], client).open(sealed) == "a token"
    with pytest.raises(SealedError):
        Vault([], SLACK).open(sealed)
    with pytest.raises(SealedError):
        Vault([], {"X_CLIENT_SECRET": SecretStr("another")} | SLACK).open(sealed)


def test_who_sets_a_key_later_loses_nothing():
    sealed = Vault([], SLACK).seal("a token")

    assert Vault([NEW], SLACK).open(sealed) == "a token"


def test_a_key_has_a_name_that_tells_nothing_about_it():
    old, new = Vault([OLD], SLACK), Vault([NEW, OLD], SLACK)

    assert old.key_id == Vault([OLD], {}).key_id != new.key_id
    assert (old.source, Vault([], SLACK).source) == ("ENCRYPTION_KEYS", "SLACK_BOT_TOKEN")
    assert old.key_id not in OLD.get_secret_value()
    for shown in (repr(old), str(vars(old))):
        assert OLD.get_secret_value() not in shown


@pytest.mark.parametrize("rubbish", ["", "rubbish", "gAAAAA", "é"])
def test_rubbish_is_not_opened(rubbish):
    with pytest.raises(SealedError):
        Vault([OLD], SLACK).open(rubbish)
