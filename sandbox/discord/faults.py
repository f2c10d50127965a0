"""Failures on demand. The README's table lists the kinds; `POST /sandbox/faults` adds one."""

import re
from dataclasses import dataclass, field
from typing import Any

from sandbox.discord.errors import Json

REQUEST_KINDS = ("status", "delay", "drop", "rate_limit")
ONCE_KINDS = (
    "gateway_close",
    "gateway_reconnect",
    "gateway_drop",
    "invalid_session",
    "token_dead",
    "upload_limit_bytes",
    "channel_permissions",
)
KINDS = REQUEST_KINDS + ONCE_KINDS


@dataclass
class RequestFault:
    """Hits the next `count` requests whose route and method match.

    `route` is a regular expression searched in the described path (`/channels/{channel_id}/messages`) and in
    the real one. With `after_commit` the request is first carried out, then answered badly.
    """

    kind: str
    route: str = ".*"
    method: str | None = None
    count: int = 1
    status: int = 502
    body: Json | None = None
    after_commit: bool = False
    delay_s: float = 0.0
    scope: str = "user"
    retry_after_s: float = 1.0
    via: bool = True
    hits: int = 0

    def matches(self, method: str, route: str, path: str) -> bool:
        if self.hits >= self.count or (self.method and self.method.upper() != method):
            return False
        pattern = re.compile(self.route)
        return bool(pattern.search(route) or pattern.search(path))


@dataclass
class Faults:
    """The request faults in force; at most one of a kind hits a request."""

    active: list[RequestFault] = field(default_factory=list)

    def add(self, wanted: dict[str, Any]) -> RequestFault:
        """Adds a fault from the control API's JSON.

        Raises:
            ValueError: for a field that does not exist or a broken regular expression.
        """
        known = set(RequestFault.__dataclass_fields__) - {"hits"}
        unknown = set(wanted) - known
        if unknown:
            raise ValueError(f"unknown fields {', '.join(sorted(unknown))}; known are {', '.join(sorted(known))}")
        try:
            re.compile(wanted.get("route", ".*"))
        except re.error as error:
            raise ValueError(f"route is no regular expression: {error}") from error
        fault = RequestFault(**wanted)
        self.active.append(fault)
        return fault

    def take(self, kind: str, method: str, route: str, path: str, *, after_commit: bool) -> RequestFault | None:
        """The first fault of this kind and moment that matches; it counts as a hit."""
        for fault in self.active:
            if (fault.kind, fault.after_commit) == (kind, after_commit) and fault.matches(method, route, path):
                fault.hits += 1
                return fault
        return None

    def clear(self) -> int:
        cleared = len(self.active)
        self.active.clear()
        return cleared
