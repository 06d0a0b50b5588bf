"""Which words two texts share that few others hold. Pure.

No list of stop words in any language: what many texts hold tells nothing, whatever it means.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import regex  # the Unicode properties that `re` lacks

from models.core.fingerprint import bare

COMMON = 0.2  # of the texts: what more of them hold is how everybody speaks
ENOUGH = 20  # texts, before anything can be called common
FULL_LENGTH = 6  # letters: the shorter a word, the likelier it only joins others
SHOWN = 3
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]+")
_WORD = regex.compile(r"[\p{L}\p{N}][\p{L}\p{N}\p{M}]*")
_SHORTEST = 3  # letters of a word that tells something by itself


@dataclass(frozen=True, slots=True)
class Alike:
    """How much a text shares with others, and by which words, the most telling first."""

    score: float
    words: tuple[str, ...]


NONE_ALIKE = Alike(0.0, ())


def words_in(text: str) -> set[str]:
    """The words of `text` that may tell something; where no blanks are written, each pair of characters."""
    plain = bare(text, ())
    pairs = {run[i : i + 2] for run in _UNSPACED.findall(plain) for i in range(len(run) - 1)}
    return pairs | {word for word in _WORD.findall(_UNSPACED.sub(" ", plain)) if len(word) >= _SHORTEST}


def common(texts: Sequence[set[str]]) -> Mapping[str, int]:
    """How many of `texts` hold each word."""
    return Counter(word for words in texts for word in words)


def alike(words: set[str], others: Iterable[set[str]], held: Mapping[str, int], total: int) -> Alike:
    """What `words` share with any of `others`, each word weighed by how few of `total` texts hold it.

    A word counts once, and more if most of `others` hold it, but never only because there are many of them.
    """
    texts = list(others)
    found: dict[str, float] = {}
    for word in words:
        share = sum(word in one for one in texts) / len(texts) if texts else 0
        weight = _telling(word, held.get(word, 0), total)
        if share and weight:
            found[word] = weight * (1 + share)
    best = sorted(found, key=lambda word: (-found[word], word))
    return Alike(sum(found[word] for word in best), tuple(best[:SHOWN]))


def _telling(word: str, held: int, total: int) -> float:
    """How much `word` tells: nothing if it is common."""
    if total >= ENOUGH and held > COMMON * total:
        return 0.0
    length = 1.0 if _UNSPACED.fullmatch(word) else min(len(word) / FULL_LENGTH, 1.0)
    return math.log(1 + (total + 1) / (held + 1)) * length
