"""Files that members might attach."""

import base64
import io
from typing import Any

from PIL import Image


def saved(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


def attached(given: Image.Image | bytes, name: str = "photo.png") -> dict[str, str]:
    """The value of an attachment option, as the sandbox takes it."""
    data = given if isinstance(given, bytes) else saved(given)
    return {"filename": name, "data": base64.b64encode(data).decode()}


def photo(size: tuple[int, int] = (96, 64), colour: str = "red") -> Image.Image:
    return Image.new("RGB", size, colour)


def strokes(size: tuple[int, int] = (96, 64), box: tuple[int, int, int, int] = (0, 0, 48, 64)) -> Image.Image:
    """A black mask that is white within a box."""
    mask = Image.new("L", size, 0)
    mask.paste(255, box)
    return mask
