"""A person at the page: types the command in a real browser and sees the picture."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from sandbox.screenshots import ARGUMENTS, CHROMIUM, type_imagine
from sandbox.studio import Studio

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


@pytest.fixture
def page(studio: Studio) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(studio.discord_url)
        yield page
        browser.close()


def test_the_command_is_typed_and_the_picture_is_seen(page: Page) -> None:
    """Slash, command, prompt, Enter: the stages are read, then the picture is on the page and Cancel is gone."""
    before = page.get_by_test_id("attachment-image").count()
    type_imagine(page, "a yellow triangle", images="2")
    message = page.get_by_test_id("message").last
    expect(message.get_by_test_id("button-Cancel")).to_be_visible()
    expect(page.get_by_test_id("attachment-image")).to_have_count(before + 2, timeout=120_000)
    expect(message).to_contain_text("yellow triangle")
    expect(message.get_by_test_id("attachment-image").first).to_have_js_property("complete", value=True)
    expect(message.get_by_test_id("button-Cancel")).to_have_count(0)


def test_the_model_is_suggested_while_typing(page: Page) -> None:
    """Autocomplete comes from the real bot."""
    page.get_by_test_id("composer").press_sequentially("/imagine")
    page.keyboard.press("Tab")
    page.keyboard.type("a fox")
    page.get_by_test_id("add-option-model").press("Enter")
    page.keyboard.type("tiny")
    expect(page.get_by_test_id("choice-tiny-sdxl").first).to_be_visible()
