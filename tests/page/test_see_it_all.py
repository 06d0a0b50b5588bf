"""What a newcomer tries: each command, Home, and what comes by itself, each looked at in light and in dark.

The pictures are those of docs/tutorial/see-it-all.md.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, expect

from sandbox.demo.runner import Demo, running
from sandbox.slack import Message
from tests.page.conftest import Window
from tests.page.looks import sound

Open = Callable[..., Window]
See = Callable[..., None]
FINDS = "Nobody finds the Markdown export"
TALL = {"width": 1280, "height": 1500}
SOON = 30_000  # milliseconds: answers on a machine that has other things to do
LONG = 180_000  # milliseconds: what the clock does takes a minute or two
PROMISE = 10  # minutes
HERMINE = "cancelled my plan and was charged again today. please look, I'd rather not be cross"
KOFI = "custom domain says “certificate pending” since yesterday. normal?"
WREN = "is there a way to group posts by subject? Asking as somebody who owns a label maker."
COMMANDS = ("open", "mine", "stats", "search", "export", "issues", "me", "pause", "resume", "doctor", "help")
ASKED = (
    "can two people edit one draft?",
    "is there a word count?",
    "do footnotes work on phones?",
    "can I pay by invoice?",
    "do you have stickers?",
    "does the editor do tables?",
    "how long may a title be?",
    "can I hide a post for a week?",
    "can comments be closed?",
    "does search find accents?",
    "is there a calendar of posts?",
    "can I change the address of a post?",
    "do drafts show on my tablet?",
    "may I use your logo in a talk?",
)
ED = "back in my day a blog had categories and we were GRATEFUL"


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    """A demo of this file's own: ten minutes are promised, and the digest has been due for two."""
    at = datetime.now(UTC) - timedelta(minutes=2)
    soon = {"DIGEST_AT": f"{at:%H:%M}", "DIGEST_DAY": f"{at:%a}"}
    with running(
        port=0, customers=False, UNDO_SECONDS="3", FIRST_REPLY_MINUTES=str(PROMISE), BACKUP="U0CLEO", **soon
    ) as demo:
        assert demo.bot.wait_until_running(LONG / 1000)
        begin(demo)
        yield demo


def begin(demo: Demo) -> None:
    """Whatever takes its time: some have waited, somebody has one and does nothing, one sleeps for a minute."""
    for handle, name, followers in (
        ("hermine_hikes", "Hermine", 640),
        ("kofi_builds", "Kofi Mensah", 1_220),
        ("quietlibrarian", "Wren", 145),
        ("old_school_ed", "Ed", 402),
    ):
        demo.context.x.world.add_user(handle, name, followers=followers)
    says(demo, "old_school_ed", ED, ago=PROMISE - 2)
    demo.context.slack.person("U0ANA").press(card_of(demo, "GRATEFUL"), "Claim")
    says(demo, "quietlibrarian", WREN)
    snooze(demo, card_of(demo, "label maker"))
    says(demo, "hermine_hikes", HERMINE, ago=PROMISE + 1)
    says(demo, "kofi_builds", KOFI, ago=PROMISE / 2 + 1)


def snooze(demo: Demo, card: Message) -> None:
    """Ben sends it to sleep for a minute; a bot that does not know the card yet wants to hear that again."""
    world, ben = demo.context.slack.world, demo.context.slack.person("U0BEN")
    for _ in range(10):
        ben.say("C0MENTIONS", "@Heard snooze 1 min", card.ts)
        if world.wait(lambda: "Snoozed" in str(world.message("C0MENTIONS", card.ts).blocks), 6):
            return
    pytest.fail("it cannot be snoozed")


def says(demo: Demo, who: str, words: str, *, ago: float = 0) -> None:
    """A customer has said that, so many minutes ago."""
    at = datetime.now(UTC) - timedelta(minutes=ago)
    demo.context.x.world.post(who, f"@fernpress {words}", at=at)


