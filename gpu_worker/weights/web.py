"""Files from the web in the store: fetched once, checked, shared by all workers of the machine."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from gpu_worker.weights import verified
from gpu_worker.weights.answers import Remote
from gpu_worker.weights.download import Listener
from gpu_worker.weights.line import Line
from gpu_worker.weights.partial import Reserve
from gpu_worker.weights.store import Pin, Store
from tasks.errors import WeightsError


def unheard(_done_bytes: int, _total_bytes: int | None) -> None:
    """Nobody listens."""


class Downloads(Protocol):
    """Brings one file; `gpu_worker.weights.download.Downloader` over HTTP."""

    def fetch(
        self, remote: Remote, target: Path, *, reserve: Reserve, listen: Listener, give_way: Callable[[], None] = ...
    ) -> None: ...


@dataclass
class Errand:
    """One call of the fetcher: who listens, whether a job waits, and what it keeps on disk."""

    listen: Listener = unheard
    is_ahead: bool = False
    pins: list[Pin] = field(default_factory=list)


@dataclass(frozen=True)
class WebFiles:
    """Downloads into a store."""

    store: Store
    downloader: Downloads
    line: Line = field(default_factory=Line)

    def file(
        self,
        key: str,
        name: str,
        remote: Callable[[], Remote],
        errand: Errand,
        *,
        sha256: str | None = None,
        is_safetensors: bool = True,
    ) -> Path:
        """The file `name` of the unit `key`, whole and of the promised hash; `remote` is asked only if it must be had.

        What is no safetensors file is not looked at here.

        Raises:
            WeightsError: it cannot be had, or what came is not what was promised; then nothing of it is kept.
        """
        unit, folder = self.store.place(key)
        errand.pins.append(self.store.pin(unit))
        target = folder / name
        if not target.exists():
            with self.store.locked(unit, waiting=lambda: errand.listen(0, None)):
                if not target.exists():
                    self._download(remote(), target, errand)
                    _check(target, sha256, is_safetensors=is_safetensors)
        _check(target, sha256, is_safetensors=is_safetensors)
        return target

    def _download(self, remote: Remote, target: Path, errand: Errand) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        if errand.is_ahead:
            self._fetch(remote, target, errand)
            return
        with self.line.urgent():
            self._fetch(remote, target, errand)

    def _fetch(self, remote: Remote, target: Path, errand: Errand) -> None:
        self.downloader.fetch(
            remote,
            target,
            reserve=self.store.reserve,
            listen=errand.listen,
            give_way=self.line.give_way if errand.is_ahead else lambda: None,
        )


def _check(path: Path, sha256: str | None, *, is_safetensors: bool) -> None:
    if not is_safetensors:
        return
    try:
        verified.check_once(path, sha256=sha256)
    except WeightsError:
        path.unlink(missing_ok=True)  # fetched again next time; broken bytes would stay for ever
        raise
