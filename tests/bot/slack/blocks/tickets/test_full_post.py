"""Full post as a modal, however it is made."""

from hypothesis import given
from hypothesis import strategies as st

from bot.slack.blocks.tickets.full_post import QUOTE_MAX_CHARS, FullPost, build_full_post_modal
from models.core.normalize import sanitize
from sandbox.slack.block_kit.validator import check_view

TALL = ["e" + "\u0301" * accents for accents in (QUOTE_MAX_CHARS - 1, QUOTE_MAX_CHARS, 2 * QUOTE_MAX_CHARS)]
LETTERS = st.sampled_from(["a", "\U0001f1f5\U0001f1f9", *TALL])


@given(st.lists(LETTERS, min_size=1, max_size=12))
def test_all_of_a_post_is_shown_even_a_letter_that_no_block_has_room_for(letters: list[str]) -> None:
    text = "".join(["(", *letters, ")"])

    modal = build_full_post_modal([FullPost("Full post", text)])

    assert check_view(modal) == []
    quoted = [block["elements"][0]["elements"][0]["text"] for block in modal["blocks"][1:]]
    assert "".join(quoted) == sanitize(text)