def card_of(demo: Demo, words: str) -> Message:
    """The card with these words, once it is there."""
    world = demo.context.slack.world

    def found() -> Message | None:
        with world.lock:
            every = world.channel("C0MENTIONS").messages
            return next((one for one in every if one.metadata and words in str(one.blocks)), None)

    assert world.until(found, LONG / 1000), words
    return found()


@pytest.fixture
def see(picture: Callable[..., None]) -> See:
    """Looks at a view in both lights, wants it sound, and keeps a picture of each."""

    def look(window: Window, name: str, *parts: Locator) -> None:
        for light in ("light", "dark"):
            window.page.emulate_media(color_scheme=light)
            expect(window.page.locator("body")).to_have_css("color-scheme", light)
            sound(window.page)
            picture(window, f"see-it-all/{name}{'-dark' if light == 'dark' else ''}", *parts)
        window.page.emulate_media(color_scheme="light")

    return look


def ask(window: Window, command: str) -> None:
    box = window.slack.get_by_role("combobox", name="Message #mentions")
    box.fill(command)
    box.press("Enter")


def holds(found: Locator, *words: str) -> None:
    """Each of these stands in it."""
    for one in words:
        expect(found).to_contain_text(one)


def answer(window: Window, words: str | re.Pattern[str]) -> Locator:
    """What only this person sees, with these words in it."""
    found = (
        window.slack.locator("#messages article", has_text="Only visible to you").filter(has_text=words).last
    )
    found.wait_for(timeout=SOON)
    return found


# --- the digest ---------------------------------------------------------------------------------------------


def test_the_digest_says_who_waits_and_how_it_went(window: Open, see: See) -> None:
    """Before any of the others acts: what they mend nobody suffers from any more."""
    ana = window("U0ANA", size=TALL)
    digest = ana.slack.locator("#messages article", has_text="unanswered").filter(has_text="The week")
    expect(digest).to_contain_text("longest wait first", timeout=LONG)
    holds(
        digest,
        "@samreadsalot",
        "The day",
        "First reply: median",
        "Top issues",
        "Thank-yous",
    )
    see(ana, "08/digest", digest)


# --- who waits ----------------------------------------------------------------------------------------------


def test_who_waits_is_listed_by_due_time_and_mine_are_mine(window: Open, see: See) -> None:
    ana = window("U0ANA", size=TALL)
    ana.press(ana.card("picture beside the words"), "Claim")
    expect(ana.card("picture beside the words")).to_contain_text("assigned to @Ana Lima")
    ask(ana, "/mentions open")

    listed = answer(ana, re.compile(r"\d+ waiting"))
    holds(listed, "@hermine_hikes", "was due", "unassigned", "assigned to @Ana Lima", "@samreadsalot")
    see(ana, "01/open", listed)
    ask(ana, "/mentions mine")
    mine = answer(ana, "waiting assigned to @Ana Lima")
    expect(mine).to_contain_text("@nans_garden")
    expect(mine).not_to_contain_text("@samreadsalot")
    expect(mine).to_contain_text("in total")
    see(ana, "01/mine", mine)
    ask(ana, "/mentions open overdue unclaimed")
    late = answer(ana, "overdue and unassigned")
    expect(late).to_contain_text("@samreadsalot")
    expect(late).not_to_contain_text("Ana Lima")


# --- figures ------------------------------------------------------------------------------------------------


def test_figures_come_in_words_and_charts_and_are_shared(window: Open, see: See) -> None:
    ana, ben = window("U0ANA", size=TALL), window("U0BEN", size=TALL)
    ask(ana, "/mentions stats")

    told = answer(ana, "The clock starts when the customer posts")
    holds(told, "First reply: median", "p90", "Where the time went", "Busiest hours", "@Ben Ode: answered")
    see(ana, "02/stats", told)
    charts = answer(ana, "First reply by day, median")
    expect(charts.get_by_role("img")).to_have_count(2)
    see(ana, "02/charts", charts)
    expect(answer(ana, "When people post").get_by_role("button", name="Share to channel")).to_be_visible()
    told.get_by_role("button", name="Share to channel").click()
    shared = ben.slack.locator("#messages article", has_text="asked Heard and shared the answer").last
    expect(shared).to_contain_text("@Ana Lima", timeout=SOON)
    expect(shared).to_contain_text("The clock starts when the customer posts")
    expect(shared).not_to_contain_text("Only visible to you")
    see(ben, "02/shared", shared)


