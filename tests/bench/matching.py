"""Ten thousand tracks against each post: how many posts a second one core compares with all of them."""

import itertools
import random
import re
import time
from collections.abc import Callable, Sequence
from statistics import median

from models.tracks.matcher import TrackMatcher
from models.tracks.query import parse_query
from tests.bench.figures import RUNS, Figure, spread

TRACKS, POSTS, POST_CHARS, VOCABULARY = 10_000, 500, 300, 20_000
PARTICLES = list("のにはをたがでてとしれさあいるもすからなことよねだけまで")
KANA = [chr(code) for code in range(0x30A2, 0x30F0, 2)]
KANJI = [chr(code) for code in range(0x4E00, 0x4E00 + 6_000, 4)]


def measure() -> list[Figure]:
    """Posts and tracks from one vocabulary, in which some words are common and most are rare, as in a language."""
    chance = random.Random(2026)
    english = _measure("English", chance, _english_words(chance), " ", r"\w+")
    return english + _measure("Japanese", chance, _japanese_words(chance), "", r"\w")


def _measure(
    language: str, chance: random.Random, words: Sequence[str], blank: str, word: str
) -> list[Figure]:
    """Building, matching, and in turns with it a plain `re.findall` of each `word` of the same posts."""
    typed = [_query(chance, words) for _ in range(TRACKS)]
    posts = [_post(chance, words, blank) for _ in range(POSTS)]
    built, rates, plain = [], [], []
    for _ in range(RUNS):
        began = time.thread_time()
        matcher = TrackMatcher((number, parse_query(query)) for number, query in enumerate(typed))
        built.append(time.thread_time() - began)
        rates.append(_rate(matcher.match, posts))
        plain.append(_rate(re.compile(word).findall, posts))
    found = sum(len(matcher.match(post)) for post in posts) / POSTS
    rate = median(rates)
    return [
        Figure(
            f"{TRACKS:,} {language} tracks parsed and indexed",
            spread(built, "s", 2),
            "< 3 s",
            median(built) < 3,
        ),
        Figure(
            f"{language} posts of {POST_CHARS} characters compared with all of them, {found:.1f} matches each",
            spread(rates, "posts/s"),
            "≥ 1,000 posts/s",
            rate >= 1_000,
        ),
        Figure(f'that, in times of one `re.findall(r"{word}", …)`', f"{median(plain) / rate:.0f}"),
    ]


def _rate(act: Callable[[str], object], posts: Sequence[str]) -> float:
    """How many posts in a second of one core's time."""
    began = time.thread_time()
    for post in posts:
        act(post)
    return len(posts) / (time.thread_time() - began)


def _english_words(chance: random.Random) -> list[str]:
    syllables = ["".join(pair) for pair in itertools.product("bcdfghjklmnprstvw", "aeiou")]
    words = sorted({"".join(chance.choices(syllables, k=chance.randint(1, 4))) for _ in range(VOCABULARY)})
    chance.shuffle(words)
    return words


def _japanese_words(chance: random.Random) -> list[str]:
    """Names in katakana, and words in two or three kanji."""
    names = {"".join(chance.choices(KANA, k=chance.randint(3, 6))) for _ in range(VOCABULARY // 2)}
    words = {"".join(chance.choices(KANJI, k=chance.randint(2, 3))) for _ in range(VOCABULARY // 2)}
    mixed = sorted(names | words)
    chance.shuffle(mixed)
    return PARTICLES + mixed


def _query(chance: random.Random, words: Sequence[str]) -> str:
    """Mostly a word; also several, phrases, exclusions, hashtags and handles."""
    some = chance.sample(words[100:], 4)
    shapes = (
        ["{0}"] * 8
        + ["{0} {1}"] * 4
        + ['"{0} {1}"'] * 2
        + ["{0} or {1} or {2}", "{0} -{1} -{2}", "#{0}", "{0} {1} or {2} -#{3}"]
    )
    return chance.choice(shapes).format(*some)


def _post(chance: random.Random, words: Sequence[str], blank: str) -> str:
    """Words by Zipf's law: the tenth is in a text ten times as rarely as the first."""
    picked = (min(int(len(words) ** chance.random()), len(words) - 1) for _ in itertools.count())
    text = ""
    while len(text) < POST_CHARS:
        text += words[next(picked)] + (
            chance.choice([", ", ". "]) if blank and not chance.randrange(12) else blank
        )
    return f"{text[: POST_CHARS - 14]} #{words[-1]}"
