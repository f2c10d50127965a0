"""Encodes pixels as PNG with their parameters inside."""

import io

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from gpu_worker.renderer import Picture
from tasks import infotext
from tasks.schema import JobSpec

# The courier encodes again for Discord; here only speed counts, and level 1 is three times as fast as the usual 6.
_COMPRESS_LEVEL = 1


def encode(picture: Picture, spec: JobSpec) -> bytes:
    """A PNG with the texts `parameters` (A1111) and `easel` (JSON); both as UTF-8."""
    texts = PngInfo()
    texts.add_itxt("parameters", infotext.a1111_text(spec, seed=picture.seed))
    texts.add_itxt("easel", infotext.easel_text(spec, seed=picture.seed))
    file = io.BytesIO()
    image = Image.frombytes("RGB", (picture.width, picture.height), picture.rgb)
    image.save(file, format="PNG", pnginfo=texts, compress_level=_COMPRESS_LEVEL)
    return file.getvalue()
