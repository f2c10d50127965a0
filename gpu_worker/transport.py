"""Kombu's Redis transport with a gate in front, and the order in which it looks at the queues.

Kombu asks Redis priority by priority and, within one, queue by queue in the order of its "queue cycle"
(`Channel._brpop_start`); so a cycle that puts loaded checkpoints first gives priority before affinity.
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from kombu.transport import redis as kombu_redis
from kombu.utils.scheduling import priority_cycle

from tasks import routing

_LOOK_EVERY_S = 0.1


class Gate(Protocol):
    """Says whether another message may be taken."""

    def may_take(self, unacknowledged: int) -> bool: ...


class AffinityCycle(priority_cycle):  # type: ignore[misc]
    """The queues of loaded checkpoints first, otherwise in the order given."""

    def __init__(self, loaded: Callable[[], Iterable[str]], it: list[str] | None = None) -> None:
        super().__init__(it)
        self._loaded = loaded

    def consume(self, n: int) -> list[str]:
        """The names of the `n` queues that are consumed, in the order to look at them."""
        return routing.affinity_order(self.items[:n], loaded=self._loaded())


class GatedQoS(kombu_redis.QoS):  # type: ignore[misc]
    """Prefetch limits, and the gate on top."""

    def can_consume(self) -> bool:
        """Asked before each BRPOP; one that is under way may always bring its message."""
        if not super().can_consume():
            return False
        if self.channel._in_poll:  # noqa: SLF001 - kombu has no other word for it
            return True
        gate: Gate | None = self.channel.gate
        return gate is None or gate.may_take(len(self._delivered) - len(self._dirty))


class GatedChannel(kombu_redis.Channel):  # type: ignore[misc]
    """Takes its gate from the transport option `gate`."""

    QoS = GatedQoS
    gate: Gate | None = None
    from_transport_options = (*kombu_redis.Channel.from_transport_options, "gate")


class GatedTransport(kombu_redis.Transport):  # type: ignore[misc]
    """What `broker_transport` of the GPU worker's app names."""

    Channel = GatedChannel

    def register_with_event_loop(self, connection: Any, loop: Any) -> None:
        """As kombu does, and wake the loop often enough to see the gate open."""
        super().register_with_event_loop(connection, loop)
        loop.call_repeatedly(_LOOK_EVERY_S, lambda: None)
