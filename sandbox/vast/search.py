"""Vast's search dialect over plain rows: `{field: {op: value}}`, order and limit. Pure."""

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sandbox.vast.errors import Json, invalid_args

DEFAULT_LIMIT = 64
# Keys of a search body that are not filters on a field.
NOT_FILTERS = frozenset(
    {
        "order",
        "limit",
        "type",
        "allocated_storage",
        "disable_bundling",
        "target_reliability",
        "extra_ids",
        "gpu_option",
        "show_incompatible",
        "sort_option",
        "template_id",
        "resource_type",
    }
)
LIST_OPERATORS = frozenset({"in", "notin", "nin"})
# Fields whose stored form differs from the one asked for.
STORED_AS = {"driver_version": "driver_vers", "cuda_vers": "cuda_max_good", "dph": "dph_total"}

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "neq": operator.ne,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "in": lambda value, wanted: value in wanted,
    "notin": lambda value, wanted: value not in wanted,
}
OPERATORS["nin"] = OPERATORS["notin"]


def select(rows: Iterable[Json], query: Mapping[str, Any]) -> list[Json]:
    """The rows that match a search body, ordered and cut. ApiError 400 names what cannot be understood."""
    filters = {name: value for name, value in query.items() if name not in NOT_FILTERS}
    found = [row for row in rows if matches(row, filters)]
    for field_name, direction in reversed(_order(query.get("order"))):
        found = _sorted(found, field_name, descending=direction == "desc")
    return found[: _limit(query.get("limit"))]


def matches(row: Json, filters: Mapping[str, Any]) -> bool:
    """Whether a row satisfies every filter. A bare value means `eq`."""
    return all(_matches_field(row, name, wanted) for name, wanted in filters.items())


def _matches_field(row: Json, name: str, wanted: Any) -> bool:
    stored = STORED_AS.get(name, name)
    if stored not in row:
        raise invalid_args(f"unknown field {name!r} in the query")
    ops = wanted if isinstance(wanted, dict) else {"eq": wanted}
    return all(_holds(name, row[stored], op, value) for op, value in ops.items())


def _holds(name: str, have: Any, op: str, wanted: Any) -> bool:
    compare = OPERATORS.get(op)
    if compare is None:
        raise invalid_args(f"unknown operator {op!r} on {name!r}: use one of {', '.join(OPERATORS)}")
    wanted = _wanted(have, op, wanted, name)
    if name == "geolocation":
        have = _place(have, wanted)
    if op not in LIST_OPERATORS | {"eq", "neq"} and (have is None or wanted is None):
        return False
    return compare(have, wanted)


def _wanted(have: Any, op: str, wanted: Any, name: str) -> Any:
    if op not in LIST_OPERATORS:
        return _like(have, wanted, name)
    if not isinstance(wanted, list):
        raise invalid_args(f"{op!r} on {name!r} needs a list, got {wanted!r}")
    return [_like(have, item, name) for item in wanted]


def _place(have: Any, wanted: Any) -> Any:
    """'Oslo, NO' answers to its country code as well as to its full name."""
    codes = wanted if isinstance(wanted, list) else [wanted]
    return have if have in codes else str(have or "").rpartition(", ")[2]


def _like(have: Any, wanted: Any, name: str) -> Any:
    """The string form of the SDK sends "1" and "true" for numbers and booleans."""
    if not isinstance(wanted, str) or isinstance(have, str) or have is None:
        return wanted
    if isinstance(have, bool):
        return wanted.lower() == "true"
    try:
        return float(wanted)
    except ValueError:
        raise invalid_args(f"{name!r} is a number, got {wanted!r}") from None


def _order(order: Any) -> list[tuple[str, str]]:
    """`[[field, "asc"|"desc"], ...]`, or the listing's `[{"col", "dir"}, ...]`."""
    pairs = [(item.get("col"), item.get("dir")) if isinstance(item, dict) else item for item in order or []]
    return [(str(name), str(direction or "asc").lower()) for name, direction in pairs]


def _sorted(rows: list[Json], name: str, *, descending: bool) -> list[Json]:
    known = [row for row in rows if row.get(name) is not None]
    unknown = [row for row in rows if row.get(name) is None]
    return sorted(known, key=lambda row: row[name], reverse=descending) + unknown


def _limit(limit: Any) -> int:
    if limit is None:
        return DEFAULT_LIMIT
    try:
        return max(0, int(limit))
    except (TypeError, ValueError):
        raise invalid_args(f"limit must be a whole number, got {limit!r}") from None


def order_rows(rows: list[Json], order: Any) -> list[Json]:
    """Rows in the order asked for, all of them."""
    for field_name, direction in reversed(_order(order)):
        rows = _sorted(rows, field_name, descending=direction == "desc")
    return rows