# --- issues -------------------------------------------------------------------------------------------------


def test_a_problem_is_gathered_ranked_mended_and_everybody_is_told(window: Open, see: See) -> None:
    ana, ben = window("U0ANA", size=TALL), window("U0BEN", size=TALL)
    card = ana.card("more useful if it could tag")
    choose(ana, card, "Add to issue…")
    choice = ana.modal.get_by_label("Existing issue")
    choice.click(timeout=SOON)
    likely = ana.offered(choice, "No way to tag posts").first
    expect(likely).to_contain_text("No way to tag posts")
    expect(likely).to_contain_text("shares: posts, tag; 3 people")
    see(ana, "03/add", ana.modal, ana.modal.get_by_role("listbox"))
    likely.click()
    expect(choice).to_have_value("No way to tag posts")
    ana.send("Add")
    expect(card).to_contain_text("No way to tag posts", timeout=SOON)

    ask(ana, "/mentions issues")
    ranked = answer(ana, "by impact")
    holds(ranked, "1. No way to tag posts", "3 people", "2. Photos load slowly", "recency", "reach =")
    see(ana, "03/issues", ranked)
    ranked.get_by_role("button", name="Open").first.click()
    issue = answer(ana, "first seen")
    holds(issue, "@maria_writes", "@hana_cooks", "400 recipes", "@lucas_fotos", "see the cats alone")
    see(ana, "03/issue", issue)
    look_at_merging(ana, issue, see)
    ana.press(issue, "Mark as fixed")

    told = ben.slack.locator("#messages article", has_text="marked an issue as fixed").last
    expect(told).to_contain_text("0 of 3 people told", timeout=SOON)
    see(ben, "03/fixed", told)
    ben.press(told, "Tell them it's fixed")
    people = answer(ben, "0 of 3 people told")
    expect(people.get_by_role("button", name="Skip…")).to_have_count(3)
    see(ben, "03/tell", people)
    people.get_by_role("button", name=re.compile("^(Reply|Follow up)$")).first.click()
    expect(ben.modal.get_by_label("Your reply")).to_have_value("", timeout=SOON)
    ben.write(
        "Tags are here, Maria: the little label above each post. Thank you for asking until we had them."
    )
    see(ben, "03/composer", ben.modal)
    ben.send()
    expect(ben.modal).to_be_hidden(timeout=SOON)
    people.get_by_role("button", name="Skip…").last.click()
    ben.modal.get_by_label("Why?").fill("Cleo told him at the wedding")
    ben.send("Skip")
    expect(told).to_contain_text("1 of 3 people told, 1 skipped, 1 left", timeout=LONG)
    ask(ben, "/mentions issues fixed")
    fixed = answer(ben, "those with people still to tell first")
    expect(fixed).to_contain_text("1 of 3 people told, 1 skipped, 1 left")
    see(ben, "03/progress", fixed)


def look_at_merging(ana: Window, issue: Locator, see: See) -> None:
    """Pick another issue as the same one, and leave it at that."""
    ana.press(issue, "Rename or merge…")
    same = ana.modal.get_by_label("Merge into")
    same.click(timeout=SOON)
    ana.offered(same, FINDS, "export mark").filter(has_text=FINDS).click()
    expect(same).to_have_value(FINDS)
    expect(ana.modal).to_contain_text("This issue is merged into the one that you pick")
    see(ana, "03/merge", ana.modal)
    ana.modal.get_by_role("button", name="Cancel").click()


def choose(window: Window, card: Locator, label: str) -> None:
    """Something behind a card's dots."""
    card.locator(".blocks").get_by_role("button", name="More").click()
    window.page.get_by_role("menuitem", name=label).click()


# --- what was said ------------------------------------------------------------------------------------------


