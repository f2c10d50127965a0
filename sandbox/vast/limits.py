"""Rate limits: least seconds between two calls of an endpoint per identity, and the daily search quota. Pure."""

from datetime import date, datetime

from sandbox.vast.errors import ApiError

# Documented minimum intervals in seconds, by route name.
INTERVALS_S = {
    "search": 6.0,
    "create": 4.5,
    "create_many": 4.5,
    "search_and_create": 5.0,
    "list": 1.0,
    "show": 2.0,
    "destroy": 3.0,
    "destroy_many": 3.0,
    "state": 1.0,
    "state_many": 1.0,
    "bid": 5.5,
    "reboot": 1.0,
    "recycle": 1.0,
    "execute": 1.5,
    "ssh": 1.0,
    "charges": 1.0,
    "invoices": 3.0,
}
# After going under the interval, this long instead.
PENALTIES_S = {"create": 12.0}


class Limits:
    """`scale` 1 is as documented, 0 switches the intervals off. Times are the sandbox's."""

    def __init__(self, scale: float, search_quota: int) -> None:
        self.scale = scale
        self.search_quota = search_quota
        self._free_at: dict[tuple[str, str], float] = {}
        self._searches: dict[date, int] = {}

    def check(self, identity: str, route: str, now: datetime) -> None:
        """ApiError 429 with `retry_after_s` if this call comes too early."""
        moment, key = now.timestamp(), (identity, route)
        interval = INTERVALS_S.get(route, 0.0) * self.scale
        free_at = self._free_at.get(key, moment)
        if moment < free_at and interval > 0:
            if route in PENALTIES_S:
                free_at = self._free_at[key] = moment + PENALTIES_S[route] * self.scale
            raise _too_many(f"Please wait before calling {route} again.", free_at - moment)
        self._free_at[key] = moment + interval
        if route == "search":
            self._count_search(now.date())

    def _count_search(self, day: date) -> None:
        self._searches = {day: self._searches.get(day, 0) + 1}
        if self._searches[day] > self.search_quota:
            raise ApiError(429, "search_quota_exceeded", "Daily search quota exceeded, it starts again at 00:00 UTC.")


def _too_many(msg: str, retry_after_s: float) -> ApiError:
    return ApiError(429, "rate_limit_exceeded", f"API requests too frequent. {msg}", retry_after_s=retry_after_s)
