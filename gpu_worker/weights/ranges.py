"""What a server says of a file, and the pieces in which it is fetched. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


@dataclass(frozen=True)
class Offer:
    """A file as its server describes it.

    `validator` (a strong ETag, else the date of change) names these very bytes: what was fetched under one is never
    continued under another. `total_bytes` is None where the server does not say; `has_ranges` where parts can be had.
    """

    total_bytes: int | None
    validator: str | None
    has_ranges: bool


@dataclass
class Piece:
    """A stretch of the file; `done_bytes` of it are on disk."""

    start: int
    length: int | None
    done_bytes: int = 0

    @property
    def is_done(self) -> bool:
        """Whether nothing is missing; never true before the end where the length is unknown."""
        return self.length is not None and self.done_bytes >= self.length


def offer_of(status: int, headers: Mapping[str, str]) -> Offer:
    """The offer behind an answer to `Range: bytes=0-0`: 206 with the total, or 200 from who knows no ranges."""
    if status == 206:  # noqa: PLR2004 - Partial Content
        place = content_range(headers)
        if place is not None and place[:2] == (0, 0) and place[2] is not None:
            return Offer(place[2], validator_of(headers), has_ranges=True)
        return Offer(None, None, has_ranges=False)
    length = headers.get("Content-Length", "")
    return Offer(int(length) if length.isdecimal() else None, validator_of(headers), has_ranges=False)


def validator_of(headers: Mapping[str, str]) -> str | None:
    """What `If-Range` may carry: a weak ETag may not (RFC 9110, 13.1.5)."""
    etag = headers.get("ETag", "")
    if etag and not etag.startswith("W/"):
        return etag
    return headers.get("Last-Modified")


def content_range(headers: Mapping[str, str]) -> tuple[int, int, int | None] | None:
    """(first, last, total) of a partial answer; None where it says nothing that can be read."""
    found = _CONTENT_RANGE.fullmatch(headers.get("Content-Range", ""))
    if found is None:
        return None
    first, last, total = found.groups()
    return int(first), int(last), None if total == "*" else int(total)


def pieces_of(offer: Offer, *, piece_bytes: int) -> list[Piece]:
    """The pieces of a file: one, from the start to wherever it ends, where the server knows no ranges."""
    if not offer.has_ranges or offer.total_bytes is None:
        return [Piece(0, offer.total_bytes)]
    starts = range(0, offer.total_bytes, piece_bytes)
    return [Piece(start, min(piece_bytes, offer.total_bytes - start)) for start in starts]
