"""Fetches a file that somebody attached, from where Discord keeps files and from nowhere else."""

import aiohttp
import structlog
import yarl

from bot.refusals import RefusalCode, Refused
from tasks.blobs import MAX_INPUT_BYTES

log = structlog.get_logger()

_TIMEOUT = aiohttp.ClientTimeout(total=20, connect=5)
_CHUNK = 2**16
_MIB = 2**20
_OK, _NOT_FOUND = 200, 404


async def fetch(url: str, *, option: str, origins: frozenset[str]) -> bytes:
    """The bytes at `url`. A redirect is not followed: it could lead anywhere.

    Raises:
        Refused: it is elsewhere, gone, too large, or did not come in time.
    """
    if not is_at(url, origins):
        raise Refused(RefusalCode.PICTURE_ELSEWHERE, option)
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as session,
            session.get(yarl.URL(url, encoded=True), allow_redirects=False) as answer,
        ):
            return await _body(answer, option)
    except (aiohttp.ClientError, OSError) as error:
        log.warning("attachment was not fetched", option=option, error=repr(error))
        raise Refused(RefusalCode.PICTURE_AWAY, option) from error


def is_at(url: str, origins: frozenset[str]) -> bool:
    """Whether the address belongs to one of these origins exactly: scheme, host and port."""
    try:
        parsed = yarl.URL(url, encoded=True)
        return parsed.user is None and parsed.password is None and str(parsed.origin()) in origins
    except ValueError:
        return False


def check_size(size_bytes: int, option: str) -> None:
    """Raises `Refused` for a file that is larger than what is kept."""
    if size_bytes > MAX_INPUT_BYTES:
        given = f"{size_bytes / _MIB:.1f}"
        raise Refused(RefusalCode.PICTURE_TOO_LARGE, option, given=given, most=MAX_INPUT_BYTES // _MIB)


async def _body(answer: aiohttp.ClientResponse, option: str) -> bytes:
    """What is really sent counts, whatever was declared."""
    if answer.status == _NOT_FOUND:
        raise Refused(RefusalCode.PICTURE_GONE, option)
    if answer.status != _OK:
        log.warning("attachment was not fetched", option=option, status=answer.status)
        raise Refused(RefusalCode.PICTURE_AWAY, option)
    check_size(answer.content_length or 0, option)
    data = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK):
        data += chunk
        check_size(len(data), option)
    return bytes(data)
