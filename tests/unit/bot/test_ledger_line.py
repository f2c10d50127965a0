"""Who waits for an answer is not kept waiting by what nobody waits for."""

import threading
from concurrent.futures import CancelledError

import pytest

from bot.ledger_line import LedgerLine, Urgency


def test_answers_go_before_what_comes_afterwards() -> None:
    """Fifty commands at once: each acknowledgement before the housekeeping of any; among equals, in their order."""
    line, order, gate = LedgerLine(), list[str](), threading.Event()
    line.submit(gate.wait)
    calls = [
        line.submit(lambda: order.append("note 1"), Urgency.AFTERWARDS),
        line.submit(lambda: order.append("note 2"), Urgency.AFTERWARDS),
        line.submit(lambda: order.append("answer 1")),
        line.submit(lambda: order.append("answer 2")),
    ]
    gate.set()
    for call in calls:
        call.result(5)
    assert order == ["answer 1", "answer 2", "note 1", "note 2"]
    line.close()


def test_an_error_is_the_callers() -> None:
    """And the next call is made all the same."""
    line = LedgerLine()
    with pytest.raises(ZeroDivisionError):
        line.submit(lambda: 1 / 0).result(5)
    assert line.submit(lambda: 7).result(5) == 7
    line.close()


def test_a_closed_line_takes_nothing_more() -> None:
    """What waits is cancelled, what is at hand is finished."""
    line, gate, begun = LedgerLine(), threading.Event(), threading.Event()

    def hold() -> str:
        begun.set()
        gate.wait(5)
        return "done"

    first = line.submit(hold)
    assert begun.wait(5)
    second = line.submit(lambda: "never")
    line.close()
    gate.set()
    assert first.result(5) == "done"
    with pytest.raises(CancelledError):
        second.result(5)
    with pytest.raises(RuntimeError):
        line.submit(lambda: 1)
