"""A file that is being fetched: its bytes in `<name>.part`, how far each piece is in `<name>.part.json`."""

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gpu_worker.weights.ranges import Offer, Piece, pieces_of

Reserve = Callable[[Path, int], None]  # called with (path, bytes): have this much of the disk, or raise


class PartialFile:
    """Opened under the lock of its target. What is found is continued if it is part of the very same bytes."""

    def __init__(self, target: Path, offer: Offer, *, piece_bytes: int, reserve: Reserve) -> None:
        self.offer = offer
        self._target = target
        self._path = target.with_name(f"{target.name}.part")
        self._state_path = target.with_name(f"{target.name}.part.json")
        self._lock = threading.Lock()
        self._unsaved = 0
        self._save_every = piece_bytes
        self.pieces = pieces_of(offer, piece_bytes=piece_bytes)
        if not self._resume():
            self._begin(reserve)

    @property
    def done_bytes(self) -> int:
        """Bytes on disk."""
        return sum(piece.done_bytes for piece in self.pieces)

    def write(self, piece: Piece, chunk: bytes) -> None:
        """The next bytes of a piece. Thread-safe for different pieces."""
        with self._path.open("r+b", buffering=0) as file:
            file.seek(piece.start + piece.done_bytes)
            file.write(chunk)
        with self._lock:
            piece.done_bytes += len(chunk)
            self._unsaved += len(chunk)
            if self._unsaved >= self._save_every:
                self._save()

    def save(self) -> None:
        """Remember how far it is, for whoever goes on."""
        with self._lock:
            self._save()

    def finish(self) -> None:
        """All is there: under its name, in one step."""
        with self._path.open("r+b") as file:
            file.truncate(self.done_bytes)
            os.fsync(file.fileno())
        self._path.rename(self._target)
        self._state_path.unlink(missing_ok=True)

    def discard(self) -> None:
        """Nothing of it is of use."""
        self._path.unlink(missing_ok=True)
        self._state_path.unlink(missing_ok=True)

    def _resume(self) -> bool:
        if not self.offer.has_ranges or self.offer.validator is None or not self._path.exists():
            return False
        try:
            state = json.loads(self._state_path.read_text(encoding="utf-8"))
            if state["identity"] != self._identity() or len(state["done"]) != len(self.pieces):
                return False
            for piece, done in zip(self.pieces, state["done"], strict=True):
                piece.done_bytes = min(int(done), piece.length or 0)
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return True

    def _begin(self, reserve: Reserve) -> None:
        self.discard()
        self._path.touch()
        if self.offer.total_bytes:
            reserve(self._path, self.offer.total_bytes)

    def _identity(self) -> dict[str, Any]:
        first = self.pieces[0].length if self.pieces else 0
        return {"total_bytes": self.offer.total_bytes, "validator": self.offer.validator, "piece_bytes": first}

    def _save(self) -> None:
        """First the bytes, then the word that they are there: the machine may lose its power in between."""
        with self._path.open("rb") as file:
            os.fsync(file.fileno())
        fresh = self._state_path.with_suffix(".new")
        state = {"identity": self._identity(), "done": [piece.done_bytes for piece in self.pieces]}
        fresh.write_text(json.dumps(state), encoding="utf-8")
        fresh.rename(self._state_path)
        self._unsaved = 0
