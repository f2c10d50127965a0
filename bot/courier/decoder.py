"""Decodes one hostile PNG: stdin is the file, stdout the raw RGB pixels.

Run in `bot.confinement`, so it imports nothing of Easel. Arguments: width and height that the picture must have.
Exit code 1 and a line on stderr say why a file was rejected.
"""

import io
import sys
import warnings

from PIL import Image


def decode(data: bytes, size: tuple[int, int]) -> bytes:
    """The pixels of an RGB PNG of exactly `size`.

    Raises:
        ValueError: for anything else.
    """
    warnings.simplefilter("error")
    Image.MAX_IMAGE_PIXELS = size[0] * size[1]
    with Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
        if picture.size != size:
            raise ValueError(f"it is {picture.width}x{picture.height}, not {size[0]}x{size[1]}")
        if picture.mode != "RGB":
            raise ValueError(f"its mode is {picture.mode}, not RGB")
        picture.load()
        return picture.tobytes()


def main() -> None:
    size = (int(sys.argv[1]), int(sys.argv[2]))
    try:
        pixels = decode(sys.stdin.buffer.read(), size)
    except Exception as error:  # noqa: BLE001 - whatever a hostile file brings about is one answer
        sys.stderr.write(f"{type(error).__name__}: {error}"[:300])
        raise SystemExit(1) from None
    sys.stdout.buffer.write(pixels)


if __name__ == "__main__":
    main()
