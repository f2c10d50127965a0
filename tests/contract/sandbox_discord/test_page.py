"""The web page in a real browser, with a real bot behind it."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, Self

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from sandbox.discord.server import DiscordServer
from sandbox.screenshots import ARGUMENTS, CHROMIUM
from tests.contract.sandbox_discord.studio_bot import Running, StudioBot, point_at


class Studio:
    """Sandbox and bot on an event loop of their own, beside the browser's synchronous test."""

    def __init__(self, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._monkeypatch = monkeypatch
        self.server = DiscordServer(data_dir=data_dir)

    def wait(self, doing: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(doing, self._loop).result(timeout=30)

    def __enter__(self) -> Self:
        self._thread.start()
        self.wait(self.server.start())
        point_at(self.server, self._monkeypatch)
        self.running = self.wait(self._start_bot())
        return self

    async def _start_bot(self) -> Running:
        running = Running(self.server, StudioBot())
        await running.__aenter__()
        await running.sync()
        return running

    def __exit__(self, *_: object) -> None:
        self.wait(self.running.__aexit__(None, None, None))
        self.wait(self.server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        return self.wait(self.server.control(method, path, body))


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    with Studio(tmp_path / "discord", monkeypatch) as studio:
        yield studio


@pytest.fixture(scope="module")
def browser_page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser.new_page(viewport={"width": 1280, "height": 800})
        browser.close()


@pytest.fixture
def page(browser_page: Page, studio: Studio) -> Page:
    browser_page.set_viewport_size({"width": 1280, "height": 800})
    browser_page.goto(studio.server.url)
    expect(browser_page.get_by_test_id("channel-general")).to_be_visible()
    return browser_page


def test_a_command_typed_on_the_page_gives_a_picture_and_a_button(page: Page, studio: Studio) -> None:
    """Type a slash, choose, fill in, send; see the picture; press Cancel; see the edit."""
    page.get_by_test_id("composer").press_sequentially("/im")
    page.get_by_test_id("command-imagine").click()
    page.get_by_test_id("option-prompt").fill("a lighthouse in the fog")
    page.get_by_test_id("send").click()
    message = page.get_by_test_id("message").last
    expect(message.get_by_test_id("attachment-image")).to_have_js_property("naturalWidth", 64)
    expect(message).to_contain_text("used/imagine")
    message.get_by_test_id("button-Cancel").click()
    expect(message.get_by_test_id("message-content")).to_contain_text("cancelled job1")
    assert studio.control("GET", "violations") == []


def test_the_keyboard_is_enough(page: Page) -> None:
    """Choose with Tab, take a suggestion of the bot with Enter, send with Enter."""
    page.get_by_test_id("composer").press_sequentially("/imagine")
    page.keyboard.press("Tab")
    page.keyboard.type("a fox")
    page.get_by_test_id("add-option-model").press("Enter")
    page.keyboard.type("light")
    expect(page.get_by_test_id("choice-sdxl-lightning")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("message").last).to_contain_text("a fox with sdxl-lightning")


def test_wrong_values_are_named_and_can_be_sent_all_the_same(page: Page, studio: Studio) -> None:
    """The page refuses like the chat's client; `send anyway` passes the value on as it is."""
    page.get_by_test_id("composer").press_sequentially("/imagine")
    page.keyboard.press("Enter")
    page.get_by_test_id("send").click()
    expect(page.get_by_role("alert").first).to_contain_text("prompt: this option is required")
    page.get_by_test_id("option-prompt").fill("a fox")
    page.get_by_test_id("add-option-images").click()
    page.get_by_test_id("option-images").fill("9")
    page.get_by_test_id("send").click()
    expect(page.get_by_role("alert").first).to_contain_text("must be 4 or less")
    page.get_by_test_id("send-anyway").click()
    expect(page.get_by_test_id("attachment-image")).to_have_count(9)
    data = studio.running.bot.seen[-1].data
    assert data is not None
    assert data["options"][1]["value"] == 9


def test_a_form_is_shown_and_sent(page: Page) -> None:
    """A modal opens from a command; the answer to it is for this person alone."""
    page.get_by_test_id("composer").press_sequentially("/remix")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.get_by_test_id("modal-field-prompt").fill("more fog")
    page.get_by_test_id("modal-field-strength").select_option("high")
    page.get_by_test_id("modal-submit").click()
    message = page.get_by_test_id("message").last
    expect(message).to_contain_text("remix: more fog (high)")
    expect(message).to_contain_text("Only you can see this")
    page.get_by_test_id("user-switcher").select_option(label="Member 2")
    expect(page.get_by_test_id("message")).to_have_count(0)
    page.get_by_test_id("user-switcher").select_option(label="Member 1")


def test_no_answer_is_said_in_red(page: Page, studio: Studio) -> None:
    """After 3 s without an answer the person who asked reads so."""
    studio.running.bot.hold.clear()
    page.get_by_test_id("composer").press_sequentially("/slow")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("pending-interaction")).to_be_visible()
    studio.control("POST", "clock", {"advance_s": 4})
    expect(page.get_by_test_id("failed-interaction")).to_contain_text("The application did not respond")


def test_nothing_overflows_on_a_phone(page: Page, studio: Studio) -> None:
    """390 pixels: no sideways scrolling, the channel list behind its button, commands still work."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_test_id("composer").press_sequentially("/imagine")
    page.keyboard.press("Enter")
    page.get_by_test_id("option-prompt").fill("a very long prompt about a lighthouse " * 12)
    page.get_by_test_id("add-option-images").click()
    page.get_by_test_id("option-images").fill("4")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("attachment-image")).to_have_count(4)
    widths = page.evaluate(
        "[...document.querySelectorAll('body *')].map(e => e.getBoundingClientRect())"
        ".filter(r => r.width && r.left >= 0 && r.right > innerWidth + 1).length"
    )
    assert widths == 0
    page.get_by_role("button", name="Show channels").click()
    page.get_by_test_id("channel-studio").click()
    expect(page.get_by_role("heading", name="Welcome to #studio")).to_be_visible()


def test_what_a_message_says_never_becomes_markup(page: Page, studio: Studio) -> None:
    """A prompt with HTML in it is text; markdown is not."""
    content = "<img src=x onerror=\"document.title='owned'\"> **bold** `<b>` ||hidden|| @everyone"
    studio.control("POST", "messages", {"content": content, "user": "member-2"})
    message = page.get_by_test_id("message").last
    expect(message).to_contain_text("<img src=x")
    expect(message.locator("strong")).to_have_text("bold")
    expect(message.locator("code")).to_have_text("<b>")
    assert page.title() != "owned"
