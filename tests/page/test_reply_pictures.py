"""Pictures in the composer and in a thread, on the page: chosen, shown, described, and seen on the network."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.bot.pictures import painting
from tests.page.conftest import Window
from tests.page.looks import sound


def kettle(folder: Path) -> Path:
    made = folder / "kettle.jpg"
    made.write_bytes(painting.jpeg(painting.kettle()))
    return made


def test_a_picture_is_chosen_shown_described_and_public(
    window: Callable[..., Window], tmp_path: Path, picture: Callable[..., None]
) -> None:
    ana = window()
    ana.customer_says("@fernpress is the kettle back?")
    ana.press(ana.card("kettle back?"), "Reply")
    ana.write("It is: look!")

    ana.modal.locator("input[type=file]").set_input_files(kettle(tmp_path))
    expect(ana.modal.locator(".picked")).to_contain_text("kettle.jpg")
    ana.send()
    expect(ana.modal).to_contain_text("Goes out as JPEG, 640 by 480 pixels")
    expect(ana.modal.locator("img.shown")).to_be_visible()
    ana.modal.get_by_label("Describe picture 1").fill("A blue kettle on a red card")
    picture(ana, "reply-pictures/1-composer", ana.modal)
    sound(ana.page)
    ana.send()

    said = ana.conversation("kettle back?").locator(".post.ours")
    expect(said).to_contain_text("It is: look!")
    expect(said.get_by_role("img", name="A blue kettle on a red card")).to_be_visible()
    picture(ana, "reply-pictures/2-public", said)


def test_a_picture_in_a_thread_goes_along_after_its_preview(
    window: Callable[..., Window], tmp_path: Path, picture: Callable[..., None]
) -> None:
    ana = window()
    ana.customer_says("@fernpress where is the shop?")
    ana.open_thread(ana.card("where is the shop?"))
    ana.thread.locator("input[type=file]").set_input_files(kettle(tmp_path))
    ana.says_in_thread("@Heard reply Here:")

    preview = ana.thread.locator("article").filter(has_text="Goes out as").last
    expect(preview).to_contain_text("No description (alt text) yet")
    picture(ana, "reply-pictures/3-preview", preview)
    ana.press(preview, "Send publicly")

    said = ana.conversation("where is the shop?").locator(".post.ours")
    expect(said.locator("img.shown.large")).to_be_visible()
