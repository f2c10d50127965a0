"""What members gave is opened with care."""

import io
import struct
import zlib

import pytest
from PIL import Image

from gpu_worker.inputs import decode
from tasks.errors import BadSpec, ErrorCode
from tasks.schema import InputRef


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, format=kind, **options)
    return file.getvalue()


def ref(width: int = 12, height: int = 8, media_type: str = "image/png") -> InputRef:
    return InputRef.model_validate({"sha256": "a" * 64, "width": width, "height": height, "media_type": media_type})


def refusal(data: bytes, expected: InputRef) -> ErrorCode:
    with pytest.raises(BadSpec) as caught:
        decode(data, expected)
    assert not caught.value.retryable
    return caught.value.code


PICTURE = Image.linear_gradient("L").resize((12, 8)).convert("RGB")


@pytest.mark.parametrize(("kind", "media_type"), [("PNG", "png"), ("JPEG", "jpeg"), ("WEBP", "webp")])
def test_each_format(kind: str, media_type: str) -> None:
    """The three that Discord shows."""
    found = decode(encoded(PICTURE, kind), ref(media_type=f"image/{media_type}"))
    assert (found.size, found.mode) == ((12, 8), "RGB")


def test_another_format_than_promised() -> None:
    """A decoder that nobody asked for is an open door."""
    assert refusal(encoded(PICTURE, "GIF"), ref()) is ErrorCode.INPUT_BROKEN
    assert refusal(encoded(PICTURE, "JPEG"), ref()) is ErrorCode.INPUT_BROKEN
    assert refusal(b"no picture at all", ref()) is ErrorCode.INPUT_BROKEN


def test_another_size_than_promised() -> None:
    """The ledger counted with the promised one."""
    assert refusal(encoded(PICTURE), ref(8, 12)) is ErrorCode.INPUT_BROKEN
    assert refusal(encoded(PICTURE), ref(13, 8)) is ErrorCode.INPUT_BROKEN


def test_a_truncated_file() -> None:
    """Half a picture is none."""
    noise = Image.effect_noise((64, 64), 80).convert("RGB")
    assert refusal(encoded(noise)[:-400], ref(64, 64)) is ErrorCode.INPUT_BROKEN


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_an_image_bomb() -> None:
    """A few bytes that would become ten gigabytes: refused by the header, before anything is decoded."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 10_000_000)) + chunk(b"IEND", b"")
    assert refusal(bomb, ref()) is ErrorCode.INPUT_TOO_LARGE


def test_a_text_bomb() -> None:
    """Compressed metadata counts too."""
    text = chunk(b"zTXt", b"k\0\0" + zlib.compress(b"x" * 80_000_000, 9))
    good = encoded(PICTURE)
    assert refusal(good[:33] + text + good[33:], ref()) is ErrorCode.INPUT_BROKEN


def test_a_photo_is_turned_upright() -> None:
    """Telephones write the rotation beside the pixels."""
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(PICTURE, "JPEG", exif=exif.tobytes())
    assert decode(data, ref(8, 12, "image/jpeg")).size == (8, 12)


def test_transparency_survives_for_masks() -> None:
    """A mask may be painted on nothing."""
    assert decode(encoded(PICTURE.convert("RGBA")), ref()).mode == "RGBA"
    assert decode(encoded(PICTURE.convert("P")), ref()).mode == "RGB"
