"""One demo for each file, a browser that is there already, and a hand for what people do on the page."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Locator, Page, Playwright, expect, sync_playwright

from sandbox.demo.bot_process import BotProcess
from sandbox.demo.runner import Demo, running
from tests import databases
from tests.patience import be_patient

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",  # as root there is none to be had
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WAIT = 45_000  # milliseconds: for a machine that is busy with something else
WIDE = {"width": 1440, "height": 900}
AIR = 6  # pixels around what a picture shows
CALM = "dialog::backdrop { background: #fff !important } .tools, #toasts { visibility: hidden } "
CALM += ".message:not(.mine-only) { background: none !important }"
STYLED = "css => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css); document.adoptedStyleSheets = [sheet]; }"
NO_BROWSER = (
    "no browser: install Chromium or Chrome (Debian: apt install chromium), or run "
    ".venv/bin/playwright install chromium"
)

expect.set_options(timeout=WAIT)


@pytest.fixture(scope="module")
def demo(sqlite: databases.Lend, request: pytest.FixtureRequest) -> Iterator[Demo]:
    """The whole demo; customers and the digest speak only when a test lets them.

    Replies can be undone for three seconds, or for the file's own `UNDO_SECONDS`. The bot, and Slack, are patient.

    Its ledger is a copy of a migrated one, which is what `migrate` makes: that takes a process and two seconds.
    """

    def copy(bot: BotProcess) -> None:
        ledger = Path(bot.environment()["DATABASE_URL"].removeprefix("sqlite:///"))
        with sqlite(ledger.parent) as url:
            Path(url.removeprefix("sqlite:///")).rename(ledger)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BotProcess, "migrate", copy)
        patch.setattr(BotProcess, "module", "tests.patient_bot")
        undo = str(getattr(request.module, "UNDO_SECONDS", 3))
        with running(port=0, customers=False, UNDO_SECONDS=undo, DIGEST_AT="off") as demo:
            be_patient(demo.context.slack)
            yield demo


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    found = _launched(playwright)
    if found is None and os.environ.get("CI"):
        pytest.fail(NO_BROWSER, pytrace=False)
    if found is None:
        pytest.skip(NO_BROWSER)
    yield found
    found.close()


def _launched(playwright: Playwright) -> Browser | None:
    """An installed browser, else Playwright's own."""
    installed = next((path for name in NAMES if (path := shutil.which(name))), None)
    try:
        return playwright.chromium.launch(executable_path=installed, args=FLAGS)
    except Error:
        return None


@pytest.fixture
def window(browser: Browser, demo: Demo) -> Iterator[Callable[..., "Window"]]:
    """Opens windows as different people, and wants each free of errors at the end."""
    opened: list[Window] = []

    def new(who: str = "U0ANA", *, size: dict[str, int] = WIDE, dark: bool = False, **more: object) -> Window:
        with demo.context.slack.world.lock:  # Slack keeps a modal open for whoever left it so
            demo.context.slack.world.views.clear(who)
        context = browser.new_context(viewport=size, color_scheme="dark" if dark else "light", **more)
        context.set_default_timeout(WAIT)
        opened.append(Window(context.new_page(), f"{demo.url}?as={who}"))
        return opened[-1]

    yield new
    for one in opened:
        one.page.context.close()
    troubles = [trouble for one in opened for trouble in one.troubles]

    assert troubles == []


