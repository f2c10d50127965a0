"""All that the routes share, under one key of the aiohttp application."""

import secrets
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web

from sandbox.vast.clock import SandboxClock
from sandbox.vast.errors import Json
from sandbox.vast.faults import Faults
from sandbox.vast.fleet import Fleet
from sandbox.vast.limits import Limits
from sandbox.vast.market import Market, seeded_market
from sandbox.vast.options import VastOptions

KEPT_REQUESTS = 2000
KEPT_RESULTS = 200


@dataclass
class World:
    """One account on one market, with its faults and what was asked of it."""

    options: VastOptions
    clock: SandboxClock
    market: Market
    fleet: Fleet
    faults: Faults
    limits: Limits
    ssh_keys: list[Json] = field(default_factory=list)
    requests: deque[Json] = field(default_factory=lambda: deque(maxlen=KEPT_REQUESTS))
    results: dict[str, tuple[datetime, str]] = field(default_factory=dict)

    def keep_result(self, text: str) -> str:
        """Store a text to be fetched once by its unguessable name, as Vast does in S3."""
        token = secrets.token_urlsafe(24)
        self.results[token] = (self.clock.now(), text)
        for old in list(self.results)[:-KEPT_RESULTS]:
            del self.results[old]
        return token


WORLD = web.AppKey("world", World)


def make_world(options: VastOptions, clock: SandboxClock) -> World:
    market = seeded_market(options.seed)
    return World(
        options=options,
        clock=clock,
        market=market,
        fleet=Fleet(options, clock, market),
        faults=Faults(),
        limits=Limits(options.rate_scale, options.search_quota),
    )


async def json_body(request: web.Request) -> Json:
    """The JSON object of a request; an empty dict where there is none or something else."""
    try:
        body: Any = await request.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
