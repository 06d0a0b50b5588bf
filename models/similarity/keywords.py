"""Finds the words that two texts share and few others contain. Pure.

There is no list of stop words in any language: a word that many texts contain says nothing, whatever it
means.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import regex  # the Unicode properties that `re` lacks

from models.core.fingerprint import strip_addressing

COMMON_WORD_MAX_SHARE = 0.2  # a word in a larger share of the texts is common
COMMON_WORD_MIN_TEXTS = 20  # with fewer texts no word counts as common
FULL_WEIGHT_LETTERS = 6  # shorter words weigh less: they are more often grammar
SHARED_WORDS_MAX = 3
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]+")
_WORD = regex.compile(r"[\p{L}\p{N}][\p{L}\p{N}\p{M}]*")
_WORD_MIN_LETTERS = 3  # shorter words are left out


@dataclass(frozen=True, slots=True)
class Similarity:
    """How much a text shares with others, and its most significant shared words, highest weight first."""

    score: float
    words: tuple[str, ...]


NO_SIMILARITY = Similarity(0.0, ())


def extract_keywords(text: str) -> set[str]:
    """Returns the words of `text` that may be significant.

    In scripts without blanks, each pair of characters.
    """
    plain = strip_addressing(text, ())
    pairs = {run[i : i + 2] for run in _UNSPACED.findall(plain) for i in range(len(run) - 1)}
    return pairs | {
        word for word in _WORD.findall(_UNSPACED.sub(" ", plain)) if len(word) >= _WORD_MIN_LETTERS
    }


def count_texts_per_word(texts: Sequence[set[str]]) -> Mapping[str, int]:
    """Returns in how many of `texts` each word occurs."""
    return Counter(word for words in texts for word in words)


def compute_similarity(
    words: set[str], others: Iterable[set[str]], held: Mapping[str, int], total: int
) -> Similarity:
    """Compare `words` with `others`; a word weighs more the fewer of `total` texts contain it (`held`).

    A word counts once, and more if most of `others` contain it, but never only because there are many of
    them.
    """
    texts = list(others)
    found: dict[str, float] = {}
    for word in words:
        share = sum(word in one for one in texts) / len(texts) if texts else 0
        weight = _word_weight(word, held.get(word, 0), total)
        if share and weight:
            found[word] = weight * (1 + share)
    best = sorted(found, key=lambda word: (-found[word], word))
    return Similarity(sum(found[word] for word in best), tuple(best[:SHARED_WORDS_MAX]))


def _word_weight(word: str, held: int, total: int) -> float:
    """The weight of `word`: zero if it is common."""
    if total >= COMMON_WORD_MIN_TEXTS and held > COMMON_WORD_MAX_SHARE * total:
        return 0.0
    length = 1.0 if _UNSPACED.fullmatch(word) else min(len(word) / FULL_WEIGHT_LETTERS, 1.0)
    return math.log(1 + (total + 1) / (held + 1)) * length
