"""Vast's answers, good, bad and absurd."""

from typing import Any

import pytest
from pydantic import ValidationError

from provisioner.providers.base import Ambiguous, Created, CreatedBroken, Denied, Gone, NoCapacity, Status
from provisioner.providers.vast import outcomes
from provisioner.providers.vast.answers import InstanceRow, read_offers


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, {"success": True, "new_contract": 5}, Created("5")),
        (200, {"success": False, "error": "x", "new_contract": 5}, CreatedBroken("5", "x")),
        (400, {"success": False, "error": "bid_too_low", "new_contract": 5}, CreatedBroken("5", "bid_too_low")),
        (200, {"success": True}, Ambiguous),
        (200, None, Ambiguous),
        (200, [1, 2], Ambiguous),
        (200, {"success": True, "new_contract": "no number"}, Ambiguous),
        (500, {"success": False}, Ambiguous),
        (504, None, Ambiguous),
        (404, {"error": "no_such_ask"}, Gone),
        (410, {"error": "no_such_ask"}, Gone),
        (404, None, Gone),
        (400, {"error": "invalid", "msg": "Offer is no longer rentable"}, Gone),
        (200, {"success": False, "error": "no_such_ask"}, Gone),
        (400, {"error": "invalid_args", "msg": "disk too small"}, Denied),
        (401, None, Denied),
        (403, {"error": "no_permission"}, Denied),
        (400, {"error": "missing_billing"}, Denied),
        (402, {"error": "insufficient_credit"}, Denied),
        (429, {"error": "spend_rate_limit"}, Denied),
        (429, {"error": "rate_limit_exceeded"}, NoCapacity),
        (429, None, NoCapacity),
    ],
)
def test_a_create_has_one_of_six_outcomes(status: int, body: Any, expected: Any) -> None:
    """What is not clearly a no may exist, and is looked for."""
    result = outcomes.of_answer(status, body)
    assert result == expected if not isinstance(expected, type) else isinstance(result, expected)


def test_the_server_says_how_long_to_wait() -> None:
    """Its own figure beats ours."""
    assert outcomes.of_answer(429, None, retry_after_s=3) == NoCapacity("too many requests (HTTP 429)", 3)


@pytest.mark.parametrize(
    ("row", "status"),
    [
        ({}, Status.ALLOCATING),
        ({"actual_status": None, "cur_state": "stopped", "next_state": "running"}, Status.ALLOCATING),
        ({"actual_status": "created"}, Status.ALLOCATING),
        ({"actual_status": "created", "status_msg": "OCI runtime create failed: x"}, Status.BROKEN),
        ({"actual_status": "loading", "status_msg": "Pulling fs layer"}, Status.PULLING),
        ({"actual_status": "running"}, Status.RUNNING),
        ({"actual_status": "exited"}, Status.EXITED),
        ({"actual_status": "offline"}, Status.OFFLINE),
        ({"actual_status": "unknown"}, Status.OFFLINE),
        ({"actual_status": "rebooting"}, Status.ALLOCATING),
        (
            {"actual_status": "x", "cur_state": "stopped", "next_state": "stopped", "intended_status": "stopped"},
            Status.STOPPED,
        ),
        ({"actual_status": "a word of next year"}, Status.ALLOCATING),
    ],
)
def test_four_fields_become_one_status(row: dict[str, Any], status: Status) -> None:
    """An unknown word is no failure: the boot deadline decides."""
    assert InstanceRow.model_validate({"id": 1, **row}).listed().status is status


def test_a_row_needs_an_id_and_nothing_else() -> None:
    """Null start dates and labels are what a fresh contract has; a row without an id is no row."""
    assert InstanceRow.model_validate({"id": 1, "label": None, "start_date": None}).listed().label == ""
    with pytest.raises(ValidationError):
        InstanceRow.model_validate({"label": "x"})


def test_one_broken_offer_does_not_spoil_the_market() -> None:
    """Rows that cannot be read are left out; no list at all is an error."""
    good = {"id": 7, "machine_id": 3, "gpu_name": "RTX 4090", "dph_total": 0.4, "gpu_ram": 24564, "compute_cap": 890}
    found = read_offers([good, {"id": 8}, None, good | {"dph_total": float("nan")}], disk_gb=60)
    assert [(one.id, one.machine_id, one.compute_capability) for one in found] == [("7", "3", 8.9)]
    with pytest.raises(TypeError):
        read_offers({"offers": []}, disk_gb=60)
