"""Rate limits: a bucket per route and major parameter, and 50 requests a second in all.

Discord publishes no numbers per route; these are of the size that people observe.
Source of the rules: https://discord.com/developers/docs/topics/rate-limits
"""

import hashlib
import math
from collections import deque
from dataclasses import dataclass
from http import HTTPStatus

from sandbox.discord.clock import Clock
from sandbox.discord.errors import ApiError

GLOBAL_PER_SECOND = 50
_MAJOR = ("channel_id", "guild_id", "webhook_id", "webhook_token")


@dataclass(frozen=True)
class Rule:
    """`limit` requests in `window_s` seconds share the bucket `name`."""

    name: str
    limit: int
    window_s: float


_DEFAULT = Rule("other", 20, 10.0)
_CHANNEL = "/channels/{channel_id}"
_WEBHOOK = "/webhooks/{webhook_id}/{webhook_token}"
_RULES = {
    ("POST", f"{_CHANNEL}/messages"): Rule("message-create", 5, 5.0),
    ("PATCH", f"{_CHANNEL}/messages/{{message_id}}"): Rule("message-edit", 5, 5.0),
    ("DELETE", f"{_CHANNEL}/messages/{{message_id}}"): Rule("message-delete", 5, 1.0),
    ("GET", f"{_CHANNEL}/messages"): Rule("message-list", 10, 5.0),
    ("GET", f"{_CHANNEL}/messages/{{message_id}}"): Rule("message-get", 10, 5.0),
    ("POST", "/users/@me/channels"): Rule("dm-create", 5, 5.0),
}


def rule_for(method: str, route: str) -> Rule | None:
    """The rule of a route; None for interaction callbacks, which are not limited."""
    if route.startswith("/interactions/"):
        return None
    if route.startswith(_WEBHOOK):
        return Rule("webhook-token", 5, 5.0)
    return _RULES.get((method, route), _DEFAULT)


@dataclass
class _Bucket:
    started_at: float
    used: int = 0


class RateLimiter:
    """Counts requests by the passed clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}
        self._recent: deque[float] = deque()

    def spend(self, method: str, route: str, parameters: dict[str, str]) -> dict[str, str]:
        """Counts one request and gives the X-RateLimit headers of its answer.

        Raises:
            ApiError: 429 when the bucket or the global limit is exhausted.
        """
        rule = rule_for(method, route)
        if rule is None:
            return {}
        if not route.startswith(_WEBHOOK):
            self._spend_global()
        key = self._key(rule, method, route, parameters)
        bucket = self._fresh_bucket(key, rule)
        if bucket.used >= rule.limit:
            raise self._exhausted(rule, bucket)
        bucket.used += 1
        return self._headers(rule, bucket)

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _spend_global(self) -> None:
        now = self._now()
        while self._recent and self._recent[0] <= now - 1.0:
            self._recent.popleft()
        if len(self._recent) >= GLOBAL_PER_SECOND:
            raise too_many(self._recent[0] + 1.0 - now, scope="global")
        self._recent.append(now)

    def _key(self, rule: Rule, method: str, route: str, parameters: dict[str, str]) -> str:
        name = rule.name if rule is not _DEFAULT else f"{method} {route}"
        return ":".join([name, *(parameters.get(part, "") for part in _MAJOR)])

    def _fresh_bucket(self, key: str, rule: Rule) -> _Bucket:
        bucket = self._buckets.get(key)
        if bucket is None or bucket.started_at + rule.window_s <= self._now():
            bucket = self._buckets[key] = _Bucket(self._now())
        return bucket

    def _headers(self, rule: Rule, bucket: _Bucket) -> dict[str, str]:
        reset = bucket.started_at + rule.window_s
        return {
            "X-RateLimit-Limit": str(rule.limit),
            "X-RateLimit-Remaining": str(rule.limit - bucket.used),
            "X-RateLimit-Reset": f"{reset:.3f}",
            "X-RateLimit-Reset-After": f"{math.ceil(max(0.0, reset - self._now()) * 1000) / 1000:.3f}",
            "X-RateLimit-Bucket": hashlib.md5(rule.name.encode(), usedforsecurity=False).hexdigest(),
        }

    def _exhausted(self, rule: Rule, bucket: _Bucket) -> ApiError:
        wait_s = bucket.started_at + rule.window_s - self._now()
        return too_many(wait_s, scope="user", headers=self._headers(rule, bucket))


def too_many(wait_s: float, *, scope: str, headers: dict[str, str] | None = None) -> ApiError:
    """The 429 answer. Without `Via`, libraries take it for a ban by the proxy."""
    wait_s = max(1, math.ceil(wait_s * 1000)) / 1000  # rounded up: who waits exactly that long gets through
    extra = {"Retry-After": str(math.ceil(wait_s)), "X-RateLimit-Scope": scope, "Via": "1.1 google"}
    if scope == "global":
        extra["X-RateLimit-Global"] = "true"
    return ApiError(
        HTTPStatus.TOO_MANY_REQUESTS,
        0,
        "You are being rate limited.",
        headers={**(headers or {}), **extra},
        extra={"retry_after": wait_s, "global": scope == "global"},
    )
