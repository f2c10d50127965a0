"""A file that somebody attached: fetched from where Discord keeps files and nowhere else, and looked at before use."""

import hashlib
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePosixPath
from typing import IO

import requests
import structlog

from bot.publishing.findings import Finding, Header, Reason, UnpublishableError
from bot.publishing.web import LENGTH_BYTES, header_length, parse_header
from config.registry import Weights

log = structlog.get_logger()

MEGABYTE = 10**6
_SUFFIX = ".safetensors"
_PATIENCE_S = (4.0, 15.0)
_IN_ALL_S = 600.0  # Discord lets us answer for a quarter of an hour
_CHUNK = 2**20
_GONE = frozenset({403, 404, 410})  # what its CDN says to a link that has run out
_OK = 200


@dataclass(frozen=True)
class Attached:
    """A file as Discord describes it. The address is signed, so it is not shown."""

    name: str
    url: str = field(repr=False)
    size_bytes: int


@dataclass(frozen=True)
class FetchedFile:
    """On our disk for as long as it is looked at."""

    name: str
    content: IO[bytes] = field(repr=False)
    sha256: str
    size_bytes: int

    def finding(self) -> Finding:
        """What the file says of itself; nobody else says anything.

        Raises:
            UnpublishableError: it is no safetensors file, or not the whole of one.
        """
        header = self._header()
        told = header.metadata
        return Finding(
            name=told.get("modelspec.title", "").strip() or PurePosixPath(self.name).stem.replace("_", " "),
            weights=Weights(source=f"upload:{self.sha256}", sha256=self.sha256),
            size_bytes=self.size_bytes,
            licence=told.get("modelspec.license", "").strip() or "not named by its author",
            header=header,
        )

    def chunks(self, chunk_bytes: int) -> Iterator[bytes]:
        """All of it."""
        self.content.seek(0)
        return iter(partial(self.content.read, chunk_bytes), b"")

    def _header(self) -> Header:
        self.content.seek(0)
        length = header_length(self.content.read(LENGTH_BYTES))
        data = self.content.read(length)
        if len(data) < length and data.startswith(b"{"):
            raise self._cut(LENGTH_BYTES + length)
        header = parse_header(data)
        whole = LENGTH_BYTES + length + header.tensor_bytes
        if self.size_bytes != whole:
            raise self._cut(whole)
        return header

    def _cut(self, whole: int) -> UnpublishableError:
        return UnpublishableError(Reason.FILE_CUT, size=f"{self.size_bytes}", whole=f"{whole}")


@contextmanager
def fetched(attached: Attached, *, origins: Collection[str], most_bytes: int) -> Iterator[FetchedFile]:
    """The file, on our disk inside the block only. A redirect is not followed: it could lead anywhere.

    Raises:
        UnpublishableError: by its name it is no safetensors file, it is too large, or Discord does not give it.
    """
    if not attached.name.lower().endswith(_SUFFIX):
        raise UnpublishableError(Reason.NOT_SAFETENSORS)
    _check_size(attached.size_bytes, most_bytes)
    if not any(attached.url.startswith(f"{origin}/") for origin in origins):
        log.warning("attachment lies elsewhere", name=attached.name)
        raise UnpublishableError(Reason.FILE_AWAY)
    try:
        with tempfile.TemporaryFile() as content:
            sha256 = _copy(attached, content, most_bytes)
            yield FetchedFile(attached.name, content, sha256, content.seek(0, 2))
    except requests.RequestException as error:
        log.warning("attachment was not fetched", name=attached.name, error=type(error).__name__)
        raise UnpublishableError(Reason.FILE_AWAY) from error
    except OSError as error:
        log.error("attachment cannot be put on the disk", name=attached.name, error=repr(error))  # noqa: TRY400
        raise UnpublishableError(Reason.NO_ROOM) from error


def _copy(attached: Attached, content: IO[bytes], most_bytes: int) -> str:
    """Fetch it into `content`; returns the sha256 of what came. What is really sent counts, whatever was declared."""
    digest, size_bytes, until = hashlib.sha256(), 0, time.monotonic() + _IN_ALL_S
    plain = {"Accept-Encoding": "identity"}
    with requests.get(attached.url, headers=plain, stream=True, allow_redirects=False, timeout=_PATIENCE_S) as answer:
        _check_status(answer.status_code)
        for chunk in answer.iter_content(_CHUNK):
            size_bytes += len(chunk)
            _check_size(size_bytes, most_bytes)
            if time.monotonic() > until:
                raise UnpublishableError(Reason.FILE_AWAY)
            digest.update(chunk)
            content.write(chunk)
    return digest.hexdigest()


def _check_status(status: int) -> None:
    if status in _GONE:
        raise UnpublishableError(Reason.FILE_GONE)
    if status != _OK:
        log.warning("attachment was not fetched", status=status)
        raise UnpublishableError(Reason.FILE_AWAY)


def _check_size(size_bytes: int, most_bytes: int) -> None:
    if size_bytes > most_bytes:
        size, most = (f"{each / MEGABYTE:.0f} MB" for each in (size_bytes, most_bytes))
        raise UnpublishableError(Reason.FILE_TOO_BIG, size=size, most=most)
