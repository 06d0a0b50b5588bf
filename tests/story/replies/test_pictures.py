"""Pictures go along with a reply: chosen, described, shown as they go out, and never without the words."""

import contextlib
import io

import pytest
from PIL import Image

from bot.networks.x.client import XNetwork
from sandbox.slack import Modal
from tests.bot.pictures import painting
from tests.story.harness import Bot, eventually, seen, sound

FILES = "Pictures"
JPEG = painting.jpeg(painting.paint(width=640, height=480), orientation=6)
PNG = painting.png()


def with_pictures(bot: Bot, modal: Modal, words: str, files: dict[str, bytes]) -> Modal:
    """Write `words`, choose files, go on, and the composer once it shows them."""
    modal.fill(words).attach(FILES, files)
    outcome = modal.submit()
    assert outcome.errors == {}, outcome.errors
    assert not outcome.closed
    return eventually(lambda: shows(bot.ana.modal, "Goes out as"))


def shows(modal: Modal | None, *words: str) -> Modal:
    assert modal is not None
    for word in words:
        assert word in modal.text, modal.text
    return modal


def shown(bot: Bot, post) -> list[tuple[bytes, str]]:
    files = bot.x.world.uploads.files
    replies = bot.x.world.replies_to(post.id)
    return [(files[one.upload].data, one.alt or "") for reply in replies for one in reply.media]


