"""Which issue somebody means by a few words: found in any order, the best first, nothing left out by spelling."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from models import Issue
from models.core.database import Database
from models.issues.queries import find_issues
from models.issues.suggestions import (
    TYPED_WORDS_MAX,
    SuggestionTarget,
    has_candidates,
    list_options,
    search_titles,
)
from models.issues.title import title_keys
from tests.models.ledger import NINE, passing

WORD = st.text(st.sampled_from("aßéИ下7-!%_\\'"), min_size=1, max_size=6)
SAID = st.lists(WORD, min_size=1, max_size=6).map(" ".join)
FULL_WIDTH = "\uff46\uff55\uff4c\uff4c disk"
TITLES = SAID.filter(lambda title: any(letter.isalnum() for letter in title))


def opened(session: Session, *titles: str) -> list[Issue]:
    found = [Issue.open_or_find(session, one, by="U0ANA", at=NINE) for one in titles]
    session.flush()
    return found


def titles(session: Session, typed: str, limit: int = 100, **sought: int) -> list[str]:
    return [
        one.issue.title
        for one in list_options(session, SuggestionTarget(**sought), typed, at=NINE, limit=limit)
    ]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(title=TITLES, data=st.data())
def test_a_title_is_found_by_its_words_in_any_order_and_case(
    db: Database, title: str, data: st.DataObject
) -> None:
    with passing(db) as session:
        [issue] = opened(session, title)
        typed = " ".join(data.draw(st.permutations(title.split())))

        for words in (typed, typed.upper(), f" ,{typed}! "):
            assert issue in [
                one.issue for one in search_titles(session, SuggestionTarget(), words, limit=TYPED_WORDS_MAX)
            ]
        assert search_titles(session, SuggestionTarget(), title, limit=1)[0].issue is issue


def test_what_was_typed_comes_first_then_what_begins_so_then_its_words_then_the_rest(
    session: Session,
) -> None:
    opened(session, "The export loses rows", "Reexport is slow", "Export", "Export is slow")

    assert titles(session, "export") == [
        "Export",
        "Export is slow",
        "The export loses rows",
        "Reexport is slow",
    ]
    assert titles(session, "export", limit=2) == ["Export", "Export is slow"]


def test_a_dash_between_words_asks_for_nothing_and_alone_for_itself(session: Session) -> None:
    opened(session, "Rows are lost", "- _ -")

    assert titles(session, "lost - rows") == ["Rows are lost"]
    assert titles(session, "-") == ["- _ -"]
    assert [one.issue.title for one in find_issues(session, "lost – rows", at=NINE)] == ["Rows are lost"]
    assert title_keys(" \u200b ") == []
    assert len(titles(session, "\u200b")) == 2  # nothing typed


def test_accents_and_width_do_not_hide_a_title(session: Session) -> None:
    opened(session, "Łódź: kein Kühlschrank", "Lodz is slow", FULL_WIDTH)

    assert titles(session, "lodz") == ["Lodz is slow", "Łódź: kein Kühlschrank"]
    assert titles(session, "kuhl łódz") == ["Łódź: kein Kühlschrank"]
    assert titles(session, "full") == [FULL_WIDTH]
    assert [one.issue.title for one in find_issues(session, "KUHLSCHRANK", at=NINE)] == [
        "Łódź: kein Kühlschrank"
    ]


def test_the_issue_itself_is_no_choice_and_without_others_there_is_none(session: Session) -> None:
    [here] = opened(session, "Rows are lost")
    assert not has_candidates(session, SuggestionTarget(issue=here.id))
    assert has_candidates(session, SuggestionTarget(ticket=1))
    opened(session, "Rows are slow")

    assert has_candidates(session, SuggestionTarget(issue=here.id))
    assert titles(session, "", issue=here.id) == titles(session, "rows", issue=here.id) == ["Rows are slow"]
