"""`https:` addresses: streamed to disk, resumed where they stopped."""

import hashlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import requests

from tasks.errors import ErrorCode, WeightsError

_CHUNK_BYTES = 2**16  # what a broken line may cost
_PATIENCE_S = (10.0, 60.0)  # to connect, between two pieces
_FRUITLESS_ATTEMPTS = 4
_NOT_THERE = frozenset({404, 410})
_PARTIAL = 206


@dataclass(frozen=True)
class HttpsFiles:
    """Files by address, kept in `directory`. An address may carry a signature, so errors name the host only."""

    directory: Path

    def file(self, address: str) -> Path:
        """The file behind an address.

        Raises:
            WeightsError: it is not there, or cannot be had now.
        """
        parts = urlsplit(address)
        bare = f"{parts.scheme}://{parts.netloc}{parts.path}"  # a new signature is the same file
        folder = self.directory / hashlib.sha256(bare.encode()).hexdigest()[:16]
        target = folder / (PurePosixPath(parts.path).name or "weights.safetensors")
        if target.exists():
            return target
        folder.mkdir(parents=True, exist_ok=True)
        partial = target.with_suffix(".part")
        self._download(address, partial, source=f"{parts.scheme}:{parts.hostname}")
        partial.rename(target)
        return target

    def _download(self, address: str, partial: Path, *, source: str) -> None:
        """Try as long as each attempt brings something; some in a row that bring nothing end it."""
        fruitless = 0
        while True:
            before = _size(partial)
            try:
                _continue(address, partial, source)
            except (requests.RequestException, OSError) as error:
                fruitless = 0 if _size(partial) > before else fruitless + 1
                if fruitless == _FRUITLESS_ATTEMPTS:
                    raise _unreachable(source, error) from error
            else:
                return


def _continue(address: str, partial: Path, source: str) -> None:
    """Fetch what is missing of `partial`. Raises requests' errors where the line breaks."""
    have = _size(partial)
    headers = {"Range": f"bytes={have}-"} if have else {}
    with requests.get(address, headers=headers, stream=True, timeout=_PATIENCE_S) as answer:
        if answer.status_code in _NOT_THERE:
            raise WeightsError(ErrorCode.UNKNOWN_MODEL, f"{source}: HTTP {answer.status_code}", source=source)
        if answer.status_code == requests.codes.requested_range_not_satisfiable:
            partial.unlink()  # it is complete or of another file; the next attempt starts anew
        answer.raise_for_status()
        mode = "ab" if answer.status_code == _PARTIAL else "wb"
        with partial.open(mode) as file:
            for chunk in answer.iter_content(_CHUNK_BYTES):
                file.write(chunk)
    expected = answer.headers.get("Content-Length")
    already = have if mode == "ab" else 0
    if expected is not None and partial.stat().st_size < already + int(expected):
        message = f"{source} closed the line early"
        raise requests.ConnectionError(message)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _unreachable(source: str, error: Exception) -> WeightsError:
    return WeightsError(ErrorCode.WEIGHTS_UNREACHABLE, f"{source}: {type(error).__name__}", source=source)
