"""Faults on demand: what can be switched on, how often it still happens, and whom it meets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.vast.errors import ApiError, Json

# kind -> (what happens, the parameters that it takes beside count and the selectors)
KINDS: dict[str, tuple[str, frozenset[str]]] = {
    # answers of any route (param `route`, default all)
    "http_429": ("too many requests", frozenset({"route", "retry_after_s"})),
    "http_error": ("the route answers `status` (default 503)", frozenset({"route", "status"})),
    "malformed_json": ("200 with half a JSON document", frozenset({"route"})),
    "slow": ("the answer comes `delay_s` late (default 5)", frozenset({"route", "delay_s"})),
    "dropped_connection": ("the connection is cut before anything is done", frozenset({"route"})),
    # create
    "offer_gone": ("404, or 410 with cancel_unavail", frozenset()),
    "no_credit": ("create is refused for lack of credit", frozenset()),
    "spend_rate_limit": ("create is refused, new accounts may not spend so fast", frozenset()),
    "created_but_error": ("error body that carries new_contract; stopped, bills storage", frozenset()),
    "lost_create_answer": ("created, then `mode` drop (default) or 504", frozenset({"mode"})),
    # the boot and life of instances created while it is on
    "stuck_loading": ("stays in loading", frozenset()),
    "slow_boot": ("the pull takes `factor` times as long (default 5)", frozenset({"factor"})),
    "oci_error": ("stays in created with an OCI error in status_msg", frozenset()),
    "container_exits": ("the container dies in its first moment: exited", frozenset()),
    "process_never_starts": ("says running, but there is no process", frozenset()),
    "host_vanishes": ("offline `after_s` (default 5) after running", frozenset({"after_s"})),
    "outbid": ("a bid instance is outbid `after_s` (default 5) after running", frozenset({"after_s"})),
    "null_start_date": ("rows of these instances have start_date null", frozenset()),
    "null_extra_env": ("rows of these instances have extra_env null", frozenset()),
    # later requests
    "unpark_stuck": ("a started instance stays in scheduling", frozenset()),
    "destroy_lies": ("destroy says success and does nothing", frozenset()),
    # the listing lies
    "list_success_false": ("200 with success false and no instances", frozenset()),
    "list_empty": ("an empty list that looks complete", frozenset()),
    "list_missing_key": ("the key `instances` is missing", frozenset()),
    "list_count_mismatch": ("the last row is missing, the counts are not", frozenset()),
    "list_lag": ("the state of `lag_s` seconds ago (default 10)", frozenset({"lag_s"})),
}
SELECTORS = frozenset({"offer_id", "machine_id", "host_id", "instance_id"})


@dataclass
class Fault:
    """One fault that is on. `left` None means until it is deleted."""

    kind: str
    left: int | None = None
    params: Json = field(default_factory=dict)

    def number(self, name: str, default: float) -> float:
        return float(self.params.get(name, default))

    def as_json(self) -> Json:
        return {"kind": self.kind, "left": self.left, **self.params}


class Faults:
    """The faults that are on, oldest first. `take` uses one up."""

    def __init__(self) -> None:
        self._active: list[Fault] = []

    def add(self, body: Mapping[str, Any]) -> Fault:
        """`{"kind": ..., "count": n (absent: until deleted), params and selectors}`; ApiError 400 if unknown."""
        kind = body.get("kind")
        if not isinstance(kind, str) or kind not in KINDS:
            raise ApiError(400, "unknown_fault", f"no fault {kind!r}; there are: {', '.join(KINDS)}")
        params = {name: value for name, value in body.items() if name not in ("kind", "count")}
        unknown = sorted(set(params) - KINDS[kind][1] - SELECTORS)
        if unknown:
            takes = ", ".join(sorted(KINDS[kind][1] | SELECTORS | {"count"}))
            raise ApiError(400, "unknown_parameter", f"{kind} has no {', '.join(unknown)}; it takes {takes}")
        count = body.get("count")
        if count is not None and (not isinstance(count, int) or count < 1):
            raise ApiError(400, "bad_count", f"count must be a whole number from 1, got {count!r}")
        fault = Fault(kind, count, params)
        self._active.append(fault)
        return fault

    def take(self, kind: str, **about: Any) -> Fault | None:
        """The first fault of this kind that meets what it is about; a counted one is used up by this."""
        for fault in self._active:
            if fault.kind == kind and _meets(fault, about):
                self._use_up(fault)
                return fault
        return None

    def clear(self, kind: str | None = None) -> int:
        """Switch off all, or all of one kind; returns how many."""
        before = len(self._active)
        self._active = [fault for fault in self._active if kind is not None and fault.kind != kind]
        return before - len(self._active)

    def active(self) -> list[Json]:
        return [fault.as_json() for fault in self._active]

    def _use_up(self, fault: Fault) -> None:
        if fault.left is None:
            return
        fault.left -= 1
        if fault.left == 0:
            self._active.remove(fault)


def _meets(fault: Fault, about: Mapping[str, Any]) -> bool:
    chosen = {name: value for name, value in fault.params.items() if name in SELECTORS or name == "route"}
    return all(value in ("*", about.get(name)) for name, value in chosen.items())
