"""Normal forms, the same as Python's for text that anybody writes, and in linear time for the rest."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from models.core.normalize import PIECE_CHARS, nfc, nfkc

WRITTEN = st.text(
    st.sampled_from("aé e\u0301ﬁ½ か\u3099ｶﾞ ᄀ\u1161\u11a8각 กำ क्ष\u093c ﷺ\u0323\u0301🙂👨\u200d.\n"),
    max_size=40,
)


@given(WRITTEN, st.integers(1, 40))
def test_text_in_pieces_is_normalized_as_if_it_were_whole(text: str, times: int) -> None:
    many = text * times

    assert nfc(many) == unicodedata.normalize("NFC", many)
    assert nfkc(many) == unicodedata.normalize("NFKC", many)


def test_a_run_of_marks_without_end_keeps_every_mark() -> None:
    marks = "\u0301\u0323" * PIECE_CHARS

    assert sorted(nfc(f"a{marks}")) == sorted(unicodedata.normalize("NFC", f"a{marks}"))
