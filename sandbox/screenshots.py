"""`python -m sandbox.screenshots`: takes the README's picture of the channel in a real browser."""

import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from sandbox.studio import Studio
from sandbox.weights import build_tiny_sdxl

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]
IMAGES = Path("docs/images")
PICTURE_TIMEOUT_MS = 180_000


def type_imagine(page: Page, prompt: str, **options: str) -> None:
    """Type `/imagine` with its options, as a person would, and send it."""
    page.get_by_test_id("composer").press_sequentially("/imagine")
    page.keyboard.press("Tab")
    page.get_by_test_id("option-prompt").fill(prompt)
    for name, value in options.items():
        page.get_by_test_id(f"add-option-{name}").click()
        page.get_by_test_id(f"option-{name}").fill(value)
    page.get_by_test_id("send").click()


def main() -> None:
    """Write `docs/images/channel.png`."""
    build_tiny_sdxl.build(Path("var/weights"))
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, Studio(Path(folder)) as studio, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(studio.discord_url)
        type_imagine(page, "a red star on a blue background", images="2", seed="7")
        expect(page.get_by_test_id("attachment-image")).to_have_count(2, timeout=PICTURE_TIMEOUT_MS)
        page.get_by_test_id("user-switcher").select_option(label="Member 2")
        type_imagine(page, "a green ring on a yellow background", steps="60", images="4")
        page.wait_for_timeout(1500)
        page.screenshot(path=IMAGES / "channel.png")
        browser.close()


if __name__ == "__main__":
    main()
