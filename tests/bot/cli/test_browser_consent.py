"""Which answers to a request for consent are taken, and from where."""

from collections.abc import Callable

import pytest

from bot.cli import browser_consent
from bot.cli.browser_consent import CallbackOptions, code_in_pasted, code_in_url, has_browser
from bot.networks.oauth2 import ConsentRequest
from bot.networks.registry import ConnectFailedError
from bot.networks.x.oauth import OAuth2Client
from tests.stage import free_port

CODE = "VGNibzFWSWREZm01bjN1N3dicWlNUG1oa2xRRVNN"


@pytest.fixture
def question() -> ConsentRequest:
    return ConsentRequest()


def back(question: ConsentRequest, state: str | None = None, rest: str = f"code={CODE}") -> str:
    return f"http://127.0.0.1:8765/callback?state={state or question.state}&{rest}"


def test_the_address_that_answers_our_question_holds_the_code(question: ConsentRequest) -> None:
    assert code_in_url(back(question), question) == CODE
    assert code_in_pasted(f"  '{back(question)}'\n", question) == CODE
    assert code_in_url(back(question, rest="code=a%2Bb"), question) == "a+b"


@pytest.mark.parametrize("take", [code_in_url, code_in_pasted])
@pytest.mark.parametrize(
    "rest",
    ["?code=abcdefgh", "?state=&code=abcdefgh", "?state=another&code=abcdefgh", "", "?error=access_denied"],
)
def test_an_address_with_another_state_or_none_is_not_ours(
    question: ConsentRequest, take: Callable[..., str], rest: str
) -> None:
    with pytest.raises(browser_consent._UnrelatedAnswerError):
        take(f"http://127.0.0.1:8765/callback{rest}", question)


def test_a_bare_code_is_taken_from_a_person_and_not_from_a_browser(question: ConsentRequest) -> None:
    assert code_in_pasted(f"{CODE}\n", question) == CODE
    assert code_in_pasted(f"{CODE}%3D", question) == f"{CODE}="
    for path in (CODE, f"/{CODE}", "/callback"):
        with pytest.raises(browser_consent._UnrelatedAnswerError):
            code_in_url(path, question)


@pytest.mark.parametrize("words", ["no", "yes please", "what now?", "http://", "é" * 20, "code="])
def test_other_words_are_not_taken_for_a_code(question: ConsentRequest, words: str) -> None:
    with pytest.raises(browser_consent._UnrelatedAnswerError):
        code_in_pasted(words, question)


def test_a_no_is_a_no(question: ConsentRequest) -> None:
    with pytest.raises(ConnectFailedError, match=r"^the response was access_denied$"):
        code_in_url(back(question, rest="error=access_denied"), question)


def test_our_state_without_a_code_is_nothing(question: ConsentRequest) -> None:
    with pytest.raises(browser_consent._UnrelatedAnswerError, match="no code"):
        code_in_url(back(question, rest="code="), question)


def test_a_question_is_not_open_for_ever(question: ConsentRequest) -> None:
    assert browser_consent.CONSENT_TIMEOUT_SECONDS == 600
    said: list[str] = []

    with pytest.raises(ConnectFailedError, match="no response within 0 minutes"):
        browser_consent._wait_for_code(
            "X",
            question,
            "https://x.example/page",
            CallbackOptions(free_port(), browser=False, patience=0),
            said.append,
        )

    assert "https://x.example/page" in "\n".join(said)


@pytest.mark.parametrize(
    ("surroundings", "found"),
    [
        ({"DISPLAY": ":0"}, True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, True),
        ({"BROWSER": "firefox"}, True),
        ({"DISPLAY": ":0", "SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, False),
        ({}, False),
    ],
)
def test_where_a_person_sits_is_guessed(
    monkeypatch: pytest.MonkeyPatch, surroundings: dict[str, str], found: bool
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in surroundings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.platform", "linux")

    assert has_browser() is found


def test_the_address_that_x_has_to_know_is_on_loopback() -> None:
    assert CallbackOptions(8765, browser=True).redirect == "http://127.0.0.1:8765/callback"
    assert (
        OAuth2Client("heard", None, "https://api.x.com")
        .authorize_url(ConsentRequest(), CallbackOptions(9000, browser=True).redirect)
        .count("redirect_uri=http%3A%2F%2F127.0.0.1%3A9000%2Fcallback")
    )
