"""Results are hostile input: only the asked pixels come through."""

import io
import struct
import subprocess
import zlib
from pathlib import Path

import pytest
from PIL import Image

from bot.confinement import Limits, confined
from bot.courier.inspection import Rejected, decode

SIZE = (64, 48)


def encoded(image: Image.Image, kind: str = "PNG") -> bytes:
    data = io.BytesIO()
    image.save(data, kind)
    return data.getvalue()


def gradient(size: tuple[int, int] = SIZE) -> Image.Image:
    return Image.merge("RGB", [Image.linear_gradient("L").resize(size)] * 3)


def bomb(size: tuple[int, int]) -> bytes:
    """A few bytes that claim to be very many pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0)
    zeros = zlib.compress(bytes(50_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zeros) + chunk(b"IEND", b"")


def test_an_honest_picture_comes_through_bit_by_bit() -> None:
    """Looking at it costs no quality."""
    assert decode(encoded(gradient()), SIZE).tobytes() == gradient().tobytes()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<html><script>alert(1)</script></html>", "it is no PNG"),
        (b"", "it is no PNG"),
        (encoded(gradient(), "JPEG"), "it is no PNG"),
        (encoded(gradient((48, 64))), "it is 48x64, not 64x48"),
        (encoded(gradient())[:80], "OSError|SyntaxError|truncated"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, "UnidentifiedImageError|SyntaxError"),
        (encoded(gradient().convert("P")), "its mode is P, not RGB"),
        (encoded(gradient().convert("RGBA")), "its mode is RGBA, not RGB"),
        (bomb((60_000, 60_000)), "DecompressionBomb|it is 60000x60000"),
    ],
    ids=["html", "empty", "jpeg", "wrong-size", "truncated", "garbage", "palette", "alpha", "bomb"],
)
def test_anything_else_is_rejected_with_the_reason(data: bytes, reason: str) -> None:
    """HTML as PNG, wrong size, truncated, bombs: drawn again by somebody else."""
    with pytest.raises(Rejected, match=reason):
        decode(data, SIZE)


def test_a_bomb_inside_the_right_size_is_no_bomb() -> None:
    """50 MB of zeros behind a small header: only the promised pixels are unpacked."""
    assert decode(bomb(SIZE), SIZE).size == SIZE


def test_a_decoder_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that never ends costs one time limit and no courier."""

    def hang(*_: object, timeout: float, **__: object) -> None:
        raise subprocess.TimeoutExpired("decoder", timeout)

    monkeypatch.setattr(subprocess, "run", hang)
    with pytest.raises(Rejected, match="not decoded within 20 s"):
        decode(encoded(gradient()), SIZE)


def test_decoders_are_confined(tmp_path: Path) -> None:
    """Little memory, little time, no file, no secret, and no module of ours."""
    program = tmp_path / "program.py"
    program.write_text(
        "import os, resource, sys\n"
        "for kind in (resource.RLIMIT_CPU, resource.RLIMIT_AS, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):\n"
        "    print(*resource.getrlimit(kind))\n"
        "print(sorted(os.environ) in ([], ['LC_CTYPE']), any(name.startswith('bot') for name in sys.modules))\n"
        "print(sys.stdin.read(), *sys.argv[1:])\n"
    )
    limits = Limits(cpu_s=3, memory_bytes=2**29, timeout_s=20)
    ended = confined(program, "a", 1, data=b"the file", limits=limits)
    lines = ["3 3", f"{2**29} {2**29}", "0 0", "0 0", "True False", "the file a 1"]
    assert (ended.stdout.decode().splitlines(), ended.stderr) == (lines, b"")
