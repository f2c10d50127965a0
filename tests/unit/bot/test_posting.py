"""Which way a result takes."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.courier.posting import Route, Step, channel_step, failure_nonce, result_nonce, route_for

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
JOB = "01JD4Q8Z6V9K3M5N7P2R4S6T8X"


@pytest.mark.parametrize(
    ("minutes", "has_token", "attempted", "route"),
    [
        (0, True, False, Route.ORIGINAL),
        (13.99, True, False, Route.ORIGINAL),
        (14, True, False, Route.CHANNEL),
        (20, True, False, Route.CHANNEL),
        (1, False, False, Route.CHANNEL),
        (1, True, True, Route.CHANNEL),
    ],
)
def test_the_route_depends_on_the_age_of_the_token(
    minutes: float, has_token: bool, attempted: bool, route: Route
) -> None:
    """After 14 minutes, without a token, or once a channel message may exist: the channel."""
    received_at = NOW - timedelta(minutes=minutes)
    attempted_at = NOW if attempted else None
    assert route_for(received_at=received_at, has_token=has_token, attempted_at=attempted_at, now=NOW) is route


@pytest.mark.parametrize(("seconds", "step"), [(None, Step.SEND), (119, Step.SEND), (120, Step.LOOK_FIRST)])
def test_the_nonce_is_trusted_for_two_minutes(seconds: float | None, step: Step) -> None:
    """Later the channel's history is looked into before anything is created."""
    attempted_at = None if seconds is None else NOW - timedelta(seconds=seconds)
    assert channel_step(attempted_at=attempted_at, now=NOW) is step


def test_nonces_are_stable_short_and_apart() -> None:
    """A restart must not change them, Discord takes 25 characters, and a failure notice is another message."""
    assert result_nonce(JOB) == "32159cc8c7c7d9c37e0e4870"
    assert len(failure_nonce(JOB)) == 24
    assert failure_nonce(JOB) != result_nonce(JOB)
