"""Home on the page: several are ticked, and get one outcome."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.page.conftest import Window


def test_several_are_ticked_in_home_and_closed_at_once(window: Callable[..., Window]) -> None:
    ana = window()
    for words in ("@fernpress lovely weather, isn't it", "@fernpress lovely weather, isn't it too"):
        ana.customer_says(words)
        ana.card(words).wait_for()
    home = ana.open_home()
    boxes = home.get_by_role("checkbox", name="lovely weather")
    expect(boxes.first).to_be_visible()

    for box in boxes.all():
        box.check()
    home.get_by_label("Choose an outcome").select_option("Not about us")
    home.get_by_role("button", name="Close selected").click()

    expect(home).to_contain_text("closed.")
    expect(boxes).to_have_count(0)


def test_the_last_tick_can_be_taken_away_again(window: Callable[..., Window]) -> None:
    ana = window()
    ana.customer_says("@fernpress how do I close one of these")
    ana.card("how do I close one of these").wait_for()
    home = ana.open_home()
    box = home.get_by_role("checkbox", name="how do I close one of these")

    box.check()
    box.uncheck()
    home.get_by_label("Choose an outcome").select_option("Not about us")
    home.get_by_role("button", name="Close selected").click()

    expect(home).to_contain_text("Nothing is selected")
    expect(box).not_to_be_checked()
    box.check()
    home.get_by_role("button", name="Close selected").click()
    expect(home).to_contain_text("1 closed.")
