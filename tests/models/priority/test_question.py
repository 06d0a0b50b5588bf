"""What is a question, in whatever script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.priority.question import is_question

QUESTIONS = [
    "Are you open?",
    "open\uff1f",
    "هل أنتم مفتوحون؟",
    "τι κάνεις;",
    "τι κάνεις\u037e",
    "\u053b\u0576\u0579\u057a\u0565\u055e\u057d",
    "really?!",
    "what \u203d",
    "\u00bfcuánto cuesta",
    "broken \u2753",
    "how do I repot it",
    "@fernpress hi, can someone tell me",
    "It is broken. why is that",
    "so is there a list",
    "warum geht das nicht",
    "Por qué no funciona",
    "est-ce que vous livrez",
    "alguém sabe como se usa",
    "これは使えますか",
    "开门了吗",
    "영업하나요",
    "see https://a.example/x and tell me: open?",
]
OTHERS = [
    "",
    "When I opened it, it was dry",
    "What a day",
    "How lovely",
    "I know how to do it",
    "int a; b",
    "first; second",
    "https://a.example/?q=1",
    "www.a.example/?q=how",
    "Is",
    "か",
    "Whyever",
    "すばらしい",
]


@pytest.mark.parametrize("text", QUESTIONS)
def test_a_question(text: str) -> None:
    assert is_question(text)


@pytest.mark.parametrize("text", OTHERS)
def test_no_question(text: str) -> None:
    assert not is_question(text)


@given(st.text(max_size=200), st.text(max_size=20))
def test_a_question_mark_behind_a_blank_makes_a_question_of_any_text(before: str, after: str) -> None:
    assert is_question(f"{before} ? {after}")
