"""Sealing: the newest key seals, every key opens, and nothing shows."""

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot.runtime.encryption import DecryptionError, Keyring

OLD, NEW = (SecretStr(Fernet.generate_key().decode()) for _ in range(2))
SLACK = {"SLACK_BOT_TOKEN": SecretStr("xoxb-test")}


def test_what_is_sealed_does_not_show_and_opens_again():
    vault = Keyring([OLD], SLACK)

    sealed = vault.encrypt("a token")

    assert "token" not in sealed
    assert vault.decrypt(sealed) == "a token"
    assert vault.encrypt("a token") != sealed


def test_an_older_key_still_opens_until_it_is_taken_out():
    sealed = Keyring([OLD], SLACK).encrypt("a token")

    assert Keyring([NEW, OLD], SLACK).decrypt(sealed) == "a token"
    with pytest.raises(DecryptionError):
        Keyring([NEW], SLACK).decrypt(sealed)


def test_renewed_it_opens_with_the_newest_key_alone():
    sealed = Keyring([OLD], SLACK).encrypt("a token")

    renewed = Keyring([NEW, OLD], SLACK).reencrypt(sealed)

    assert Keyring([NEW], SLACK).decrypt(renewed) == "a token"
    with pytest.raises(DecryptionError):
        Keyring([OLD], SLACK).decrypt(renewed)
    with pytest.raises(DecryptionError):
        Keyring([OLD], SLACK).reencrypt(renewed)


def test_without_keys_one_follows_from_the_first_secret():
    client = {"X_CLIENT_SECRET": SecretStr("client-s3cret")}
    sealed = Keyring([], client | SLACK).encrypt("a token")

    assert Keyring([], client).decrypt(sealed) == "a token"
    with pytest.raises(DecryptionError):
        Keyring([], SLACK).decrypt(sealed)
    with pytest.raises(DecryptionError):
        Keyring([], {"X_CLIENT_SECRET": SecretStr("another")} | SLACK).decrypt(sealed)


def test_who_sets_a_key_later_loses_nothing():
    sealed = Keyring([], SLACK).encrypt("a token")

    assert Keyring([NEW], SLACK).decrypt(sealed) == "a token"


def test_a_key_has_a_name_that_tells_nothing_about_it():
    old, new = Keyring([OLD], SLACK), Keyring([NEW, OLD], SLACK)

    assert old.key_id == Keyring([OLD], {}).key_id != new.key_id
    assert (old.source, Keyring([], SLACK).source) == ("ENCRYPTION_KEYS", "SLACK_BOT_TOKEN")
    assert old.key_id not in OLD.get_secret_value()
    for shown in (repr(old), str(vars(old))):
        assert OLD.get_secret_value() not in shown


@pytest.mark.parametrize("rubbish", ["", "rubbish", "gAAAAA", "é"])
def test_rubbish_is_not_opened(rubbish):
    with pytest.raises(DecryptionError):
        Keyring([OLD], SLACK).decrypt(rubbish)
