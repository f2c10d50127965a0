"""Interactions and their two deadlines: 3 s for the first answer, 15 min for the token.

Source: https://discord.com/developers/docs/interactions/receiving-and-responding
"""

import asyncio
import base64
import secrets
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.discord.clock import Clock
from sandbox.discord.errors import Json

ACK_LIMIT_S = 3.0
TOKEN_LIFE = timedelta(minutes=15)
COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
PENDING, ANSWERED, EXPIRED = "pending", "answered", "expired"
_LOOK_EVERY_S = 0.25


def new_token(interaction_id: str) -> str:
    """A token that looks like Discord's: base64 of the interaction and a secret."""
    secret = secrets.token_urlsafe(80)
    packed = base64.urlsafe_b64encode(f"interaction:{interaction_id}:{secret}".encode())
    return packed.decode().rstrip("=")


@dataclass
class Interaction:
    """One thing that a person did. `event` is the gateway payload; `answer` the bot's callback body."""

    id: str
    token: str
    type: int
    user_id: str
    channel_id: str
    event: Json
    created_at: datetime
    label: str = ""
    state: str = PENDING
    token_dead: bool = False
    answering: bool = False
    acked_after_s: float | None = None
    answer: Json | None = None
    original_id: str | None = None
    source_message_id: str | None = None
    metadata: Json = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)
    decided: asyncio.Event = field(default_factory=asyncio.Event)

    def age_s(self, clock: Clock) -> float:
        """Seconds since the event, real or skipped, whichever is more."""
        return max(time.monotonic() - self.started, (clock.now() - self.created_at).total_seconds())

    def too_late(self, clock: Clock) -> bool:
        return self.state == PENDING and self.age_s(clock) >= ACK_LIMIT_S

    def token_over(self, clock: Clock) -> bool:
        return self.token_dead or clock.now() - self.created_at >= TOKEN_LIFE

    def acknowledge(self, answer: Json) -> None:
        self.acked_after_s = time.monotonic() - self.started
        self.state, self.answer = ANSWERED, answer
        self.decided.set()

    def expire(self) -> None:
        self.state = EXPIRED
        self.decided.set()

    def for_control(self, clock: Clock) -> Json:
        """What scripts and the page may know, times in ISO and milliseconds."""
        return {
            "interaction_id": self.id,
            "token": self.token,
            "type": self.type,
            "label": self.label,
            "user_id": self.user_id,
            "channel_id": self.channel_id,
            "message_id": self.original_id,
            "source_message_id": self.source_message_id,
            "created_at": self.created_at.isoformat(),
            "state": self.state,
            "answered": self.state == ANSWERED,
            "expired": self.state == EXPIRED,
            "token_expired": self.token_over(clock),
            "ack_ms": None if self.acked_after_s is None else round(self.acked_after_s * 1000, 2),
            "response": self.answer,
        }


class Interactions:
    """All interactions by id and by token, and the watch over the 3 seconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_id: dict[str, Interaction] = {}
        self._by_token: dict[str, Interaction] = {}
        self._watches: set[asyncio.Task[None]] = set()

    def add(self, interaction: Interaction) -> None:
        self._by_id[interaction.id] = interaction
        self._by_token[interaction.token] = interaction

    def get(self, interaction_id: str) -> Interaction | None:
        return self._by_id.get(interaction_id)

    def by_token(self, token: str) -> Interaction | None:
        return self._by_token.get(token)

    def all(self) -> list[Interaction]:
        return list(self._by_id.values())

    def watch(self, interaction: Interaction, on_expiry: Callable[[Interaction], Coroutine[None, None, None]]) -> None:
        """Expires the interaction when nobody answers in time, then tells `on_expiry`."""
        task = asyncio.create_task(self._watch(interaction, on_expiry))
        self._watches.add(task)
        task.add_done_callback(self._watches.discard)

    async def _watch(
        self, interaction: Interaction, on_expiry: Callable[[Interaction], Coroutine[None, None, None]]
    ) -> None:
        while interaction.state == PENDING and not interaction.too_late(self._clock):
            left_s = ACK_LIMIT_S - interaction.age_s(self._clock)
            try:
                await asyncio.wait_for(interaction.decided.wait(), min(_LOOK_EVERY_S, max(0.001, left_s)))
            except TimeoutError:
                continue
        if interaction.state == PENDING:
            interaction.expire()
        if interaction.state == EXPIRED:
            await on_expiry(interaction)

    async def close(self) -> None:
        for task in list(self._watches):
            task.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