def test_words_and_people_are_found_and_a_note_is_kept(window: Open, see: See) -> None:
    ana = window("U0ANA", size=TALL)
    ask(ana, "/mentions search ramen")
    found = answer(ana, "Newest first: ramen")
    expect(found).to_contain_text("@Ana Lima replied to @hana_cooks")
    expect(found).to_contain_text("how do I find my own ramen post again??")
    see(ana, "04/search", found)

    ask(ana, "/mentions search @maria_writes")
    expect(ana.modal).to_contain_text("conversations with us", timeout=SOON)
    expect(ana.modal.get_by_text("Maria Silva")).to_be_in_viewport()
    holds(ana.modal, "Issues: No way to tag posts", "Private notes", "First names only, please.")
    see(ana, "04/history", ana.modal)
    ana.modal.get_by_role("textbox").fill("Moves her poems on Sundays.")
    ana.send("Add note")
    expect(ana.modal).to_contain_text("Note added.", timeout=SOON)
    expect(ana.modal.get_by_text("Note added.")).to_be_in_viewport()
    expect(ana.modal).to_contain_text("Moves her poems on Sundays.")
    expect(ana.modal.get_by_role("textbox")).to_have_value("")
    sound(ana.page)
    ana.press(ana.modal, "Delete note")
    expect(ana.modal).to_contain_text("Note deleted.", timeout=SOON)
    ana.page.keyboard.press("Escape")


def test_the_ledger_comes_as_a_file_to_who_asked(window: Open, see: See) -> None:
    ana = window("U0ANA", size=TALL)
    ask(ana, "/mentions export tickets 30d")
    expect(answer(ana, "the file is in your direct messages")).to_contain_text("tickets")
    ana.slack.get_by_role("button", name=re.compile("^Heard")).first.click()
    message = ana.slack.locator("#messages article", has_text="heard-tickets.csv").last
    expect(message).to_contain_text("Only you got this file")
    see(ana, "05/file", message)

    with ana.page.expect_download() as kept:
        message.get_by_role("link", name="Download heard-tickets.csv").click()
    assert b"maria_writes" in kept.value.path().read_bytes()


# --- by itself ----------------------------------------------------------------------------------------------


def test_the_clock_reminds_the_thread_the_channel_and_the_owner(window: Open, see: See) -> None:
    ana = window("U0ANA", size=TALL)
    ana.open_thread(ana.card("certificate pending"))
    half = ana.thread.locator("article", has_text="This ticket is unassigned")
    expect(half).to_contain_text("a reply is due", timeout=LONG)
    see(ana, "06/half", half)
    ana.press(ana.thread, "Close thread")
    late = ana.slack.locator("#messages article", has_text="past your reply target")
    hermine = late.filter(has_text="@hermine_hikes")
    expect(hermine).to_contain_text("Unassigned", timeout=LONG)
    see(ana, "06/late", hermine)
    expect(late.filter(has_text="@old_school_ed").last).to_contain_text("Assigned to @Ana Lima", timeout=LONG)
    ana.slack.get_by_role("button", name=re.compile("^Heard")).first.click()
    ana.slack.get_by_role("button", name=re.compile("^Messages")).click()
    mine = ana.slack.locator("#messages article", has_text="no activity for").filter(
        has_text="@old_school_ed"
    )
    expect(mine).to_contain_text("we were GRATEFUL", timeout=LONG)
    see(ana, "06/owner", mine)


def test_a_snooze_is_asked_for_said_back_and_ends(window: Open, see: See) -> None:
    ana = window("U0ANA", size=TALL)
    card = ana.card("URGENT")
    choose(ana, card, "Snooze…")
    words = ana.modal.get_by_label("Or in words")
    words.fill("yesterday", timeout=SOON)
    ana.send("Snooze")
    expect(ana.modal.get_by_role("alert")).to_contain_text(
        "I don't understand the time “yesterday”. Try 2h,", timeout=SOON
    )
    expect(words).to_have_value("yesterday")
    see(ana, "07/refused", ana.modal)
    words.fill("tomorrow 9am")
    see(ana, "07/snooze", ana.modal)
    ana.send("Snooze")
    said = answer(ana, "Snoozed until")
    expect(said).to_contain_text(", 09:00 Europe/Lisbon")
    see(ana, "07/snoozed", said)
    expect(card).to_contain_text("Snoozed until", timeout=SOON)

    back = ana.slack.locator("#messages article", has_text="The snooze is over")
    expect(back).to_contain_text("@quietlibrarian", timeout=LONG)
    see(ana, "07/back", back)
    ana.open_thread(ana.card("label maker"))
    expect(ana.thread.locator("article", has_text="the snooze is over")).to_contain_text("@Ben Ode")


