"""Decodes what members gave: only the format that was promised, and never more pixels than were promised."""

import io
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

from tasks.errors import BadSpec, ErrorCode
from tasks.references import MAX_INPUT_PIXELS, InputRef

_FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}
# Whatever is wrong with a file, these are what Pillow raises for it.
_BROKEN = (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, Warning)


def decode(data: bytes, ref: InputRef) -> Image.Image:
    """The first frame, upright, as RGB or, where it has transparency, RGBA.

    Raises:
        BadSpec: it has too many pixels, or is not a picture of the promised format and size.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _decode(data, ref)
    except Image.DecompressionBombError as error:
        raise BadSpec(ErrorCode.INPUT_TOO_LARGE, str(error)[:200]) from None
    except _BROKEN as error:
        raise BadSpec(ErrorCode.INPUT_BROKEN, f"{type(error).__name__}: {str(error)[:200]}") from None


def _decode(data: bytes, ref: InputRef) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=[_FORMATS[ref.media_type]]) as opened:
        width, height = opened.size  # from the header: nothing is decoded yet
        if width * height > MAX_INPUT_PIXELS:
            message = f"{width}x{height} is more than {MAX_INPUT_PIXELS} pixels"
            raise BadSpec(ErrorCode.INPUT_TOO_LARGE, message)
        if width * height != ref.width * ref.height:
            message = f"it is {width}x{height} instead of {ref.width}x{ref.height}"
            raise ValueError(message)
        upright = ImageOps.exif_transpose(opened)
    if upright.size != (ref.width, ref.height):
        message = f"it is {upright.width}x{upright.height} instead of {ref.width}x{ref.height}"
        raise ValueError(message)
    return upright.convert("RGBA" if upright.has_transparency_data else "RGB")
