"""Reads the body of a REST request: JSON, or multipart with `payload_json` and `files[n]`."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, MultipartReader, web

from sandbox.discord.attachments import REQUEST_LIMIT_BYTES, Upload
from sandbox.discord.errors import bad_field, invalid_json, too_large

_FILE_FIELD = re.compile(r"files\[([0-9])\]")
_CHUNK_BYTES = 256 * 1024


@dataclass
class Body:
    """`json` is None where there was no body; `present` tells that apart from a literal null."""

    json: Any = None
    present: bool = False
    uploads: list[Upload] = field(default_factory=list)


async def read_body(request: web.Request, *, file_limit_bytes: int) -> Body:
    """The whole body, checked for size.

    Raises:
        ApiError: 413/40005 for a file over the limit, 400 for something that is not JSON.
    """
    if request.content_type.startswith("multipart/"):
        return await _read_multipart(await request.multipart(), file_limit_bytes)
    raw = await request.content.read()
    if not raw:
        return Body()
    if request.content_type != "application/json":
        text = "Expected application/json or multipart/form-data"
        raise bad_field([], "CONTENT_TYPE_INVALID", f"{text}, not {request.content_type}.")
    return Body(_parsed(raw), present=True)


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError as error:
        raise invalid_json() from error


async def _read_multipart(reader: MultipartReader, file_limit_bytes: int) -> Body:
    body, total, oversized = Body(present=True, json={}), 0, False
    async for part in reader:
        if not isinstance(part, BodyPartReader):
            continue
        data = await _read_part(part)
        total += len(data)
        if part.name == "payload_json":
            body.json = _parsed(data)
            continue
        oversized = oversized or len(data) > file_limit_bytes
        body.uploads.append(_upload(part, data))
    if oversized or total > REQUEST_LIMIT_BYTES:
        raise too_large()
    return body


async def _read_part(part: BodyPartReader) -> bytes:
    """Reads to the end even when it is too much: an answer to half a request breaks the connection."""
    data = bytearray()
    while chunk := await part.read_chunk(_CHUNK_BYTES):
        if len(data) <= REQUEST_LIMIT_BYTES:
            data.extend(chunk)
    return bytes(data)


def _upload(part: BodyPartReader, data: bytes) -> Upload:
    match = _FILE_FIELD.fullmatch(part.name or "")
    if match is None:
        raise bad_field([part.name or ""], "FORM_FIELD_UNKNOWN", "Files are named files[0] to files[9].")
    content_type = part.headers.get("Content-Type", "")
    return Upload(int(match.group(1)), part.filename or "file", content_type, data)
