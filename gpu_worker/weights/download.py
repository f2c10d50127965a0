"""Fetches one file over HTTP: in parallel pieces where the server has ranges, going on where the line broke."""

import errno
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests
import structlog
import urllib3

from gpu_worker.weights.answers import Changed, Cut, Patience, Remote, Stream, ask, session_for
from gpu_worker.weights.partial import PartialFile, Reserve
from gpu_worker.weights.ranges import Offer, Piece
from tasks.errors import ErrorCode, WeightsError

log = structlog.get_logger()

PIECE_BYTES = 64 * 2**20
CONNECTIONS = 4
_LISTEN_EVERY_S = 0.25
DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_TROUBLE = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, Cut, Changed)

# Called with (bytes on disk, bytes in all or None) a few times a second; what it raises stops the download.
Listener = Callable[[int, int | None], None]


@dataclass(frozen=True)
class Downloader:
    """How to fetch. `give_way` is called between chunks and may block while something else is more urgent."""

    patience: Patience = field(default_factory=Patience)
    piece_bytes: int = PIECE_BYTES
    connections: int = CONNECTIONS

    def fetch(
        self,
        remote: Remote,
        target: Path,
        *,
        reserve: Reserve,
        listen: Listener,
        give_way: Callable[[], None] = lambda: None,
    ) -> None:
        """Have the file at `target`; the caller holds the target's lock and checks what came.

        Raises:
            WeightsError: it is not there, is refused, or cannot be had now.
        """
        attempts = _Attempts(self.patience, remote)
        with session_for(self.patience, self.connections) as session:
            while True:
                partial: PartialFile | None = None
                try:
                    offer, address, headers = ask(session, remote, self.patience)
                    partial = PartialFile(target, offer, piece_bytes=self.piece_bytes, reserve=reserve)
                    streams = _Streams(session, address, headers, offer, self.patience)
                    self._fill(partial, streams, listen, give_way)
                except _TROUBLE as error:
                    attempts.failed(error, partial)
                else:
                    partial.finish()
                    return

    def _fill(self, partial: PartialFile, streams: "_Streams", listen: Listener, give_way: Callable[[], None]) -> None:
        missing = [piece for piece in partial.pieces if not piece.is_done]
        with ThreadPoolExecutor(self.connections, thread_name_prefix="weights") as pool, streams.ended():
            running = {pool.submit(streams.copy, piece, partial, give_way) for piece in missing}
            try:
                while running:
                    done, running = wait(running, timeout=_LISTEN_EVERY_S, return_when=FIRST_EXCEPTION)
                    listen(partial.done_bytes, partial.offer.total_bytes)
                    for each in done:
                        each.result()
            except BaseException:
                streams.stop()
                pool.shutdown(cancel_futures=True)
                partial.save()
                raise


@dataclass
class _Streams:
    """The open answers of one attempt, so that all can be ended at once."""

    session: requests.Session
    address: str
    headers: dict[str, str]
    offer: Offer
    patience: Patience
    _open: set[Stream] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def copy(self, piece: Piece, partial: PartialFile, give_way: Callable[[], None]) -> None:
        """Fetch what is missing of a piece."""
        if self._stopped.is_set():
            return
        try:
            with self._stream(piece) as stream:
                self._write(stream, piece, partial, give_way)
        except BaseException:
            self._stopped.set()  # no other piece is begun: the server is asked again first
            raise

    def _write(self, stream: Stream, piece: Piece, partial: PartialFile, give_way: Callable[[], None]) -> None:
        for chunk in stream:
            partial.write(piece, chunk)
            give_way()
            if self._stopped.is_set():
                return
        if piece.length is None:
            piece.length = piece.done_bytes
        if not piece.is_done:
            raise Cut

    def stop(self) -> None:
        """End every stream now, also those that wait for bytes."""
        self._stopped.set()
        with self._lock:
            streams = list(self._open)
        for stream in streams:
            stream.cut()

    @contextmanager
    def ended(self) -> Iterator[None]:
        """Whatever happens, no stream outlives the block."""
        try:
            yield
        finally:
            self.stop()

    @contextmanager
    def _stream(self, piece: Piece) -> Iterator[Stream]:
        stream = Stream.open(self.session, self.address, self.headers, part=(self.offer, piece), patience=self.patience)
        with self._lock:
            self._open.add(stream)
        try:
            yield stream
        finally:
            with self._lock:
                self._open.discard(stream)
            stream.close()


@dataclass
class _Attempts:
    """Goes on as long as attempts bring something; some in a row that bring next to nothing end it."""

    patience: Patience
    remote: Remote
    _best_bytes: int = 0
    _fruitless: int = 0

    def failed(self, error: Exception, partial: PartialFile | None) -> None:
        """Returns, after a pause, where another attempt is worth it."""
        if isinstance(error, OSError) and error.errno in DISK_FULL:
            raise disk_full(self.remote.shown) from error
        if partial is not None:
            self._count(partial.done_bytes)
            if isinstance(error, Changed):
                partial.discard()
        else:
            self._fruitless += 1
        if self._fruitless >= self.patience.fruitless_attempts or isinstance(error, requests.exceptions.RetryError):
            detail = f"{self.remote.shown}: {type(error).__name__}"
            raise WeightsError(ErrorCode.WEIGHTS_UNREACHABLE, detail, source=self.remote.shown) from error
        log.info("download is taken up again", source=self.remote.shown, error=type(error).__name__)
        time.sleep(self.patience.backoff_s * 2**self._fruitless if self._fruitless else 0)

    def _count(self, done_bytes: int) -> None:
        if done_bytes >= self._best_bytes + self.patience.least_bytes:
            self._best_bytes, self._fruitless = done_bytes, 0
        else:
            self._fruitless += 1


def disk_full(shown: str) -> WeightsError:
    """What the owner reads; the ledger may try the job on another machine."""
    detail = f"{shown}: the disk is full; a larger one, or fewer checkpoints per worker, help"
    return WeightsError(ErrorCode.WEIGHTS_UNREACHABLE, detail, source=shown)
