"""LoRAs that were read lately, in main memory: the next job with one of them need not read it again."""

from collections import OrderedDict
from pathlib import Path

import torch

from gpu_worker.loras.reading import LoraTensors, read

BUDGET_BYTES = 2 * 10**9  # about ten of the usual size

_Key = tuple[str, int, int, int, torch.dtype]


class LoraShelf:
    """Used on the lane's thread. The least recently used one leaves."""

    def __init__(self, *, budget_bytes: int = BUDGET_BYTES) -> None:
        self._budget_bytes = budget_bytes
        self._held: OrderedDict[_Key, LoraTensors] = OrderedDict()

    def get(self, path: Path, *, item: str, cross_attention_dim: int, dtype: torch.dtype) -> LoraTensors:
        """The LoRA in a file, read now if need be; raises as `reading.read` does."""
        stat = path.stat()
        key = (str(path), stat.st_size, stat.st_mtime_ns, cross_attention_dim, dtype)
        if key not in self._held:
            self._held[key] = read(path, item=item, cross_attention_dim=cross_attention_dim, dtype=dtype)
        self._held.move_to_end(key)
        self._shrink()
        return self._held[key]

    def __len__(self) -> int:
        return len(self._held)

    def _shrink(self) -> None:
        while len(self._held) > 1 and sum(each.size_bytes for each in self._held.values()) > self._budget_bytes:
            self._held.popitem(last=False)
