"""Kills the provisioner, or takes its ledger away, before any one of its requests to the cloud and to the ledger.

A process that dies just before the next request is one that died at any line since the last one, so one place per
request stands for every line between two of them.
"""

from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError


class Killed(BaseException):
    """kill -9, as far as anybody outside of the process can tell."""


class Fate:
    """Counts down to the request before which the process dies."""

    def __init__(self, engine: Engine) -> None:
        self.is_ours = True  # False while somebody else uses the ledger: the bot, the courier, the test
        self.ledger_is_away = False
        self._left: int | None = None
        event.listen(engine, "begin", self._before_transaction, insert=True)

    def reset(self) -> None:
        """No death is due, and the ledger answers."""
        self._left = None
        self.ledger_is_away = False

    def kill_before(self, requests: int) -> None:
        """Let so many more requests through."""
        self._left = requests

    def touch(self) -> None:
        """A request begins.

        Raises:
            Killed: it never does.
        """
        if self._left is None:
            return
        if self._left == 0:
            self._left = None
            raise Killed
        self._left -= 1

    def _before_transaction(self, _connection: Any) -> None:
        if not self.is_ours:
            return
        self.touch()
        if self.ledger_is_away:
            raise OperationalError("BEGIN", {}, Exception("the database is away"))
