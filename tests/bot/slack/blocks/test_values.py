"""What buttons and modals carry comes back as it went, also from messages that earlier versions posted."""

from dataclasses import fields, is_dataclass

import pytest

from bot.slack.blocks import values
from bot.slack.blocks.values import (
    AuthorValue,
    ChannelValue,
    DeletionValue,
    HistoryValue,
    IssueListValue,
    IssueOfTicketValue,
    IssueValue,
    MenuValue,
    NoteValue,
    NoValue,
    Origin,
    PageValue,
    PreviewValue,
    ReasonValue,
    RenameValue,
    ReplyValue,
    ReporterValue,
    SearchValue,
    SharedAnswerValue,
    SkipValue,
    SnoozeValue,
    Subject,
    TicketModalValue,
    TicketValue,
    UnreadableValueError,
    Value,
    read_subject,
)

# Byte for byte what version 0.1.0 has put into messages and modals.
OLD = [
    (
        '{"t":7,"n":2,"p":"1990","h":"maria","a":"acmebrew","w":"x","v":"1991"}',
        TicketValue(7, 2, "1990", "maria", "acmebrew", "x", "1991"),
    ),
    (
        '{"t":7,"n":2,"p":"1990","h":"","a":"us","w":"x"}',
        TicketValue(7, 2, "1990", "", "us", "x"),
    ),
    ('{"t":7}', TicketValue(7)),
    ('{"t":7,"r":3}', ReplyValue(7, 3)),
    ('{"t":7,"r":3,"use":1}', ReplyValue(7, 3)),
    ('{"t":7,"r":3}', PreviewValue(7, 3)),
    ('{"t":7,"r":3,"v":"1991","m":1,"a":1}', PreviewValue(7, 3, "1991", True, True)),
    ('{"do":"snooze","t":7}', MenuValue("snooze", 7)),
    ('{"do":"unsay","t":7,"r":3}', MenuValue("unsay", 7, 3)),
    ('{"p":2}', PageValue(2)),
    ('{"do":"close"}', NoValue()),
    ('{"i":4}', IssueValue(4)),
    ('{"i":4,"p":1}', IssueValue(4, 1)),
    ('{"i":4,"a":9,"p":1}', ReporterValue(4, 9, 1)),
    ('{"t":7,"i":4}', IssueOfTicketValue(7, 4)),
    ('{"k":"found","w":"slow export","p":1}', IssueListValue("found", "slow export", 1)),
    ('{"a":9,"p":1}', AuthorValue(9, 1)),
    ('{"a":9}', AuthorValue(9)),
    ('{"a":9,"p":0,"k":"abc","n":5}', NoteValue(9, 5)),
    ('{"q":"slow","m":12,"r":3}', SearchValue("slow", 12, 3)),
    ('{"k":"abc"}', SharedAnswerValue("abc")),
    ('{"ticket":7,"key":"abc"}', TicketModalValue(7, "abc")),
    ('{"ticket":7,"key":"abc","turn":2,"post":"1990"}', ReasonValue(7, "abc", 2, "1990")),
    ('{"ticket":7,"key":"abc","turn":null,"post":null}', ReasonValue(7, "abc")),
    ('{"ticket":7,"reply":3,"key":"abc"}', DeletionValue(7, 3, "abc")),
    (
        '{"ticket":7,"key":"abc","zone":"Europe/Lisbon","channel":"C1"}',
        SnoozeValue(7, "abc", "Europe/Lisbon", "C1"),
    ),
    ('{"issue":4,"author":9,"key":"abc","page":1,"url":null}', SkipValue(4, 9, "abc", 1)),
    (
        '{"issue":4,"title":"Export","key":"abc","page":0,"url":"https://hooks.example"}',
        RenameValue(4, "Export", "abc", 0, "https://hooks.example"),
    ),
    ('{"a":9,"p":1,"k":"abc"}', HistoryValue(9, "abc", 1)),
    ('{"channel":"C1"}', ChannelValue("C1")),
    (
        '{"ticket":7,"turn":2,"post_id":"1990","key":"abc","network":"x","draft":3,"near":true}',
        Origin(7, 2, "1990", "abc", "x", draft=3, near=True),
    ),
]
KINDS = [
    one
    for one in vars(values).values()
    if isinstance(one, type) and issubclass(one, Value) and is_dataclass(one)
]


@pytest.mark.parametrize(
    ("packed", "value"), OLD, ids=lambda one: one if isinstance(one, str) else type(one).__name__
)
def test_a_value_of_the_version_before_is_read(packed: str, value: Value) -> None:
    assert type(value).unpack(packed) == value


@pytest.mark.parametrize("value", [value for _, value in OLD], ids=repr)
def test_a_value_comes_back_as_it_went(value: Value) -> None:
    assert type(value).unpack(value.pack()) == value


def test_every_kind_stands_in_the_list_above() -> None:
    assert {type(value) for _, value in OLD} == {*KINDS} - {Subject}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_posted_from_now_on_has_names_that_mean_one_thing(kind: type[Value]) -> None:
    assert min((len(one.name) for one in fields(kind)), default=9) > 1
    assert {*kind.OLD_NAMES.values()} <= {one.name for one in fields(kind)}


def test_an_option_has_room_for_its_value() -> None:
    longest = MenuValue("add_to_issue", 10**12, 10**12)

    assert len(longest.pack()) <= 150  # Slack's limit


@pytest.mark.parametrize("packed", ["", "no JSON", "[]", "7", "null", '{"n":1}'])
def test_what_is_no_such_value_is_refused(packed: str) -> None:
    with pytest.raises(UnreadableValueError):
        TicketValue.unpack(packed)


def test_a_flag_that_was_written_as_a_number_is_a_flag() -> None:
    value = PreviewValue.unpack('{"t":7,"r":3,"m":1,"a":1}')

    assert (value.is_near_copy, value.is_not_shown) == (True, True)
    assert value.is_near_copy is True


def test_a_subject_is_read_whatever_the_kind() -> None:
    assert read_subject('{"t":7,"r":3}') == read_subject(ReplyValue(7, 3).pack()) == Subject(7, 3)
    assert read_subject('{"do":"unsay","t":7,"r":3}') == Subject(7, 3, None, "unsay")
    assert read_subject(MenuValue("unsay", 7, 3).pack()) == Subject(7, 3, None, "unsay")


def test_a_button_in_a_modal_goes_before_the_modal_and_what_is_not_ours_says_nothing() -> None:
    assert read_subject('{"ticket":7,"key":"k"}', '{"t":8}') == Subject(8)
    assert read_subject("digest 0", None) == read_subject("", "3600") == Subject()
