"""Who may use the line: what a job waits for comes first, what is fetched ahead gives way."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Line:
    """Thread-safe. Shared by the downloads of one process."""

    def __init__(self) -> None:
        self._urgent = 0
        self._condition = threading.Condition()

    @contextmanager
    def urgent(self) -> Iterator[None]:
        """A job waits for this download. Entered with the file's lock in hand, so that nobody waits in a circle."""
        with self._condition:
            self._urgent += 1
        try:
            yield
        finally:
            with self._condition:
                self._urgent -= 1
                self._condition.notify_all()

    def give_way(self) -> None:
        """Return once nothing urgent is under way."""
        with self._condition:
            self._condition.wait_for(lambda: not self._urgent)
