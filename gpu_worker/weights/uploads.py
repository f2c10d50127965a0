"""Fetches what members uploaded: it asks the trusted side for a few chunks at a time and reads them from Redis.

What was read stays when the line breaks, when a chunk is lost, and when this process ends: only the rest is asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from gpu_worker.weights.answers import Remote
from gpu_worker.weights.download import DISK_FULL, Listener, disk_full
from gpu_worker.weights.partial import PartialFile, Reserve
from gpu_worker.weights.ranges import Offer
from gpu_worker.weights.upload_place import Tick, UploadPlace
from tasks.errors import ErrorCode, WeightsError
from tasks.uploads import CHUNK_BYTES, WINDOW

log = structlog.get_logger()

_SCHEME = "upload:"


class NoUploads:
    """Where nobody can be asked: a process that is no worker."""

    def fetch(
        self,
        remote: Remote,
        target: Path,
        *,
        reserve: Reserve,
        listen: Listener,
        give_way: Callable[[], None] = lambda: None,
    ) -> None:
        """Raises WeightsError."""
        del target, reserve, listen, give_way
        detail = f"{remote.shown}: uploaded files come through Redis, to a running worker"
        raise WeightsError(ErrorCode.WEIGHTS_UNREACHABLE, detail, source=remote.shown)


@dataclass(frozen=True)
class Uploads:
    """Several files at once take turns, window by window."""

    place: UploadPlace

    def fetch(
        self,
        remote: Remote,
        target: Path,
        *,
        reserve: Reserve,
        listen: Listener,
        give_way: Callable[[], None] = lambda: None,
    ) -> None:
        """Have the file at `target`, as `Downloader.fetch`; `remote.url` is the registry's source.

        Raises:
            WeightsError: it is not kept any more, nobody answers, or the disk is full.
        """
        sha256 = remote.url.removeprefix(_SCHEME)
        size_bytes = self._size(sha256, remote.shown, lambda: listen(0, None))
        try:
            offer = Offer(size_bytes, sha256, has_ranges=True)
            partial = PartialFile(target, offer, piece_bytes=CHUNK_BYTES, reserve=reserve)
            filling = _Filling(
                self.place, partial, sha256, remote.shown, lambda: listen(partial.done_bytes, size_bytes)
            )
            filling.run(give_way)
        except OSError as error:
            if error.errno in DISK_FULL:
                raise disk_full(remote.shown) from error
            raise

    def _size(self, sha256: str, shown: str, tick: Tick) -> int:
        for _ in range(self.place.courtesy.attempts):
            with self.place.turn(tick):
                found = self.place.size(sha256, tick) if self.place.asked(sha256) else None
                if found == 0:
                    self.place.clear()  # the same file may be uploaded again
            if found == 0:
                raise WeightsError(ErrorCode.UNKNOWN_MODEL, f"{shown}: it is not kept any more", source=shown)
            if found is not None:
                return found
        raise _no_answer(shown)


@dataclass
class _Filling:
    """One file on its way."""

    place: UploadPlace
    partial: PartialFile
    sha256: str
    shown: str
    tick: Tick
    _fruitless: int = 0

    def run(self, give_way: Callable[[], None]) -> None:
        try:
            while missing := [number for number, piece in enumerate(self.partial.pieces) if not piece.is_done]:
                give_way()
                with self.place.turn(self.tick):
                    self._count(brought=self._window(missing))
        except BaseException:
            self.partial.save()
            raise
        self.partial.finish()
        with self.place.turn(self.tick):
            self.place.clear()

    def _window(self, missing: list[int]) -> bool:
        """The next chunks, as far as they come; whether any came."""
        wanted = [number for number in missing if number < missing[0] + WINDOW]
        if not self.place.asked(self.sha256, first=wanted[0], count=wanted[-1] - wanted[0] + 1):
            return False
        for number in wanted:
            piece = self.partial.pieces[number]
            data = self.place.chunk(self.sha256, number, self.tick)
            if data is None or len(data) != piece.length:
                log.info("upload is asked for again", source=self.shown, chunk=number)
                return number != wanted[0]
            self.partial.write(piece, data)
            self.tick()
        return True

    def _count(self, *, brought: bool) -> None:
        self._fruitless = 0 if brought else self._fruitless + 1
        if self._fruitless >= self.place.courtesy.attempts:
            raise _no_answer(self.shown)


def _no_answer(shown: str) -> WeightsError:
    detail = f"{shown}: the courier does not hand it out; does it run, and reach Redis?"
    return WeightsError(ErrorCode.WEIGHTS_UNREACHABLE, detail, source=shown)
