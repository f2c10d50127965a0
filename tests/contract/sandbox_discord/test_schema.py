from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from sandbox.discord import schema
from sandbox.discord.clock import ShiftedClock
from sandbox.discord.server import DiscordServer
from sandbox.discord.snowflake import DISCORD_EPOCH_MS, Snowflakes

MESSAGES = "/channels/{channel_id}/messages"


class FrozenClock:
    """A clock that stands still."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 20, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


def test_an_integer_snowflake_is_let_through_in_requests() -> None:
    """discord.py sends attachment indices as integers, and Discord takes them."""
    body = {"content": "x", "attachments": [{"id": 0, "filename": "a.png"}]}
    assert schema.request_errors(MESSAGES, "POST", body) == []


def test_the_branch_that_was_meant_is_reported() -> None:
    """A too long label inside a row inside a union is named by its path, not as a failed union."""
    button = {"type": 2, "style": 1, "label": "x" * 81, "custom_id": "a"}
    body = {"components": [{"type": 1, "components": [button]}]}
    ((path, code, message),) = schema.request_errors(MESSAGES, "POST", body)
    assert path == ["components", 0, "components", 0, "label"]
    assert (code, message) == ("BASE_TYPE_MAX_LENGTH", "Must be 80 or fewer in length.")


def test_query_parameters_are_checked() -> None:
    """limit=101 is one too many; limit=abc is no number; wait=1 is a boolean."""
    assert schema.parameter_errors(MESSAGES, "GET", "query", {"limit": "101"})
    assert schema.parameter_errors(MESSAGES, "GET", "query", {"limit": "abc"})
    webhook = "/webhooks/{webhook_id}/{webhook_token}"
    assert not schema.parameter_errors(webhook, "POST", "query", {"wait": "1"})


def test_our_own_answers_are_held_to_the_description() -> None:
    """An answer that lacks a required field, or has a null where none may be, is found."""
    assert schema.response_errors("/gateway", "GET", 200, {})
    assert schema.response_errors("/gateway", "GET", 200, {"url": "ws://x"}) == []
    assert schema.response_errors("/gateway", "GET", 204, None)


def test_ids_grow_and_tell_the_time_even_when_the_clock_stands() -> None:
    """More than 4096 ids in one millisecond stay unique and in order."""
    clock = FrozenClock()
    source = Snowflakes(clock)
    ids = [int(source.next()) for _ in range(5000)]
    assert ids == sorted(set(ids))
    moment = datetime.fromtimestamp(((ids[0] >> 22) + DISCORD_EPOCH_MS) / 1000, UTC)
    assert moment == clock.now()


def test_time_does_not_go_back() -> None:
    """A negative advance is refused."""
    with pytest.raises(ValueError, match="only moves forward"):
        ShiftedClock().advance(-1)


async def test_an_unknown_route_is_a_violation(server: DiscordServer) -> None:
    """What is not in Discord's description is 404 and on record."""
    headers = {"Authorization": f"Bot {server.state.token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        answer = await session.get(f"{server.api_url}/no/such/thing")
        assert (answer.status, await answer.json()) == (404, {"message": "404: Not Found", "code": 0})
    (violation,) = await server.control("GET", "violations")
    assert (violation["kind"], violation["route"]) == ("unknown_route", "/api/v10/no/such/thing")


async def test_answers_are_exactly_json(server: DiscordServer) -> None:
    """discord.py compares the content type letter by letter; a charset would make it text."""
    async with aiohttp.ClientSession() as session:
        answer = await session.get(f"{server.api_url}/gateway")
        assert answer.headers["Content-Type"] == "application/json"
        assert (await answer.json())["url"] == server.state.gateway_url
