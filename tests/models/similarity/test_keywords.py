"""Which words two texts share that few others hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.similarity.keywords import NONE_ALIKE, alike, common, words_in

SPEECH = {
    "en": [f"the app and the {word} are not what they were" for word in ("beans", "cups", "lids", "mugs")]
    * 6,
    "de": [f"die App und die {word} sind nicht mehr wie sie waren" for word in ("Bohnen", "Becher")] * 12,
    "pt": [f"para mim não está bem que o {word} seja assim" for word in ("café", "copo", "leite")] * 8,
}


@pytest.mark.parametrize("language", SPEECH)
def test_how_everybody_speaks_tells_nothing_in_any_language(language: str) -> None:
    texts = [words_in(text) for text in SPEECH[language]]
    held = common([*texts, words_in("csv export")])
    frame = set.intersection(*texts)
    assert frame

    assert alike(frame, texts, held, len(texts)) == NONE_ALIKE
    assert alike({*frame, "export"}, [{"export", *frame}], held, len(texts)).words == ("export",)


def test_words_of_a_few_texts_name_what_is_shared() -> None:
    one, other = (
        words_in("my CSV export loses rows"),
        words_in("@acmebrew csv-export is missing https://x.example/csvs"),
    )

    assert alike(one, [other], {}, 0).words == ("export", "csv")


def test_chinese_and_japanese_are_compared_by_pairs_of_characters() -> None:
    assert "导出" in alike(words_in("导出数据丢失"), [words_in("无法导出文件")], {}, 0).words
    assert alike(words_in("エクスポートできない"), [words_in("コーヒーがおいしい")], {}, 0).score == 0


@given(st.lists(st.text(max_size=40), max_size=30), st.text(max_size=40))
def test_a_text_is_most_like_itself(texts: list[str], text: str) -> None:
    sets = [words_in(one) for one in texts]
    held, words = common(sets), words_in(text)

    itself = alike(words, [words], held, len(sets))

    assert all(alike(words, [one], held, len(sets)).score <= itself.score + 1e-9 for one in sets)


def test_many_texts_of_an_issue_do_not_make_it_more_alike() -> None:
    few = alike({"export"}, [{"export"}] * 2, {}, 0)

    assert alike({"export"}, [{"export"}] * 200, {}, 0) == few
