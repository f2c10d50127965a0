"""What the last prompts became: a waiting job's while another one has the device, a reroll's for nothing."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import Any

BUDGET_BYTES = 64 * 10**6  # about a hundred prompts of the usual length at half precision

Embeddings = Mapping[str, Any]


class PromptShelf:
    """Of one checkpoint.

    `lock` is for its tokenizers and text encoders as well, which know no second thread: who encodes with them or
    changes their LoRAs holds it. Whoever asks here holds it too.
    """

    def __init__(self, *, budget_bytes: int = BUDGET_BYTES) -> None:
        self.lock = threading.RLock()
        self._budget_bytes = budget_bytes
        self._held: OrderedDict[Hashable, Embeddings] = OrderedDict()

    def get(self, key: Hashable, encode: Callable[[], Embeddings]) -> Embeddings:
        """What is known by `key`, which names all that it depends on; encoded now if need be."""
        if key not in self._held:
            self._held[key] = encode()
        self._held.move_to_end(key)
        while len(self._held) > 1 and sum(map(_size_bytes, self._held.values())) > self._budget_bytes:
            self._held.popitem(last=False)
        return self._held[key]

    def __len__(self) -> int:
        return len(self._held)


def _size_bytes(embeddings: Embeddings) -> int:
    return sum(each.numel() * each.element_size() for each in embeddings.values() if each is not None)