# --- Home ---------------------------------------------------------------------------------------------------


def test_home_shows_what_is_broken_what_is_mine_and_page_by_page_who_waits(
    window: Open, see: See, demo: Demo
) -> None:
    ana = window("U0ANA", size={"width": 1280, "height": 2900})
    people = ("nans_garden", "theo_codes", "ms_kapoor_4b", "lucas_fotos", "hana_cooks")
    for number, question in enumerate(ASKED):
        says(demo, people[number % len(people)], question)
    for question in ASKED:
        ana.card(question).wait_for(timeout=SOON)
    ana.press(ana.card(ASKED[0]), "Claim")
    expect(ana.card(ASKED[0])).to_contain_text("assigned to @Ana Lima", timeout=SOON)
    demo.context.switches.turn("x_keys", on=True)
    ana.slack.locator("#messages article", has_text="has rejected our keys").wait_for(timeout=LONG)
    home = ana.open_home()

    expect(home).to_contain_text("X has rejected our keys", timeout=LONG)
    holds(home, "My tickets", "Waiting (", "1 to 20 of", "Today", "Heard by day")
    blocks = home.locator(".block")
    expect(home.get_by_role("button", name="Claim").first).to_be_visible()
    see(ana, "09/home", blocks.first, nth_below(home, "Waiting", 5))
    see(ana, "09/today", home.get_by_text("1 to 20 of"), blocks.last)
    home.get_by_role("button", name="Next", exact=True).click()
    expect(home).to_contain_text("21 to", timeout=SOON)
    expect(home.get_by_role("button", name="Previous", exact=True)).to_be_visible()
    see(
        ana,
        "09/later",
        home.get_by_role("heading", name="Waiting"),
        home.get_by_role("button", name="Previous"),
    )
    demo.context.switches.reset()


def nth_below(home: Locator, heading: str, number: int) -> Locator:
    """The block so many below a heading."""
    return home.get_by_role("heading", name=heading).locator(f"xpath=following-sibling::*[{number}]")


# --- sentences ----------------------------------------------------------------------------------------------


def test_what_is_not_understood_gets_a_sentence(window: Open, see: See) -> None:
    ana = window("U0ANA", size=TALL)
    told = []
    for command, said in (
        ("stats 2031-01", "“2031-01” is in the future"),
        ("stats 2026-10-15..2026-10-01", "swap the dates, 2026-10-01..2026-10-15"),
        ("search @mariawrites", "Did you mean @maria_writes"),
        ("issues teapot", "There is no issue called “teapot”"),
        ("open yesterday", "Unknown filter “yesterday”"),
        ("export everything", "I can't export “everything”"),
    ):
        ask(ana, f"/mentions {command}")
        told.append(answer(ana, said))

    see(ana, "10/sentences", *told)


def test_help_names_each_command_and_an_unknown_word_gets_it_too(window: Open, see: See) -> None:
    ana = window("U0ANA", size=TALL)
    ask(ana, "/mentions opne")
    told = answer(ana, "I don't know the command “opne”. Did you mean “open”?")

    for word in COMMANDS:
        expect(told.locator("code", has_text=re.compile(rf"^/mentions {word}\b")).first).to_be_visible()
    see(ana, "10/help", told)
    ask(ana, "/mentions doctor")
    examined = answer(ana, "database: SQLite")
    holds(examined, "SLACK_BOT_TOKEN: works; signed in as @", "scopes: all granted.")
    see(ana, "10/doctor", examined)
