"""Cues: each is found by an example and not by a near miss, and the words that it shows are the customer's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.priority import cues
from models.priority.cue_table import CUE_NAMES, CUES
from models.priority.cues import TEXT_MAX_CHARS, WORD_MAX_CHARS, WORDS_MAX, find_cues, what_is_said

# A post that has the cue, with the words that it shows, and one that only looks like it.
EXAMPLES = {
    "security": ("I think I got HACKED", "HACKED", "a shack, and some growth hacked content"),
    "data loss": ("It deleted my drafts", "deleted my", "I deleted mine on purpose"),
    "danger": ("the charger caught fire", "caught fire", "As I recall it was fine"),
    "legal": ("You will hear from my lawyer", "lawyer", "a playwright, not law"),
    "scam": ("this is a SCAM!", "SCAM", "scampi for lunch"),
    "privacy": ("who has my personal data", "personal data", "data about personal growth"),
    "outage": ("your site is down", "is down", "the choice is down to you"),
    "broken": ("es ist KAPUTT", "KAPUTT", "we broke up, with broken hearts"),
    "crash": ("the app keeps crashing", "crashing", "a crash course in tea"),
    "error": ("there's a bug in it", "bug", "ladybugs on my roses"),
    "cannot log in": ("I can\u2019t log in", "can\u2019t log in", "I can log in"),
    "charged wrongly": ("you charged me twice", "charged me twice", "my phone charged in an hour"),
    "payment": ("no invoice yet", "invoice", "invoiceless"),
    "refund": ("J'aimerais un remboursement", "remboursement", "refundable tickets"),
    "cancelling": ("quiero darme de baja", "darme de baja", "the concert was cancelled"),
    "leaving": ("switching to PotBase", "switching to", "switching tools is easy"),
    "comparison": ("better than PotBase", "better than", "better than ever"),
    "urgent": ("Need an answer ASAP", "ASAP", "resurgently, and not urgent at all"),
    "angry": ("That is UNACCEPTABLE", "UNACCEPTABLE", "acceptable"),
    "disappointed": ("very disappointed", "disappointed", "an appointment"),
    "no answer so far": ("still waiting", "still waiting", "waiting for spring"),
    "once more": ("and it happened again", "happened again", "see you again"),
    "slow": ("so slow today", "so slow", "my slow cooker"),
    "not delivered": ("my plants never arrived", "never arrived", "they arrived"),
    "damaged": ("the pot was CRACKED", "CRACKED", "crackers"),
    "wrong item": ("you sent the wrong size", "wrong size", "the size is right"),
    "not available": ("is it out of stock", "out of stock", "stock photos, out of focus"),
    "warns others": ("Don't buy from them", "Don't buy", "I don't know what to buy"),
    "press": ("I'm a journalist", "journalist", "journals"),
    "accessibility": ("my screen reader says nothing", "screen reader", "a reader with a big screen"),
    "asks for help": ("please help", "please help", "I can't help but smile"),
    "asks how": ("how do I repot it", "how do I", "how you do it is up to you"),
    "wants to buy": ("where can I buy one", "where can I buy", "I can buy one"),
    "large order": ("a bulk order for spring", "bulk order", "in order of bulk"),
    "price": ("the PRICE went up", "PRICE", "priceless"),
    "confusing": ("that is confusing", "confusing", "confusion"),
    "documentation": ("not in the docs", "the docs", "my docs are lost"),
    "wish": ("It would be nicer with tags", "would be nicer with", "nicer with friends"),
    "praise": ("J\u2019adore vos fleurs", "J\u2019adore", "I don't recommend it"),
    "thanks": ("どうもありがとう", "ありがとう", "thanks for nothing"),
    "solved": ("it works now", "works now", "it works, but still not well; not solved"),
    "giveaway": ("Retweet to win!", "Retweet to win", "a win for us"),
}


def names(*texts: str) -> list[str]:
    return [one.cue.name for one in find_cues(texts)]


def test_there_are_about_forty_each_with_a_name_and_an_example() -> None:
    assert 40 <= len(CUES) <= 50
    assert tuple(EXAMPLES) == CUE_NAMES
    assert len(set(CUE_NAMES)) == len(CUES)
    assert all(cue.points for cue in CUES)


@pytest.mark.parametrize("name", CUE_NAMES)
def test_a_cue_is_found_by_its_words_and_not_by_a_near_miss(name: str) -> None:
    post, words, near = EXAMPLES[name]

    assert words in {word for one in find_cues([post]) if one.cue.name == name for word in one.words}
    assert name not in names(near)


@pytest.mark.parametrize(("cue", "phrase"), [(cue, phrase) for cue in CUES for phrase in cue.phrases])
def test_every_phrase_of_the_table_can_be_found(cue, phrase: str) -> None:
    assert cue.name in names(f"x, {phrase.upper() if phrase.isascii() else phrase}!")


@pytest.mark.parametrize(("cue", "phrase"), [(cue, phrase) for cue in CUES for phrase in cue.unless])
def test_every_exception_of_the_table_holds(cue, phrase: str) -> None:
    assert cue.name not in names(f"{cue.phrases[0]}, {phrase}")


def test_case_accents_and_width_do_not_count() -> None:
    assert names("NAO FUNCIONA") == names("não funciona") == ["broken"]
    assert names("\uff52\uff45\uff46\uff55\uff4e\uff44") == ["refund"]


def test_what_stands_in_an_address_or_a_handle_is_not_said() -> None:
    assert names("@broken_things look https://x.example/refund/broken and shop.example/refund") == []
    assert names("@brand@broken.example hi") == []
    assert names("#broken") == ["broken"]


def test_a_cue_counts_once_and_shows_its_first_few_words_each_once() -> None:
    (found,) = find_cues(["broken broken Broken", "kaputt, defekt, cassé and it doesn't work"])

    assert found.cue.name == "broken"
    assert len(found.words) == WORDS_MAX == len({word.lower() for word in found.words})


def test_words_that_are_part_of_others_are_not_shown_twice() -> None:
    (found,) = find_cues(["so slow, really slow"])

    assert found.words == ("so slow",)


def test_what_is_said_very_late_in_a_long_post_does_not_count() -> None:
    assert names("a " * (TEXT_MAX_CHARS // 2) + "refund") == []


def test_words_with_very_many_marks_are_cut() -> None:
    (found,) = find_cues(["refund" + "\u0301" * 400])

    assert len(found.words[0]) == WORD_MAX_CHARS


PIECES = [
    word for cue in CUES for one in (*cue.phrases, *cue.unless) if one.isascii() for word in one.split()
]


@given(
    st.lists(
        st.sampled_from(sorted({*PIECES, *(one for cue in CUES for one in cue.phrases if one.isascii())}))
        | st.text(st.characters(codec="ascii"), max_size=6),
        max_size=12,
    ),
    st.sampled_from([" ", "", "-", "'", ", ", "  \n"]),
)
def test_the_short_way_for_plain_text_finds_what_the_other_finds(pieces: list[str], between: str) -> None:
    text = what_is_said(between.join(pieces))
    short = cues._ascii_matcher().match(text)

    if short is not None:
        assert {place: list(dict.fromkeys(words)) for place, words in short} == {
            place: list(words) for place, words in cues.match_all(text)
        }


def test_the_short_way_is_taken_for_plain_text() -> None:
    assert cues._ascii_matcher().match("I want a refund and it is not urgent") == [
        (CUE_NAMES.index("refund"), ["refund"])
    ]


@given(st.lists(st.text(max_size=80), max_size=3))
def test_any_text_can_be_read(texts: list[str]) -> None:
    for one in find_cues(texts):
        assert one.words
