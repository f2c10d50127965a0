"""From an attachment to a picture that a job can refer to: checked, fetched, opened, kept under its hash."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import discord
import structlog

from bot.discord_api import attachment_origins
from bot.pictures.fetching import check_size, fetch
from bot.pictures.opening import Opened, Role, open_picture
from bot.refusals import RefusalCode, Refused
from bot.services import Services
from tasks.publishing import BrokerUnavailable
from tasks.references import MAX_INPUT_PIXELS
from tasks.schema import InputRef

log = structlog.get_logger()

# Nothing that is drawn from a picture has a longer side; what is enlarged keeps every pixel.
DRAWN_FROM_SIDE = 2048
ENLARGED_SIDE = 8192
READABLE = frozenset({"image/png", "image/jpeg", "image/webp"})


@dataclass(frozen=True)
class Wanted:
    """A file, and what it is for."""

    attachment: discord.Attachment
    role: Role = Role.PICTURE
    most_side: int = DRAWN_FROM_SIDE
    most_pixels: int = MAX_INPUT_PIXELS


@dataclass(frozen=True)
class Given:
    """A picture that is kept. `size` (width, height) is what the member gave, before it was scaled down."""

    ref: InputRef
    size: tuple[int, int]
    transparent: bool = False
    empty: bool = False


def ref_of(given: Mapping[str, Given], option: str) -> InputRef | None:
    """What a job refers to; None where the option was left out."""
    return given[option].ref if option in given else None


async def receive(services: Services, wanted: Mapping[str, Wanted]) -> dict[str, Given]:
    """Every picture by its option, side by side.

    Raises:
        Refused: the first that cannot be taken, with why.
    """
    for option, each in wanted.items():
        _check_promises(each.attachment, option)
    found = await asyncio.gather(*(_received(services, option, each) for option, each in wanted.items()))
    return dict(zip(wanted, found, strict=True))


def _check_promises(attachment: discord.Attachment, option: str) -> None:
    """What Discord says of the file, before anything is fetched; what it really is counts later."""
    check_size(attachment.size, option)
    kind = (attachment.content_type or "").partition(";")[0].strip().lower()
    if kind and kind not in READABLE:
        raise Refused(RefusalCode.PICTURE_TYPE, option, given=kind)


async def _received(services: Services, option: str, wanted: Wanted) -> Given:
    async with services.pictures_at_once:
        data = await fetch(wanted.attachment.url, option=option, origins=attachment_origins())
        opened = await open_picture(
            data, option=option, role=wanted.role, most_side=wanted.most_side, most_pixels=wanted.most_pixels
        )
    return await _kept(services, option, opened)


async def _kept(services: Services, option: str, opened: Opened) -> Given:
    try:
        sha256 = await services.in_broker(services.publisher.keep_input, opened.data)
    except BrokerUnavailable as error:
        log.warning("picture cannot be kept", error=str(error))
        raise Refused(RefusalCode.PICTURE_STORE, option) from error
    ref = InputRef(sha256=sha256, width=opened.width, height=opened.height)
    log.info("picture kept", option=option, sha256=sha256, size=f"{opened.width}x{opened.height}")
    return Given(ref, opened.given, opened.transparent, opened.empty)