class Window:
    """The page in one teammate's window."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.troubles = page, list[str]()
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("console", self._noted)
        page.goto(url)
        page.locator("article.card").last.wait_for()

    def _noted(self, message: object) -> None:
        """Keep what the browser complains about; a refusal (409) is the page's own business."""
        text = f"{message.type}: {message.text}"
        if message.type in {"error", "warning"} and not re.search(r"\b409\b|ERR_", text):
            self.troubles.append(text)

    @property
    def network(self) -> Locator:
        return self.page.locator("#panel-x")

    def tab(self, name: str) -> Locator:
        """The tab of that network, which is opened, as customers see it."""
        self.page.get_by_role("tab", name=name).click()
        return self.page.get_by_role("tabpanel", name=name)

    @property
    def slack(self) -> Locator:
        return self.page.get_by_role("region", name="Slack")

    def open_home(self) -> Locator:
        """Heard's Home tab; with unread direct messages its entry leads to these first."""
        self.slack.get_by_role("button", name=re.compile("^Heard")).first.click()
        self.slack.get_by_role("button", name="Home", exact=True).click()
        return self.slack.locator(".home")

    @property
    def internals(self) -> Locator:
        return self.page.get_by_role("region", name="Behind the scenes")

    @property
    def modal(self) -> Locator:
        return self.page.get_by_role("dialog")

    @property
    def thread(self) -> Locator:
        return self.page.get_by_role("complementary", name="Thread")

    def card(self, words: str) -> Locator:
        return self.slack.locator("#messages article.card").filter(has_text=words).last

    def conversation(self, words: str) -> Locator:
        return self.network.locator(".conversation").filter(has_text=words).first

    def customer_says(self, words: str) -> None:
        self.network.get_by_label("Post text").fill(words)
        self.network.get_by_role("button", name="Post", exact=True).click()

    def press(self, card: Locator, label: str) -> None:
        card.get_by_role("button", name=label, exact=True).first.click()

    def write(self, words: str) -> None:
        self.modal.get_by_label("Your reply").fill(words)

    def send(self, label: str = "Send publicly") -> None:
        self.modal.get_by_role("button", name=label, exact=True).click()

    def offered(self, box: Locator, wanted: str, typed: str = "") -> Locator:
        """What a field that asks the app has on offer for `typed`, `wanted` among it.

        Asked again while the machine is too busy for an answer in Slack's time.
        """
        offer = self.modal.get_by_role("listbox")
        found = offer.get_by_role("option").filter(has_text=wanted).first
        for _ in range(10):
            if offer.count():
                box.press("Escape")
            box.fill(typed) if typed else box.press("ArrowDown")
            expect(found.or_(offer.get_by_text("Nothing found"))).to_be_visible()
            if found.is_visible():
                break
        expect(found).to_be_visible()
        return offer.get_by_role("option")

    def open_thread(self, card: Locator) -> None:
        card.hover()
        card.get_by_role("button", name="Reply in thread").click()
        self.thread.wait_for()

    def says_in_thread(self, words: str) -> None:
        self.thread.get_by_role("combobox").fill(words)
        self.thread.get_by_role("button", name="Send", exact=True).click()


@pytest.fixture
def picture() -> Callable[..., None]:
    """Keeps a picture for the docs, where HEARD_PICTURES says so: of the page, or of what is named in it."""
    folder = os.environ.get("HEARD_PICTURES")

    def take(window: Window, name: str, *parts: Locator) -> None:
        if folder:
            path = Path(folder) / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            window.page.mouse.move(0, 0)  # nothing is pointed at
            if parts:  # whoever scrolls to it is not called back to what they pressed last
                window.slack.locator("#messages").dispatch_event("wheel")
            window.page.evaluate(STYLED, CALM if parts else "")
            window.page.screenshot(path=path, clip=_around(parts))
            window.page.evaluate(STYLED, "")

    return take


def _around(parts: tuple[Locator, ...]) -> dict[str, float] | None:
    """The rectangle that holds all of them, with a little air, in CSS pixels."""
    for part in parts[:1]:
        part.scroll_into_view_if_needed()
    boxes = [part.bounding_box() for part in parts]
    if not boxes:
        return None
    air = 0 if parts[0].evaluate("one => one.tagName") == "ARTICLE" else AIR  # a message has its own
    left, top = min(box["x"] for box in boxes) - air, min(box["y"] for box in boxes) - air
    right = max(box["x"] + box["width"] for box in boxes) + air
    bottom = max(box["y"] + box["height"] for box in boxes) + air
    return {"x": left, "y": top, "width": right - left, "height": bottom - top}
