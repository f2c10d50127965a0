"""One provisioner leads at a time; its epoch fences every intent to rent."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from tasks.ledger import LeadershipLedger, NoLongerLeader

log = structlog.get_logger()

ROLE = "fleet"
TTL = timedelta(seconds=15)


class Lead:
    """This process's claim to lead, renewed at each pass and before each change at the provider."""

    def __init__(self, leadership: LeadershipLedger, *, holder: str, now: Callable[[], datetime]) -> None:
        self._leadership = leadership
        self._holder = holder
        self._now = now
        self._epoch: int | None = None

    @property
    def epoch(self) -> int:
        """The fencing epoch.

        Raises:
            NoLongerLeader: while this process does not lead.
        """
        if self._epoch is None:
            raise NoLongerLeader
        return self._epoch

    def hold(self) -> bool:
        """Take or renew the lead; False while another process has it."""
        before = self._epoch
        self._epoch = self._leadership.acquire(ROLE, holder=self._holder, ttl=TTL, now=self._now())
        if self._epoch is not None and before is None:
            log.info("leading", holder=self._holder, epoch=self._epoch)
        if self._epoch is None and before is not None:
            log.warning("another provisioner leads now", holder=self._holder)
        return self._epoch is not None

    def require(self) -> None:
        """Renew before a change that only the leader may make.

        Raises:
            NoLongerLeader: another process took over; stop changing the world.
        """
        if not self.hold():
            raise NoLongerLeader

    def resign(self) -> None:
        """Let the next one in at once."""
        if self._epoch is not None:
            self._leadership.resign(ROLE, holder=self._holder, now=self._now())
            self._epoch = None
            log.info("resigned", holder=self._holder)
