"""When a status message is edited, and by which way."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.progress.edits import Shown, Way, due, showing, way_for
from bot.progress.stages import Phase, Waiting

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def drawing(step: int, **changes: Any) -> Waiting:
    return Waiting(phase=Phase.SAMPLING, step=step, steps=30, **changes)


def is_due(before: Waiting, after: Waiting, *, after_s: float, way: Way | None = Way.TOKEN) -> bool:
    return due(showing(before, NOW), after, way=way, now=NOW + timedelta(seconds=after_s))


def test_a_new_stage_is_shown_after_three_seconds() -> None:
    """Not sooner, however fast the stages come."""
    queued = Waiting(phase=Phase.QUEUED)
    assert not is_due(queued, drawing(1), after_s=2.9)
    assert is_due(queued, drawing(1), after_s=3)


def test_a_tenth_is_worth_an_edit_and_less_is_not() -> None:
    """30 steps make ten edits at most."""
    assert not is_due(drawing(3), drawing(5), after_s=60)
    assert is_due(drawing(3), drawing(6), after_s=60)


def test_a_preview_is_news_and_the_same_one_is_not() -> None:
    """It costs an edit of the same budget."""
    assert not is_due(drawing(3), drawing(3, preview="cat"), after_s=2.9)
    assert is_due(drawing(3), drawing(3, preview="cat"), after_s=3)
    assert not is_due(drawing(3, preview="cat"), drawing(3, preview="cat"), after_s=60)


def test_a_position_is_news() -> None:
    """One job less before mine is what I look for."""
    assert is_due(Waiting(phase=Phase.QUEUED, ahead=2), Waiting(phase=Phase.QUEUED, ahead=1), after_s=3)


def test_edits_by_the_bots_token_are_rarer() -> None:
    """All of them in a channel share one small bucket."""
    queued = Waiting(phase=Phase.QUEUED)
    assert not is_due(queued, drawing(1), after_s=14, way=Way.BOT)
    assert is_due(queued, drawing(1), after_s=15, way=Way.BOT)


def test_a_promise_that_has_passed_is_renewed() -> None:
    """A countdown that ended long ago is a lie."""
    promised = drawing(3, ready_at=NOW + timedelta(seconds=20))
    assert not is_due(promised, promised, after_s=19)
    assert is_due(promised, promised, after_s=21)


def test_after_a_refusal_nothing_is_tried_again() -> None:
    """Discord counts refused requests."""
    assert not due(Shown(dead=True), drawing(1), way=Way.TOKEN, now=NOW)
    assert not due(Shown(), drawing(1), way=None, now=NOW)
    assert due(Shown(), drawing(1), way=Way.TOKEN, now=NOW)


@pytest.mark.parametrize(
    ("minutes", "has_token", "reply_known", "way"),
    [
        (13.9, True, True, Way.TOKEN),
        (14, True, True, Way.BOT),
        (5, False, True, Way.BOT),
        (14, True, False, None),
        (49.9, True, True, Way.BOT),
        (50, True, True, None),
    ],
)
def test_the_way_depends_on_the_age(minutes: float, has_token: bool, reply_known: bool, way: Way | None) -> None:
    """The token until minute 14, the bot until minute 50, then nobody."""
    assert way_for(has_token=has_token, reply_known=reply_known, age=timedelta(minutes=minutes)) is way
