"""From a create's reply to one of six outcomes; what is not clearly a refusal is a doubt. Pure."""

from typing import Any

from pydantic import ValidationError

from provisioner.providers.base import Ambiguous, Created, CreatedBroken, CreateResult, Denied, Gone, NoCapacity
from provisioner.providers.vast.answers import CreateAnswer

_BAD_REQUEST, _UNAUTHORIZED, _NO_PAYMENT, _FORBIDDEN = 400, 401, 402, 403
_NOT_FOUND, _GONE, _TOO_MANY = 404, 410, 429
_CLIENT_ERRORS = range(400, 500)
# How Vast words a vanished offer, beside the codes.
_TAKEN = ("no_such_ask", "unavailable", "no longer rentable", "already rented", "not rentable")
_MONEY = ("credit", "billing", "balance")
RETRY_AFTER_S = 15.0


def of_answer(status: int, body: Any, *, retry_after_s: float | None = None) -> CreateResult:
    """The outcome of an answered create.

    Args:
        status: the HTTP status.
        body: the decoded JSON, or None where it was none.
        retry_after_s: what the server asked for, in seconds.
    """
    answer = _read(body)
    if answer is not None and answer.new_contract is not None:
        return _existing(status, answer)
    if status not in _CLIENT_ERRORS and not (answer is not None and answer.success is False and answer.error):
        return Ambiguous(f"HTTP {status}, {answer.reason if answer else 'unreadable'}")
    return _refusal(status, answer or CreateAnswer(), retry_after_s)


def _existing(status: int, answer: CreateAnswer) -> CreateResult:
    contract = str(answer.new_contract)
    if answer.success is True and status < _BAD_REQUEST:
        return Created(contract)
    return CreatedBroken(contract, answer.reason or f"HTTP {status}")


def _refusal(status: int, answer: CreateAnswer, retry_after_s: float | None) -> CreateResult:
    said = answer.reason or f"HTTP {status}"
    text = said.lower()
    if any(word in text for word in _MONEY):
        return Denied(f"Vast refuses for lack of credit; add credit at cloud.vast.ai, Billing ({said})")
    if "spend_rate_limit" in text:
        return Denied(f"Vast limits how fast a new account may spend; it lifts this by itself ({said})")
    if status == _TOO_MANY:
        return NoCapacity(f"too many requests ({said})", RETRY_AFTER_S if retry_after_s is None else retry_after_s)
    if status in (_NOT_FOUND, _GONE) or any(word in text for word in _TAKEN):
        return Gone(said)
    if status in (_UNAUTHORIZED, _FORBIDDEN):
        return Denied(f"Vast refuses the key; VAST_API_KEY needs the rights instance_read and instance_write ({said})")
    return Denied(f"Vast refuses the order ({said})")


def _read(body: Any) -> CreateAnswer | None:
    try:
        return CreateAnswer.model_validate(body)
    except ValidationError:
        return None
