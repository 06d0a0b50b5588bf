"""Which words two texts share that few others hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.similarity.keywords import (
    NO_SIMILARITY,
    compute_similarity,
    count_texts_per_word,
    extract_keywords,
)

SPEECH = {
    "en": [f"the app and the {word} are not what they were" for word in ("beans", "cups", "lids", "mugs")]
    * 6,
    "de": [f"die App und die {word} sind nicht mehr wie sie waren" for word in ("Bohnen", "Becher")] * 12,
    "pt": [f"para mim não está bem que o {word} seja assim" for word in ("café", "copo", "leite")] * 8,
}


@pytest.mark.parametrize("language", SPEECH)
def test_how_everybody_speaks_tells_nothing_in_any_language(language: str) -> None:
    texts = [extract_keywords(text) for text in SPEECH[language]]
    held = count_texts_per_word([*texts, extract_keywords("csv export")])
    frame = set.intersection(*texts)
    assert frame

    assert compute_similarity(frame, texts, held, len(texts)) == NO_SIMILARITY
    assert compute_similarity({*frame, "export"}, [{"export", *frame}], held, len(texts)).words == ("export",)


def test_words_of_a_few_texts_name_what_is_shared() -> None:
    one, other = (
        extract_keywords("my CSV export loses rows"),
        extract_keywords("@acmebrew csv-export is missing https://x.example/csvs"),
    )

    assert compute_similarity(one, [other], {}, 0).words == ("export", "csv")


def test_chinese_and_japanese_are_compared_by_pairs_of_characters() -> None:
    assert (
        "导出"
        in compute_similarity(
            extract_keywords("导出数据丢失"), [extract_keywords("无法导出文件")], {}, 0
        ).words
    )
    assert (
        compute_similarity(
            extract_keywords("エクスポートできない"), [extract_keywords("コーヒーがおいしい")], {}, 0
        ).score
        == 0
    )


@given(st.lists(st.text(max_size=40), max_size=30), st.text(max_size=40))
def test_a_text_is_most_like_itself(texts: list[str], text: str) -> None:
    sets = [extract_keywords(one) for one in texts]
    held, words = count_texts_per_word(sets), extract_keywords(text)

    itself = compute_similarity(words, [words], held, len(sets))

    assert all(compute_similarity(words, [one], held, len(sets)).score <= itself.score + 1e-9 for one in sets)


def test_many_texts_of_an_issue_do_not_make_it_more_alike() -> None:
    few = compute_similarity({"export"}, [{"export"}] * 2, {}, 0)

    assert compute_similarity({"export"}, [{"export"}] * 200, {}, 0) == few
