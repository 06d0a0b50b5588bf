"""What somebody types in the page's Slack looks as it does in Slack, and arrives as Slack would send it."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from sandbox.demo.runner import Demo
from tests.page.conftest import Window
from tests.page.looks import sound


def test_what_is_typed_is_drawn_as_slack_draws_it_and_previewed_as_it_would_be_public(
    window, tmp_path: Path
) -> None:
    ana: Window = window()
    ana.customer_says("@fernpress is there a *menu* :tada: anywhere?")
    card = ana.card("anywhere?")
    expect(card).to_contain_text("*menu* :tada:")
    ana.open_thread(card)

    ana.says_in_thread("@Heard reply *Yes* 👋🏼 at 5:00 :beers:")

    said = ana.thread.locator("article").filter(has_text="at 5:00").first
    expect(said.locator("strong", has_text="Yes")).to_be_visible()
    expect(said.get_by_role("img", name="wave")).to_have_text("👋🏼")
    expect(said.get_by_role("img", name="beers")).to_have_text("🍻")
    preview = ana.thread.locator("article").filter(has_text="Only you can see this").last
    expect(preview).to_contain_text("Yes 👋🏼 at 5:00 🍻")
    preview.get_by_role("button", name="Edit").click()
    field = ana.modal.get_by_label("Your reply")
    expect(field).to_have_value("Yes 👋🏼 at 5:00 🍻")
    ana.write("Yes 👋🏼 at 5:00 🍻 &lt; & :fire: :team-logo:")
    ana.send()
    expect(ana.modal).to_contain_text(":team-logo: means something only in Slack.")
    expect(field).to_have_value("Yes 👋🏼 at 5:00 🍻 &lt; & :fire: :team-logo:")
    ana.write("Yes 👋🏼 at 5:00 🍻 &lt; & :fire:")
    ana.send()

    expect(ana.network).to_contain_text("Yes 👋🏼 at 5:00 🍻 &lt; & 🔥")


def test_a_file_is_added_shown_and_named_as_what_will_not_go_out(window, tmp_path: Path) -> None:
    menu = tmp_path / "menu.txt"
    menu.write_text("Stew\n" * 100_000)
    ana: Window = window()
    ana.customer_says("@fernpress what is for lunch?")
    ana.open_thread(ana.card("what is for lunch?"))

    ana.thread.locator("input[type=file]").set_input_files(menu)
    expect(ana.thread.get_by_role("status").filter(has_text="menu.txt")).to_be_visible()
    ana.says_in_thread("@Heard reply Stew!")

    expect(ana.thread.locator(".file").filter(has_text="menu.txt")).to_be_visible()
    expect(ana.thread).to_contain_text("menu.txt won't be sent: only pictures can go along.")


def test_a_link_bold_and_emoji_are_public_as_the_typist_saw_them(
    window: Callable[..., Window], demo: Demo, picture: Callable[..., None]
) -> None:
    ana, ben = window(), window("U0BEN")
    demo.context.x.world.post("theo_codes", "@fernpress where do I find the keyboard shortcuts?")
    ana.open_thread(ana.card("keyboard shortcuts"))
    ana.says_in_thread("@Heard reply *All* of them, Theo: help.fernpress.example/keys :tada:")

    typed = ana.thread.locator("article").filter(has_text="@Heard reply All of them").first
    expect(typed.locator("strong", has_text="All")).to_be_visible()
    expect(typed.get_by_role("link", name="help.fernpress.example/keys")).to_be_visible()
    public = "All of them, Theo: help.fernpress.example/keys 🎉"
    preview = ana.thread.locator("article").filter(has_text="Only you can see this").last
    expect(preview).to_contain_text(public)
    sound(ana.page)
    picture(ana, "typed/1-message", typed)
    picture(ana, "typed/2-preview", preview)
    ana.press(preview, "Send publicly")

    said = ben.conversation("keyboard shortcuts")
    expect(said.locator(".post.ours")).to_contain_text(public)
    sound(ben.page)
    picture(ben, "typed/3-public", said)
