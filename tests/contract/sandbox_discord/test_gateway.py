import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sandbox.discord.server import DiscordServer
from sandbox.discord.sessions import Session
from tests.contract.sandbox_discord.studio_bot import Running, StudioBot, until


def _first_session(server: DiscordServer) -> Session:
    return server.state.sessions.all()[0]


async def test_a_cut_connection_resumes_and_replays_what_was_missed(running: Running) -> None:
    """An interaction that happened while the socket was down is delivered by RESUME, not lost."""
    session = _first_session(running.server)
    await running.server.control("POST", "faults", {"kind": "gateway_drop"})
    await until(lambda: session.send is None)
    sent = await running.server.control("POST", "interactions", {"command": "server status"})
    await until(lambda: running.bot.seen, within_s=15)
    assert str(running.bot.seen[0].id) == sent["interaction_id"]
    assert running.bot.resumed.is_set()
    assert _first_session(running.server) is session


async def test_reconnect_on_demand_resumes(running: Running) -> None:
    """Opcode 7 makes the client come back with the same session."""
    session = _first_session(running.server)
    await running.server.control("POST", "faults", {"kind": "gateway_reconnect"})
    await until(running.bot.resumed.is_set, within_s=15)
    assert _first_session(running.server) is session


async def test_an_invalid_session_leads_to_a_new_identify(running: Running) -> None:
    """Opcode 9 ends the session; the client starts another one and works on."""
    before = _first_session(running.server).id
    await running.server.control("POST", "faults", {"kind": "invalid_session"})
    await until(lambda: [s for s in running.server.state.sessions.connected() if s.id != before], within_s=15)
    outcome = await running.use("server status")
    assert outcome["answered"]


async def test_two_bots_hear_the_same_interaction(running: Running, server: DiscordServer) -> None:
    """Each gateway connection gets every event, as with Discord."""
    async with Running(server, StudioBot()) as second:
        await running.server.control("POST", "interactions", {"command": "slow"})
        await until(lambda: running.bot.seen and second.bot.seen)


async def test_a_client_without_heartbeats_is_dropped(tmp_path: Path) -> None:
    """A silent client loses its connection, and is told 4009."""
    server = DiscordServer(data_dir=tmp_path, heartbeat_interval_s=0.05)
    await server.start()
    try:
        async with aiohttp.ClientSession() as session, session.ws_connect(server.state.gateway_url) as socket:
            hello = await socket.receive_json()
            assert hello["d"]["heartbeat_interval"] == 50
            closed = await socket.receive(timeout=5)
        assert (closed.type, closed.data) == (aiohttp.WSMsgType.CLOSE, 4009)
    finally:
        await server.stop()


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"op": 2, "d": {"token": "wrong", "intents": 0, "properties": {}}}, 4004),
        ({"op": 2, "d": {"token": "sandbox-token", "intents": -1, "properties": {}}}, 4013),
        ({"op": 2, "d": {"token": "sandbox-token", "intents": 0, "shard": [2, 1]}}, 4010),
        ({"op": 3, "d": {}}, 4003),
        ({"op": 99, "d": {}}, 4001),
        ("no json", 4002),
    ],
)
async def test_bad_payloads_close_with_discords_codes(server: DiscordServer, sent: Any, code: int) -> None:
    """The close code says what was wrong; libraries stop or retry by it."""
    text = sent if isinstance(sent, str) else json.dumps(sent)
    async with aiohttp.ClientSession() as session, session.ws_connect(server.state.gateway_url) as socket:
        await socket.receive_json()
        await socket.send_str(text)
        closed = await socket.receive(timeout=5)
    assert closed.data == code


async def test_people_writing_reach_the_bot(running: Running) -> None:
    """MESSAGE_CREATE comes for what people write."""
    await running.server.control("POST", "messages", {"content": "good morning", "user": "member-2"})
    await until(lambda: running.bot.messages)
    assert running.bot.messages[0].author.name == "member-2"
