"""A stranger's file is opened in confinement; only its pixels come out, and what is wrong with it is told."""

import asyncio
import hashlib
import io

import pytest
from PIL import Image, ImageDraw

from bot.pictures.fetching import check_size, is_at
from bot.pictures.opening import Opened, Role, open_picture
from bot.refusals import RefusalCode, Refused
from bot.wording.answers import refusal
from tests.unit.bot.pictures import photo, saved, strokes
from tests.unit.bot.test_inspection import bomb

CDN = frozenset({"https://cdn.discordapp.com", "https://media.discordapp.net"})


def opened(data: bytes, role: Role = Role.PICTURE, most_side: int = 2048) -> Opened:
    return asyncio.run(open_picture(data, option="init_image", role=role, most_side=most_side))


def pixels(found: Opened) -> Image.Image:
    return Image.open(io.BytesIO(found.data))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_the_usual_kinds_are_read(kind: str) -> None:
    """Whatever came, a PNG of plain pixels is kept."""
    found = opened(saved(photo(), kind))
    assert (found.width, found.height, found.given, found.transparent) == (96, 64, (96, 64), False)
    assert pixels(found).format == "PNG"
    assert pixels(found).mode == "RGB"


def test_nothing_but_pixels_is_kept() -> None:
    """A telephone's picture says where somebody lives; strangers' machines never see it. It is turned upright."""
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif[0x010F] = "a telephone"
    found = opened(saved(photo(), "JPEG", exif=exif.tobytes()))
    assert (found.width, found.height) == (64, 96)
    assert b"telephone" not in found.data
    assert not pixels(found).getexif()


def test_a_large_picture_is_scaled_down_in_its_shape() -> None:
    """Workers fetch no pixels that are not drawn from."""
    found = opened(saved(photo((300, 200))), most_side=150)
    assert (found.width, found.height, found.given) == (150, 100, (300, 200))


def test_what_is_transparent_is_white() -> None:
    """As everybody sees it in a light client."""
    found = opened(saved(Image.new("RGBA", (64, 64), (0, 0, 0, 0))))
    assert found.transparent
    assert pixels(found).getpixel((3, 3)) == (255, 255, 255)


def hole() -> Image.Image:
    cut = photo((64, 64)).convert("RGBA")
    cut.paste((0, 0, 0, 0), (0, 0, 32, 64))
    return cut


def white_on_nothing() -> Image.Image:
    painted = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    ImageDraw.Draw(painted).rectangle((0, 0, 31, 63), fill="white")
    return painted


@pytest.mark.parametrize("mask", [strokes((64, 64), (0, 0, 32, 64)), hole(), white_on_nothing()])
def test_a_mask_is_white_where_something_changes(mask: Image.Image) -> None:
    """White on black, a hole in the picture, and white strokes on nothing mean the same."""
    found = opened(saved(mask), Role.MASK)
    assert pixels(found).mode == "L"
    assert pixels(found).getpixel((8, 8)) == 255
    assert pixels(found).getpixel((56, 8)) == 0
    assert not found.empty


def test_a_black_mask_is_noticed() -> None:
    """It would change nothing."""
    assert opened(saved(Image.new("L", (64, 64), 0)), Role.MASK).empty


@pytest.mark.parametrize(
    ("data", "code", "sentence"),
    [
        (b"<svg/>", RefusalCode.PICTURE_BROKEN, "`init_image` cannot be read as a picture."),
        (b"", RefusalCode.PICTURE_BROKEN, "`init_image` cannot be read"),
        (saved(photo())[:100], RefusalCode.PICTURE_BROKEN, "`init_image` cannot be read"),
        (saved(photo(), "GIF"), RefusalCode.PICTURE_BROKEN, "`init_image` cannot be read"),
        (
            bomb((50_000, 50_000)),
            RefusalCode.PICTURE_PIXELS,
            "`init_image` has 50000×50000 pixels; at most 17 megapixels",  # noqa: RUF001
        ),
        (saved(photo((64, 20))), RefusalCode.PICTURE_SMALL, "`init_image` has 64×20 pixels; each side"),  # noqa: RUF001
    ],
)
def test_what_cannot_be_drawn_from_is_refused(data: bytes, code: RefusalCode, sentence: str) -> None:
    """Told in words, whatever the file was; nothing that it claims is believed."""
    with pytest.raises(Refused) as caught:
        opened(data)
    assert caught.value.refusal.code is code
    assert refusal(caught.value.refusal).startswith(sentence)


def test_the_same_picture_has_the_same_hash() -> None:
    """It is kept once, however often it is given."""
    first, again = (hashlib.sha256(opened(saved(photo())).data).hexdigest() for _ in range(2))
    assert first == again


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://cdn.discordapp.com/attachments/1/2/a.png?ex=1&is=2&hm=3", True),
        ("https://media.discordapp.net/ephemeral-attachments/1/2/a.png", True),
        ("http://cdn.discordapp.com/attachments/1/2/a.png", False),
        ("https://cdn.discordapp.com:8443/a.png", False),
        ("https://cdn.discordapp.com.evil.example/a.png", False),
        ("https://evil.example/cdn.discordapp.com/a.png", False),
        ("https://cdn.discordapp.com@evil.example/a.png", False),
        ("https://somebody@cdn.discordapp.com/a.png", False),
        ("https://discord.com/a.png", False),
        ("http://127.0.0.1/a.png", False),
        ("file:///etc/passwd", False),
        ("", False),
        ("https://[", False),
    ],
)
def test_files_come_from_discord_alone(url: str, *, allowed: bool) -> None:
    """No address leads the trusted side anywhere else."""
    assert is_at(url, CDN) is allowed


def test_a_large_file_is_told_with_both_sizes() -> None:
    """Before it is fetched, and while it is."""
    with pytest.raises(Refused) as caught:
        check_size(40 * 2**20, "mask")
    assert refusal(caught.value.refusal).startswith("`mask` has 40.0 MiB; at most 32 MiB are possible.")