def test_a_picture_from_the_composer_goes_out_described_and_without_its_place(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew is the kettle back?")
    modal = with_pictures(bot, bot.compose(card), "It is: look!", {"kettle.jpg": JPEG, "shop.png": PNG})

    assert bot.replies(post) == []
    assert "480 by 640 pixels" in modal.text
    assert "without metadata" in modal.text
    assert [block["slack_file"] for block in modal.blocks if block["type"] == "image"]
    assert modal.value() == "It is: look!"
    first, second = alt_fields(modal)
    modal.write({first: "A blue kettle :tada:", second: "Our shop"})
    assert modal.submit().closed

    bot.answered(post, "It is: look!")
    (one, alt), (other, other_alt) = shown(bot, post)
    assert (alt, other_alt) == ("A blue kettle 🎉", "Our shop")
    image = Image.open(io.BytesIO(one))
    assert (image.format, image.size, len(image.getexif())) == ("JPEG", (480, 640), 0)
    assert Image.open(io.BytesIO(other)).format == "PNG"
    assert b"SECRET" not in one + other
    bot.shows(card, "answered")


def alt_fields(modal: Modal) -> list[str]:
    return [block["block_id"] for block in modal.blocks if block.get("block_id", "").startswith("alt ")]


def test_pressing_twice_sends_once_with_one_picture(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew is the kettle back?")
    modal = with_pictures(bot, bot.compose(card), "It is: look!", {"kettle.jpg": JPEG})
    first = modal.submit()
    with contextlib.suppress(LookupError):  # it is closed
        modal.submit()

    assert first.closed
    bot.answered(post, "It is: look!")
    assert len(shown(bot, post)) == 1


def test_a_picture_can_be_taken_out_again(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew is the kettle back?")
    modal = with_pictures(bot, bot.compose(card), "It is!", {"a.png": PNG, "b.jpg": JPEG})
    kept = next(block for block in modal.blocks if block.get("block_id", "").startswith("pictures kept"))
    modal.fill({kept["block_id"]: ["Picture 2: b.jpg"]})
    assert modal.submit().closed

    bot.answered(post, "It is!")
    ((data, _),) = shown(bot, post)
    assert Image.open(io.BytesIO(data)).format == "JPEG"


def test_what_is_no_picture_is_named_and_nothing_is_sent_by_that(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew is the kettle back?")
    modal = bot.compose(card).fill("It is!")
    modal.attach(FILES, {"fake.png": b"no picture at all", "real.png": PNG})
    modal.submit()
    modal = eventually(lambda: shows(bot.ana.modal, "fake.png won't be sent: it can't be read as a picture."))

    assert bot.replies(post) == []
    assert modal.submit().closed
    bot.answered(post, "It is!")
    assert len(shown(bot, post)) == 1


def test_a_closed_composer_keeps_words_pictures_and_descriptions(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew is the kettle back?")
    modal = with_pictures(bot, bot.compose(card), "It is: look!", {"kettle.jpg": JPEG})
    modal.write({alt_fields(modal)[0]: "A blue kettle"}).close()
    again = bot.compose(card)

    assert again.value() == "It is: look!"
    assert again.value(alt_fields(again)[0]) == "A blue kettle"
    assert again.submit().closed
    bot.answered(post, "It is: look!")
    assert [alt for _, alt in shown(bot, post)] == ["A blue kettle"]


def test_a_failed_upload_brings_words_and_picture_back(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew is the kettle back?")
    bot.x.world.faults.add("POST /2/media/upload", "forbidden_blanket")
    modal = with_pictures(bot, bot.compose(card), "It is: look!", {"kettle.jpg": JPEG})
    modal.write({alt_fields(modal)[0]: "A blue kettle"}).submit()
    bot.told(card, "published", "kettle.jpg", "Your text is kept")

    assert bot.replies(post) == []
    bot.x.world.faults.clear()
    again = bot.compose(card)
    assert again.value() == "It is: look!"
    assert again.value(alt_fields(again)[0]) == "A blue kettle"
    assert again.submit().closed
    bot.answered(post, "It is: look!")
    assert [alt for _, alt in shown(bot, post)] == ["A blue kettle"]


def test_without_the_scope_the_composer_offers_words_and_says_so(bot: Bot) -> None:
    bot.slack.world.scopes.discard("files:read")
    bot.ctx.slack.token_info()
    post, card = bot.heard("@acmebrew is the kettle back?")
    modal = bot.compose(card)

    assert "files:read" in modal.text
    assert "reinstall" in modal.text
    assert all(block.get("element", {}).get("type") != "file_input" for block in modal.blocks)
    assert modal.fill("It is!").submit().closed
    bot.answered(post, "It is!")


def test_a_scope_that_is_lost_meanwhile_is_named_and_the_words_stay(bot: Bot) -> None:
    _post, card = bot.heard("@acmebrew is the kettle back?")
    modal = bot.compose(card).fill("It is!").attach(FILES, {"a.png": PNG})
    bot.slack.world.scopes.discard("files:read")
    modal.submit()

    modal = eventually(lambda: shows(bot.ana.modal, "a.png won't be sent", "files:read"))
    assert modal.value() == "It is!"


@pytest.mark.parametrize("press", ["Send publicly", "Edit"])
def test_a_picture_in_the_message_goes_along_from_a_thread(bot: Bot, press: str) -> None:
    post, card = bot.heard("@acmebrew is the kettle back?")
    bot.ana.say(
        "#mentions",
        f"<@{bot.slack.world.app.user_id}> reply It is: look!",
        card.ts,
        files={"k.jpg": JPEG, "menu.pdf": b"%PDF"},
    )
    preview = bot.whisper("Goes out as JPEG, 480 by 640 pixels")

    assert "menu.pdf won't be sent" in sound(preview).text
    assert "No description (alt text) yet" in seen(preview)
    assert bot.replies(post) == []
    if press == "Edit":
        modal = bot.ana.press(preview, "Edit").view
        assert modal.write({alt_fields(modal)[0]: "A blue kettle"}).submit().closed
    else:
        bot.ana.press(preview, press)
    bot.answered(post, "It is: look!")
    assert [alt for _, alt in shown(bot, post)] == (["A blue kettle"] if press == "Edit" else [""])


def test_a_picture_in_a_colleagues_message_goes_along_with_the_shortcut(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew is the kettle back?")
    message = bot.ben.say("#mentions", "It is: look!", card.ts, files={"k.png": PNG})
    bot.ana.shortcut(message, "send_as_public_reply")
    preview = bot.whisper("Goes out as PNG")
    bot.ana.press(preview, "Send publicly")

    bot.answered(post, "It is: look!")
    assert len(shown(bot, post)) == 1


def test_where_only_words_can_go_by_now_the_composer_says_so_before_they_do(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    post, card = bot.heard("@acmebrew is the kettle back?")
    with_pictures(bot, bot.compose(card), "It is!", {"kettle.jpg": JPEG}).close()
    monkeypatch.setattr(XNetwork, "picture_limits", None)
    modal = bot.compose(card)

    assert "takes no pictures from Heard, so they won't be sent" in modal.text
    assert modal.submit().closed
    bot.answered(post, "It is!")
    assert shown(bot, post) == []


def test_words_never_go_out_alone_where_a_picture_was_shown_to_go_along(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    post, card = bot.heard("@acmebrew is the kettle back?")
    modal = with_pictures(bot, bot.compose(card), "It is!", {"kettle.jpg": JPEG})
    monkeypatch.setattr(XNetwork, "picture_limits", None)

    assert "takes no pictures" in str(modal.submit().errors)
    assert bot.replies(post) == []


def test_a_reply_that_x_refuses_for_want_of_a_summons_names_its_pictures_for_the_hand_off(bot: Bot) -> None:
    ours = bot.post("We are open!", author="acmebrew")
    post, card = bot.heard("wonderful, is the kettle back?", reply_to=ours.id)
    modal = with_pictures(bot, bot.compose(card), "It is!", {"kettle.jpg": JPEG})
    bot.x.world.implicit_counts = False
    modal.submit()

    bot.told(card, "Add them yourself: kettle.jpg")
    assert bot.replies(post) == []
