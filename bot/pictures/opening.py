"""Opens a member's picture in a confined process and keeps its pixels alone."""

import asyncio
import json
import subprocess
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bot.confinement import Limits, confined
from bot.refusals import RefusalCode, Refused
from tasks.references import MAX_INPUT_PIXELS

_DECODER = Path(__file__).with_name("decoder.py")
_LIMITS = Limits(cpu_s=15, memory_bytes=1024 * 2**20, timeout_s=30.0)
_LEAST_SIDE = 32
_MEGAPIXEL = 10**6


class Role(StrEnum):
    """What a picture is given for."""

    PICTURE = "picture"
    MASK = "mask"


@dataclass(frozen=True)
class Opened:
    """A PNG without anything but pixels; sizes in pixels, `given` before it was scaled down."""

    data: bytes
    width: int
    height: int
    given: tuple[int, int]
    transparent: bool
    empty: bool  # a mask that changes nothing


async def open_picture(
    data: bytes, *, option: str, role: Role, most_side: int, most_pixels: int = MAX_INPUT_PIXELS
) -> Opened:
    """What is kept of the file.

    Raises:
        Refused: it is no PNG, JPEG or WebP, or has too many pixels, or too few.
    """
    # In a thread: to start a process holds up whoever does it, also by asyncio's own way.
    code, output, complaint = await asyncio.to_thread(_decoded, data, role, most_side, most_pixels)
    if code != 0:
        raise _refusal(complaint, option, most_pixels)
    line, _, png = output.partition(b"\n")
    facts = json.loads(line)
    width, height = facts["given"]
    if min(width, height) < _LEAST_SIDE:
        raise Refused(RefusalCode.PICTURE_SMALL, option, given=f"{width}×{height}", least=_LEAST_SIDE)  # noqa: RUF001
    return Opened(png, facts["width"], facts["height"], (width, height), facts["transparent"], facts["empty"])


def _decoded(data: bytes, role: Role, most_side: int, most_pixels: int) -> tuple[int, bytes, bytes]:
    """Exit code, stdout, stderr."""
    try:
        ended = confined(_DECODER, role, most_pixels, most_side, data=data, limits=_LIMITS)
    except subprocess.TimeoutExpired:
        return 1, b"", b""
    return ended.returncode, ended.stdout, ended.stderr


def _refusal(complaint: bytes, option: str, most_pixels: int) -> Refused:
    """A decoder that was killed has written nothing, or no JSON: the file is broken, whatever it was."""
    try:
        answer = json.loads(complaint)
        size = f"{answer['width']}×{answer['height']}" if answer["reason"] == "pixels" else ""  # noqa: RUF001
    except (ValueError, KeyError, TypeError):
        size = ""
    if size:
        most = f"{most_pixels / _MEGAPIXEL:.0f}"
        return Refused(RefusalCode.PICTURE_PIXELS, option, given=size, most=most)
    return Refused(RefusalCode.PICTURE_BROKEN, option)
