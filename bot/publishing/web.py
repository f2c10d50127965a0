"""Asks the two sites: only them, with little patience, and never for more bytes than were planned for."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests

from bot.publishing.findings import Header, Reason, UnpublishableError

MOST_JSON_BYTES = 8 * 2**20
MOST_HEADER_BYTES = 32 * 2**20
LENGTH_BYTES = 8
_FIRST_BYTES = 512 * 1024
_PATIENCE_S = (4.0, 10.0)
_IN_ALL_S = 40.0
_CHUNK = 64 * 1024
_REFUSED, _GONE = frozenset({401, 403}), frozenset({404, 410})


@dataclass(frozen=True)
class Site:
    """One site with the owner's key for it, if there is one. `key_name` is how the owner sets it."""

    name: str
    endpoint: str
    key_name: str
    key: str | None = field(default=None, repr=False)

    def json(self, path: str) -> dict[str, Any]:
        """One answer of its API.

        Raises:
            UnpublishableError: it is not there, wants a key, or the site does not answer.
        """
        with self._get(f"{self.endpoint}{path}", {}) as answer:
            body = _read(answer, MOST_JSON_BYTES, deadline=time.monotonic() + _IN_ALL_S)
        try:
            told = json.loads(body)
        except ValueError:
            raise UnpublishableError(Reason.SITE_AWAY, site=self.name) from None
        return told if isinstance(told, dict) else {}

    def header(self, path: str) -> tuple[Header, int]:
        """(what the safetensors file at `path` says of itself, its bytes); its tensors are not fetched.

        Raises:
            UnpublishableError: as `json`, and where it is no safetensors file.
        """
        began = time.monotonic()
        start, total = self._bytes(path, 0, _FIRST_BYTES, began)
        length = header_length(start)
        if len(start) < LENGTH_BYTES + length:
            start, total = self._bytes(path, 0, LENGTH_BYTES + length, began)
        return parse_header(start[LENGTH_BYTES : LENGTH_BYTES + length]), total

    def _bytes(self, path: str, begin: int, count: int, began: float) -> tuple[bytes, int]:
        """At most `count` bytes, and the size of the whole."""
        with self._get(f"{self.endpoint}{path}", {"Range": f"bytes={begin}-{begin + count - 1}"}) as answer:
            if "text/html" in answer.headers.get("Content-Type", ""):  # a page for signing in
                raise self._needs_key()
            data = _read(answer, count, deadline=began + _IN_ALL_S, may_be_cut=True)
            total = answer.headers.get("Content-Range", "").rpartition("/")[2]
            return data, int(total) if total.isdecimal() else int(answer.headers.get("Content-Length") or 0)

    def _get(self, url: str, headers: Mapping[str, str]) -> requests.Response:
        key = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        try:
            answer = requests.get(url, headers={**headers, **key}, stream=True, timeout=_PATIENCE_S)
        except requests.RequestException as error:
            raise UnpublishableError(Reason.SITE_AWAY, site=self.name) from error
        if urlsplit(answer.url).scheme != "https" and not answer.url.startswith(self.endpoint):
            raise UnpublishableError(Reason.SITE_AWAY, site=self.name)
        if answer.status_code in _REFUSED:
            raise self._needs_key()
        if answer.status_code in _GONE:
            raise UnpublishableError(Reason.NOT_FOUND, site=self.name)
        if not answer.ok:
            raise UnpublishableError(Reason.SITE_AWAY, site=self.name)
        return answer

    def _needs_key(self) -> UnpublishableError:
        return UnpublishableError(
            Reason.KEY_REFUSED if self.key else Reason.NEEDS_KEY, site=self.name, setting=self.key_name
        )


def header_length(start: bytes) -> int:
    """Bytes of the header's JSON, from the first bytes of a file.

    Raises:
        UnpublishableError: no safetensors file begins so.
    """
    length = int.from_bytes(start[:LENGTH_BYTES], "little")
    if len(start) < LENGTH_BYTES or not 2 <= length <= MOST_HEADER_BYTES:  # noqa: PLR2004 - "{}"
        raise UnpublishableError(Reason.NOT_SAFETENSORS)
    return length


def parse_header(data: bytes) -> Header:
    """The JSON of a safetensors header.

    Raises:
        UnpublishableError: it is none.
    """
    try:
        told = json.loads(data)
        words = told.pop("__metadata__", None) or {}
        shapes = {str(name): tuple(each["shape"]) for name, each in told.items()}
        ends = [int(each["data_offsets"][1]) for each in told.values()]
        return Header(shapes, {str(name): str(value) for name, value in words.items()}, max(ends, default=0))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        raise UnpublishableError(Reason.NOT_SAFETENSORS) from None


def _read(answer: requests.Response, most: int, *, deadline: float, may_be_cut: bool = False) -> bytes:
    data = bytearray()
    try:
        for chunk in answer.iter_content(_CHUNK):
            data += chunk
            if time.monotonic() > deadline:
                raise UnpublishableError(Reason.SITE_AWAY, site=urlsplit(answer.url).hostname or "")
            if len(data) >= most and may_be_cut:
                break
            if len(data) > most:
                raise UnpublishableError(Reason.TOO_BIG, size=f"{len(data)} B", most=f"{most} B")
    except requests.RequestException as error:
        raise UnpublishableError(Reason.SITE_AWAY, site=urlsplit(answer.url).hostname or "") from error
    return bytes(data[:most]) if may_be_cut else bytes(data)
