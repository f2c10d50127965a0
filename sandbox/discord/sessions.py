"""Gateway sessions: what was dispatched to each bot process, kept for a while so that it can resume."""

import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.discord.clock import Clock
from sandbox.discord.errors import Json
from sandbox.discord.world import shard_of

RESUME_WINDOW = timedelta(minutes=3)
_REPLAY_EVENTS = 1000
GUILDS = 1 << 0
GUILD_MESSAGES = 1 << 9
DIRECT_MESSAGES = 1 << 12
MESSAGE_CONTENT = 1 << 15

Send = Callable[[Json], Awaitable[None]]


@dataclass
class Session:
    """One IDENTIFY. `send` is the open socket, or None while the client is away."""

    id: str
    intents: int
    shard: list[int]
    send: Send | None = None
    sequence: int = 0
    events: deque[Json] = field(default_factory=lambda: deque(maxlen=_REPLAY_EVENTS))
    lost_at: datetime | None = None
    close: Callable[[int], Awaitable[None]] | None = None

    def hears(self, guild_id: str | None) -> bool:
        """Whether what happens in this guild, or in direct channels (None), comes through this connection."""
        number, count = self.shard
        return number == shard_of(guild_id, count)

    async def dispatch(self, name: str, data: Json) -> None:
        self.sequence += 1
        event = {"op": 0, "t": name, "s": self.sequence, "d": data}
        self.events.append(event)
        if self.send is not None:
            await self.send(event)

    def missed_since(self, sequence: int) -> list[Json] | None:
        """The events after `sequence`, or None where they are no longer all there."""
        if sequence > self.sequence:
            return None
        missed = [event for event in self.events if event["s"] > sequence]
        return missed if len(missed) == self.sequence - sequence else None


class Sessions:
    """All sessions of the bot, also those that wait for a resume."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_id: dict[str, Session] = {}

    def start(self, intents: int, shard: list[int]) -> Session:
        session = Session(secrets.token_hex(16), intents, shard)
        self._by_id[session.id] = session
        return session

    def resumable(self, session_id: str) -> Session | None:
        self._forget_old()
        return self._by_id.get(session_id)

    def lose(self, session: Session) -> None:
        session.send = session.close = None
        session.lost_at = self._clock.now()

    def end(self, session: Session) -> None:
        session.send = session.close = None
        self._by_id.pop(session.id, None)

    def all(self) -> list[Session]:
        self._forget_old()
        return list(self._by_id.values())

    def connected(self) -> list[Session]:
        return [session for session in self.all() if session.send is not None]

    def _forget_old(self) -> None:
        limit = self._clock.now() - RESUME_WINDOW
        for session in list(self._by_id.values()):
            if session.lost_at is not None and session.lost_at < limit:
                del self._by_id[session.id]

    async def dispatch(self, name: str, data: Json, *, intents: int = 0, guild_id: str | None) -> None:
        """Sends an event of a guild, or of a direct channel (None), to the sessions that hear of it.

        They are those of the guild's shard, the first for direct channels, that asked for one of `intents` (0: all).
        """
        for session in self.all():
            if session.hears(guild_id) and (intents == 0 or session.intents & intents):
                await session.dispatch(name, data)
