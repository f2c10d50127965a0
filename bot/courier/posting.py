"""Which way a result takes so that it is posted once. Pure; `bot.courier.delivery` does what is decided here."""

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum

# Discord's interaction tokens live 15 minutes; the last one is not worth the risk.
TOKEN_USABLE = timedelta(minutes=14)
# Discord recognizes a repeated nonce "for a few minutes".
NONCE_TRUSTED = timedelta(minutes=2)
# A courier that has been silent for so long is dead; the sweep asks after 60 s.
POSTING_STALE = timedelta(seconds=55)
_NONCE_CHARACTERS = 24


class Route(StrEnum):
    """How the pictures reach the channel; the value is written to the ledger."""

    ORIGINAL = "original"  # the status message itself, by the interaction's token; repeating it is harmless
    CHANNEL = "channel"  # a new message, by the bot's token, with a nonce
    DIRECT = "dm"  # the same in direct messages: private pictures whose answer Discord has closed


class Step(StrEnum):
    """What to do on the channel's way."""

    SEND = "send"
    LOOK_FIRST = "look_first"


def route_for(
    *, received_at: datetime, has_token: bool, attempted_at: datetime | None, now: datetime, private: bool = False
) -> Route:
    """The way for a job that was received then.

    Once a channel message may exist (`attempted_at`) there is no way back to the original: that could show it twice.
    """
    usable = has_token and attempted_at is None and now - received_at < TOKEN_USABLE
    if usable:
        return Route.ORIGINAL
    return Route.DIRECT if private else Route.CHANNEL


def channel_step(*, attempted_at: datetime | None, now: datetime) -> Step:
    """Whether a message may be created at once: it is the first attempt, or the nonce still guards it."""
    if attempted_at is None or now - attempted_at < NONCE_TRUSTED:
        return Step.SEND
    return Step.LOOK_FIRST


def result_nonce(job_id: str) -> str:
    """Another try of the same result is the same message."""
    return _nonce("result", job_id)


def failure_nonce(job_id: str) -> str:
    """A failure notice is another message than a result."""
    return _nonce("failure", job_id)


def hint_nonce(job_id: str) -> str:
    """The direct message about either of them."""
    return _nonce("hint", job_id)


def _nonce(kind: str, job_id: str) -> str:
    return hashlib.sha256(f"{kind}:{job_id}".encode()).hexdigest()[:_NONCE_CHARACTERS]
