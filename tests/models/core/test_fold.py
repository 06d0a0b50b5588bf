"""Words are compared as a reader would compare them, whatever case, accents, width or signs they are typed with."""

# ruff: noqa: RUF001 - that scripts look alike is the point
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.core.fold import WORD_MAX_CHARS, fold

SCRIPTS = st.one_of(
    st.text(),
    st.text(st.characters(min_codepoint=0xC0, max_codepoint=0x6FF), max_size=30),
    st.text(st.characters(min_codepoint=0x900, max_codepoint=0x11FF), max_size=30),
    st.text(st.characters(min_codepoint=0x1E00, max_codepoint=0x33FF), max_size=30),
    st.text(st.characters(min_codepoint=0xA640, max_codepoint=0x1FBFF), max_size=30),
)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Don't check-out @ana_b!", "don t check out ana b"),
        ("checkout🤣 500₽ 👩‍🚀ok", "checkout 500 ok"),
        ("Łódź Straße Ørsted Þór Œuvre Đà", "lodz strasse orsted thor oeuvre da"),
        ("İstanbul'da ısı", "istanbul da isi"),
        ("ＦＵＬＬ　ｗｉｄｔｈ １２", "full width 12"),
        ("ﾋﾞｰﾙ", "ビ ー ル"),
        ("ΜΠΎΡΑΣ", "μπυρασ"),
        ("Йод, ёлка", "иод елка"),
        ("हिन्दी में", "हिन्दी में"),
        ("مُحَمَّد", "محمد"),
        ("Acme™ x² ½", "acme x2 1 2"),
        ("1️⃣ ٣٤ ๕", "1 34 5"),
        ("ﬁne", "fine"),
        ("🙂 … !", ""),
        ("", ""),
    ],
)
def test_what_a_reader_takes_for_the_same_is_the_same(said: str, words: str) -> None:
    assert fold(said) == words


@given(SCRIPTS)
def test_folding_again_changes_nothing(said: str) -> None:
    assert fold(fold(said)) == fold(said)


@given(SCRIPTS)
def test_how_a_text_is_composed_makes_no_difference(said: str) -> None:
    for form in ("NFC", "NFD"):
        assert fold(normalize(form, said)) == fold(said)


@given(SCRIPTS, SCRIPTS)
def test_words_side_by_side_are_the_words_of_both(one: str, other: str) -> None:
    assert fold(f"{one}\n{other}").split() == fold(one).split() + fold(other).split()


@given(SCRIPTS)
def test_only_letters_and_digits_are_left_with_one_blank_between(said: str) -> None:
    words = fold(said).split(" ")
    assert words == [""] or all(0 < len(word) <= WORD_MAX_CHARS for word in words)
    assert not set(fold(said)) & set("'\"\\:&|!()<>*-_@#.,\n\t\0")
