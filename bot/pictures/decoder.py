"""Opens one picture of a stranger: stdin is the file, stdout what is kept of it.

Run in `bot.confinement`, so it imports nothing of Easel. Arguments: `picture` or `mask`, the most pixels that are
decoded, and the longest side that is kept. stdout is a line of JSON and then a PNG of pixels alone: no place, no
camera, no profile of the original is left in it. Exit code 1 and JSON on stderr say why a file was refused.
"""

import io
import json
import sys
import warnings
from typing import Any

from PIL import Image, ImageOps
from PIL.Image import Image as Picture

_FORMATS = ("PNG", "JPEG", "WEBP")
_HALF = 128
_ALMOST_WHITE = 250


class Unfit(Exception):  # noqa: N818 - reads as the sentence "except Unfit"
    """A picture that is not taken: `reason` and its data, for a sentence."""

    def __init__(self, reason: str, **data: int) -> None:
        self.answer = {"reason": reason, **data}
        super().__init__(reason)


def opened(data: bytes, *, most_pixels: int) -> Picture:
    """The first frame, upright, as RGB or, where it has transparency, RGBA.

    Raises:
        Unfit: it has more pixels than that; they are counted in the header, before anything is decoded.
        Exception: it is no picture of a known kind; Pillow raises many things for that.
    """
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = None  # counted here instead, so that the sentence has the numbers
    with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
        if picture.width * picture.height > most_pixels:
            raise Unfit("pixels", width=picture.width, height=picture.height)
        upright = ImageOps.exif_transpose(picture)
        return upright.convert("RGBA" if upright.has_transparency_data else "RGB")


def as_picture(image: Picture) -> Picture:
    """RGB; what is transparent becomes white."""
    if image.mode != "RGBA":
        return image
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def as_mask(image: Picture) -> Picture:
    """L, white where something is to change.

    What has no transparency is taken as it is. White strokes on nothing are what they look like. Where a hole was cut
    into a picture, the hole is meant.
    """
    if image.mode != "RGBA":
        return image.convert("L")
    alpha = image.getchannel("A")
    if darkest(alpha) == 255:  # noqa: PLR2004 - opaque everywhere
        return image.convert("L")
    strokes = darkest(as_picture(image).convert("L")) >= _ALMOST_WHITE
    return alpha if strokes else alpha.point(lambda value: 255 if value < _HALF else 0)


def darkest(image: Picture) -> int:
    """The least value of a picture with one channel."""
    return next(value for value, count in enumerate(image.histogram()) if count)


def shrunk(image: Picture, most: int) -> Picture:
    """At most `most` pixels a side, in the same shape."""
    scale = min(1.0, most / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image if size == image.size else image.resize(size)


def kept(data: bytes, role: str, *, most_pixels: int, most_side: int) -> tuple[dict[str, Any], bytes]:
    """What the picture is, and its pixels as PNG.

    Raises:
        Unfit: it is not taken, with why.
    """
    try:
        image = opened(data, most_pixels=most_pixels)
    except Unfit:
        raise
    except Exception as error:  # whatever a hostile file brings about is one answer
        raise Unfit("broken") from error
    transparent = image.mode == "RGBA"
    pixels = shrunk(as_mask(image) if role == "mask" else as_picture(image), most_side)
    facts: dict[str, Any] = {
        "width": pixels.width,
        "height": pixels.height,
        "given": list(image.size),
        "transparent": transparent,
        "empty": role == "mask" and pixels.getbbox() is None,
    }
    buffer = io.BytesIO()
    pixels.save(buffer, "PNG", compress_level=1)
    return facts, buffer.getvalue()


def main() -> None:
    role, most_pixels, most_side = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    try:
        facts, data = kept(sys.stdin.buffer.read(), role, most_pixels=most_pixels, most_side=most_side)
    except Unfit as unfit:
        sys.stderr.write(json.dumps(unfit.answer))
        raise SystemExit(1) from None
    sys.stdout.buffer.write(json.dumps(facts).encode() + b"\n" + data)


if __name__ == "__main__":
    main()
