"""The HTTP side of a download: the first question, streams of pieces, and which answers mean what."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from gpu_worker.weights.names import check_name, promised_name
from gpu_worker.weights.ranges import Offer, Piece, content_range, offer_of, validator_of
from tasks.errors import ErrorCode, WeightsError

_CHUNK_BYTES = 2**20
_NOT_THERE = frozenset({404, 410})
_REFUSED = frozenset({401, 403, 451})
_BUSY = frozenset({408, 429, 500, 502, 503, 504})
_OK, _PARTIAL = 200, 206


class Cut(Exception):  # noqa: N818 - reads as the sentence "raise Cut"
    """The answer ended before the piece did, or came too slowly to wait for."""


class Changed(Exception):  # noqa: N818 - as above
    """The server has other bytes than those that were begun with, or does not mean what it says about ranges."""


@dataclass(frozen=True)
class Patience:
    """How long to wait for a server.

    A busy one (429, 5xx) is asked again with growing pauses, or after what its Retry-After says. A broken line is
    taken up again as long as each attempt brings something; `fruitless_attempts` in a row end it. Less than
    `least_bytes` within `window_s` is a stall.
    """

    connect_s: float = 10.0
    read_s: float = 30.0
    window_s: float = 30.0
    least_bytes: int = 2**15
    busy_attempts: int = 5
    backoff_s: float = 0.5
    longest_pause_s: int = 60
    fruitless_attempts: int = 4
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)


def session_for(patience: Patience, connections: int) -> requests.Session:
    """A session that waits for busy servers."""
    retry = Retry(
        total=None,
        connect=patience.fruitless_attempts,
        read=0,
        other=0,
        status=patience.busy_attempts,
        status_forcelist=_BUSY,
        backoff_factor=patience.backoff_s,
        backoff_jitter=patience.backoff_s,
        backoff_max=patience.longest_pause_s,
        retry_after_max=patience.longest_pause_s,
    )
    session = requests.Session()
    adapter = HTTPAdapter(max_retries=retry, pool_maxsize=connections)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.headers["Accept-Encoding"] = "identity"  # ranges are of the bytes themselves
    return session


@dataclass(frozen=True)
class Remote:
    """One file on a server. `shown` stands for it in logs and errors: the address may carry a signature.

    `any_kind` takes files that are no safetensors, which only a pinned hash makes fit to be opened.
    `token` goes to the address' own host only, never to where it redirects.
    """

    url: str = field(repr=False)
    shown: str
    token: str | None = field(default=None, repr=False)
    any_kind: bool = False


def ask(session: requests.Session, remote: Remote, patience: Patience) -> tuple[Offer, str, dict[str, str]]:
    """The server's offer, the address that it redirects to, and the headers to go on with there.

    `requests` drops the token at a redirect to another host; so do the pieces' requests, which go there directly.

    Raises:
        WeightsError: the file is not there, is refused, or is of a kind that is never opened.
    """
    headers = {"Authorization": f"Bearer {remote.token}"} if remote.token else {}
    first_byte = headers | {"Range": "bytes=0-0"}
    timeout = (patience.connect_s, patience.read_s)
    with session.get(remote.url, headers=first_byte, stream=True, timeout=timeout) as answer:
        _check(answer, remote.url, remote.shown)
        if not remote.any_kind:
            check_name(promised_name(answer.headers.get("Content-Disposition", "")), shown=remote.shown)
        is_same_host = urlsplit(answer.url).netloc == urlsplit(remote.url).netloc
        return offer_of(answer.status_code, answer.headers), answer.url, headers if is_same_host else {}


def _check(answer: requests.Response, url: str, shown: str) -> None:
    if url.startswith("https:") and not answer.url.startswith("https:"):
        raise WeightsError(ErrorCode.WEIGHTS_UNREACHABLE, f"{shown} redirects away from https", source=shown)
    status = answer.status_code
    if status in _NOT_THERE:
        raise WeightsError(ErrorCode.UNKNOWN_MODEL, f"{shown}: HTTP {status}", source=shown)
    if status in _REFUSED:
        detail = f"{shown}: HTTP {status}, it wants a key, or the signed link to it is no longer valid"
        raise WeightsError(ErrorCode.WEIGHTS_UNREACHABLE, detail, source=shown)
    if status not in {_OK, _PARTIAL}:
        raise WeightsError(ErrorCode.WEIGHTS_UNREACHABLE, f"{shown}: HTTP {status}", source=shown)


@dataclass(eq=False)
class Stream:
    """The bytes of one piece, as they arrive."""

    _answer: requests.Response
    _missing_bytes: int | None
    _patience: Patience

    @classmethod
    def open(
        cls,
        session: requests.Session,
        address: str,
        headers: dict[str, str],
        *,
        part: tuple[Offer, Piece],
        patience: Patience,
    ) -> "Stream":
        """Ask for what is missing of a piece.

        Raises:
            Changed: the answer is not that part of those bytes.
            Cut: the answer is an error, which the next question to the server will explain.
        """
        offer, piece = part
        missing = None if piece.length is None else piece.length - piece.done_bytes
        asked = headers | (_range_headers(piece, offer) if offer.has_ranges else {})
        answer = session.get(address, headers=asked, stream=True, timeout=(patience.connect_s, patience.read_s))
        try:
            _check_answer(answer, offer, piece)
        except (Changed, Cut):
            answer.close()
            raise
        return cls(answer, missing, patience)

    def __iter__(self) -> Iterator[bytes]:
        """Chunks as they come, never more than was asked for; raises Cut where too little comes in too long."""
        clock = self._patience.clock
        since, arrived = clock(), 0
        while self._missing_bytes is None or self._missing_bytes > 0:
            chunk: bytes = self._answer.raw.read1(_CHUNK_BYTES)
            if not chunk:
                return
            if self._missing_bytes is not None:
                chunk = chunk[: self._missing_bytes]
                self._missing_bytes -= len(chunk)
            yield chunk
            arrived += len(chunk)
            if clock() - since > self._patience.window_s:
                if arrived < self._patience.least_bytes:
                    raise Cut
                since, arrived = clock(), 0

    def cut(self) -> None:
        """End it from another thread: whoever waits for its bytes waits no longer."""
        try:
            self._answer.raw.shutdown()
        except (ValueError, OSError, RuntimeError):
            return  # it has ended already, or its connection is back in the pool

    def close(self) -> None:
        """Let go of the connection."""
        self._answer.close()


def _range_headers(piece: Piece, offer: Offer) -> dict[str, str]:
    first = piece.start + piece.done_bytes
    last = piece.start + (piece.length or 0) - 1
    wanted = {"Range": f"bytes={first}-{last}"}
    return wanted | ({"If-Range": offer.validator} if offer.validator else {})


def _check_answer(answer: requests.Response, offer: Offer, piece: Piece) -> None:
    if answer.status_code not in {_OK, _PARTIAL}:
        raise Cut
    if not offer.has_ranges:
        return
    place = content_range(answer.headers)
    first, last = piece.start + piece.done_bytes, piece.start + (piece.length or 0) - 1
    if answer.status_code != _PARTIAL or place is None or place[:2] != (first, last):
        raise Changed
    if place[2] not in {None, offer.total_bytes} or validator_of(answer.headers) != offer.validator:
        raise Changed
