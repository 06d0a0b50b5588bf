"""The log, as it reaches standard error: readable, and without a secret."""

import logging

import pytest
from websockets.client import ClientProtocol
from websockets.uri import parse_uri

from bot.runtime import logs


@pytest.fixture
def log():
    """The root logger, given back as it was."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    names = {name: logging.getLogger(name).level for name in (*logs._LIBRARIES_LOGGING_SECRETS,)}
    yield logging.getLogger("bot.test")
    root.handlers[:] = before
    root.setLevel(level)
    for name, old in names.items():
        logging.getLogger(name).setLevel(old)


def test_secrets_are_taken_out_of_messages_arguments_and_tracebacks(log, capsys) -> None:
    logs.set_up("INFO", ["xoxb-s3cret", "xoxb-s3cret-longer"])
    log.info("the token is %s", "xoxb-s3cret")
    try:
        int("xoxb-s3cret-longer")
    except ValueError:
        log.exception("it failed with %r", {"token": "xoxb-s3cret"})

    written = capsys.readouterr().err
    assert "s3cret" not in written
    assert "longer" not in written
    assert "ValueError: invalid literal for int() with base 10: '•••'" in written
    assert "INFO bot.test: the token is •••" in written


def test_the_password_of_a_database_is_a_secret_by_itself(log, capsys) -> None:
    logs.set_up("INFO", ["postgresql://u:p%40ss-word@h/db"])
    log.error("tried p%40ss-word and p@ss-word")

    assert "tried ••• and •••" in capsys.readouterr().err


@pytest.mark.parametrize("secret", ["", "k", "http://[broken"])
def test_short_and_strange_secrets_do_not_garble_the_log(log, capsys, secret: str) -> None:
    logs.set_up("INFO", [secret])
    log.info("a kettle")

    assert "a kettle" in capsys.readouterr().err


def test_what_is_read_over_a_websocket_and_with_which_token_is_not_logged_at_debug(log, capsys) -> None:
    logs.set_up("DEBUG", [])
    protocol = ClientProtocol(parse_uri("ws://network.example/streaming"))
    request = protocol.connect()
    request.headers["Authorization"] = "Bearer t0ken"
    protocol.send_request(request)
    log.debug("ours")

    assert [line.split(": ")[1] for line in capsys.readouterr().err.splitlines()] == ["ours"]


def test_libraries_that_log_signatures_stay_quiet_at_debug(log, capsys) -> None:
    logs.set_up("DEBUG", [])
    logging.getLogger("tweepy.client").debug("Authorization: OAuth ...")
    logging.getLogger("oauthlib.oauth1").debug("signature ...")
    logging.getLogger("apscheduler.executors").info("job executed")
    log.debug("ours")

    assert [line.split(": ")[1] for line in capsys.readouterr().err.splitlines()] == ["ours"]
