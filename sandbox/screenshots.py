"""`python -m sandbox.screenshots [name …]`: takes the pictures of the main flows in a real browser."""

import base64
import io
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from playwright.sync_api import Page, ViewportSize, expect, sync_playwright

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
TALL: ViewportSize = {"width": 1280, "height": 1240}
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


def attached(picture: Image.Image, name: str) -> dict[str, str]:
    """A file as a person's client would send it."""
    data = io.BytesIO()
    picture.save(data, "PNG")
    return {"filename": name, "data": base64.b64encode(data.getvalue()).decode(), "content_type": "image/png"}


class Shots:
    """Plays the main flows in one running studio and takes a picture of each, in a channel of its own."""

    def __init__(self, studio: Studio, page: Page) -> None:
        self._studio = studio
        self._page = page

    def channel(self) -> None:
        """Commands of two people: one is done, one is drawn."""
        page = self._page
        page.goto(self._studio.discord_url)
        type_imagine(page, "a red star on a blue background", images="2", seed="7")
        expect(page.get_by_test_id("attachment-image")).to_have_count(2, timeout=PICTURE_TIMEOUT_MS)
        page.get_by_test_id("user-switcher").select_option(label="Member 2")
        type_imagine(page, "a green ring on a yellow background", steps="60", images="4")
        page.wait_for_timeout(1500)
        self._take("channel", expected=2)

    def upscale(self) -> None:
        """A picture with all its buttons and the list, and below it the same twice as large."""
        first = self._use("imagine", prompt="a yellow triangle on a green background", seed=3, channel="studio")
        self._press("Upscale 2×", first, channel="studio")  # noqa: RUF001 - as the button says
        self._open("studio")
        self._take("upscale", expected=2)

    def inpaint(self) -> None:
        """Somebody's picture and the mask, then the picture with the masked part drawn anew."""
        given = Image.new("RGB", (128, 128), "orange")
        ImageDraw.Draw(given).ellipse((4, 44, 40, 80), fill="navy")
        mask = Image.new("L", given.size)
        ImageDraw.Draw(mask).rectangle((44, 0, 127, 127), fill=255)
        files = [attached(given, "picture.png"), attached(mask, "mask.png")]
        body = {"user": "member-1", "channel": "dm", "content": "something else on the right, please", "files": files}
        self._studio.discord("POST", "messages", body)
        self._use("inpaint", image=files[0], mask=files[1], prompt="a red star on an orange background", channel="dm")
        self._open("dm-member-1")
        self._take("inpaint", expected=3)

    def private(self) -> None:
        """Pictures behind a spoiler, and below them pictures that only one member sees."""
        self._use("imagine", prompt="a blue square on a red background", images=4, spoiler=True, channel="after-dark")
        self._use("imagine", prompt="a white ring on a black background", private=True, channel="after-dark")
        self._open("after-dark")
        self._take("private", expected=5)

    def _use(self, command: str, *, channel: str, **options: Any) -> str:
        answer = self._studio.act(command=command, options=options, channel=channel, wait=True)
        return self._drawn(answer)

    def _press(self, label: str, message_id: str, *, channel: str) -> str:
        return self._drawn(self._studio.act(label=label, message_id=message_id, channel=channel, wait=True))

    def _drawn(self, answer: dict[str, Any]) -> str:
        message_id, channel_id = answer["message"]["id"], answer["message"]["channel_id"]

        def posted() -> bool:
            found = self._studio.messages(channel_id)
            return any(each["id"] == message_id and each["attachments"] for each in found)

        self._studio.wait_for("the picture", posted, timeout_s=PICTURE_TIMEOUT_MS / 1000)
        return str(message_id)

    def _open(self, channel: str) -> None:
        self._page.set_viewport_size(TALL)
        self._page.goto(f"{self._studio.discord_url}/?user=member-1&channel={channel}")

    def _take(self, name: str, *, expected: int) -> None:
        expect(self._page.get_by_test_id("attachment-image")).to_have_count(expected)
        self._page.wait_for_timeout(500)
        self._page.screenshot(path=IMAGES / f"{name}.png")


def main() -> None:
    """Write `docs/images/`: all of them, or those that are named."""
    build_tiny_sdxl.build(Path("var/weights"))
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, Studio(Path(folder)) as studio, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        shots = Shots(studio, browser.new_page(viewport={"width": 1280, "height": 900}))
        flows = {each.__name__: each for each in (shots.channel, shots.upscale, shots.inpaint, shots.private)}
        for name in sys.argv[1:] or flows:
            flows[name]()
        browser.close()


if __name__ == "__main__":
    main()
