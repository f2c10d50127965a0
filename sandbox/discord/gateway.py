"""Gateway v10 over a WebSocket, with zlib-stream or plain JSON.

Source: https://discord.com/developers/docs/topics/gateway
"""

import asyncio
import contextlib
import json
import zlib
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from sandbox.discord import objects
from sandbox.discord.errors import Json
from sandbox.discord.sessions import GUILDS, Session
from sandbox.discord.state import STATE, State
from sandbox.discord.world import APPLICATION_ID, Guild

_VERSION = "10"
_MAX_INTENTS = 1 << 26
_HEARTBEAT, _IDENTIFY, _PRESENCE, _VOICE, _RESUME, _MEMBERS = 1, 2, 3, 4, 6, 8
_RECONNECT, _INVALID_SESSION, _HELLO, _ACK = 7, 9, 10, 11
_UNKNOWN_OP, _DECODE_ERROR, _NOT_AUTHENTICATED, _BAD_TOKEN = 4001, 4002, 4003, 4004
_ALREADY_AUTHENTICATED, _BAD_SEQUENCE, _SESSION_TIMED_OUT = 4005, 4007, 4009
_BAD_SHARD, _BAD_VERSION, _BAD_INTENTS = 4010, 4012, 4013
_GRACE = 1.5


class _RefusedError(Exception):
    """The connection ends with this close code."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


class Connection:
    """One client's socket, from HELLO to its end."""

    def __init__(self, state: State, request: web.Request) -> None:
        self._state = state
        self._request = request
        self._socket = web.WebSocketResponse(max_msg_size=4096 * 4)
        zlib_stream = request.query.get("compress") == "zlib-stream"
        self._compressor = zlib.compressobj() if zlib_stream else None
        self._session: Session | None = None
        self._sending = asyncio.Lock()

    async def serve(self) -> web.WebSocketResponse:
        await self._socket.prepare(self._request)
        try:
            await self._talk()
        except _RefusedError as refused:
            await self._socket.close(code=refused.code)
        except (ConnectionError, TimeoutError):
            await self._socket.close(code=_SESSION_TIMED_OUT)
        finally:
            self._leave()
        return self._socket

    async def _talk(self) -> None:
        if self._request.query.get("v", _VERSION) != _VERSION:
            raise _RefusedError(_BAD_VERSION)
        interval_s = self._state.heartbeat_interval_s
        await self.send({"op": _HELLO, "t": None, "s": None, "d": {"heartbeat_interval": int(interval_s * 1000)}})
        deadline = asyncio.get_running_loop().time() + interval_s * _GRACE
        while True:
            wait_s = deadline - asyncio.get_running_loop().time()
            message = await self._socket.receive(timeout=max(0.001, wait_s))
            if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
                return
            payload = _decoded(message.data)
            if payload["op"] == _HEARTBEAT:
                deadline = asyncio.get_running_loop().time() + interval_s * _GRACE
            await self._handle(payload["op"], payload.get("d"))

    async def _handle(self, op: int, data: Any) -> None:
        if op == _HEARTBEAT:
            await self.send({"op": _ACK, "t": None, "s": None, "d": None})
        elif op == _IDENTIFY:
            await self._identify(data)
        elif op == _RESUME:
            await self._resume(data)
        elif op not in (_PRESENCE, _VOICE, _MEMBERS):
            raise _RefusedError(_UNKNOWN_OP)
        elif self._session is None:
            raise _RefusedError(_NOT_AUTHENTICATED)
        elif op == _MEMBERS:
            await self._chunk_members(data)

    async def _identify(self, data: Json) -> None:
        if self._session is not None:
            raise _RefusedError(_ALREADY_AUTHENTICATED)
        if data.get("token", "").removeprefix("Bot ") != self._state.token:
            raise _RefusedError(_BAD_TOKEN)
        intents, shard = data.get("intents"), data.get("shard", [0, 1])
        if not isinstance(intents, int) or not 0 <= intents < _MAX_INTENTS:
            raise _RefusedError(_BAD_INTENTS)
        if len(shard) != len([0, 1]) or not 0 <= shard[0] < shard[1]:
            raise _RefusedError(_BAD_SHARD)
        session, world = self._state.sessions.start(intents, shard), self._state.world
        self._attach(session)
        guilds = [guild for guild in world.guilds.values() if session.hears(guild.id)]
        await session.dispatch("READY", self._ready(session, guilds))
        for guild in guilds if intents & GUILDS else ():
            await session.dispatch("GUILD_CREATE", objects.guild_create_event(world, guild))

    def _ready(self, session: Session, guilds: list[Guild]) -> Json:
        return {
            "v": 10,
            "user": objects.own_user_object(self._state.world.bot),
            "user_settings": {},
            "session_type": "normal",
            "session_id": session.id,
            "resume_gateway_url": self._state.gateway_url,
            "relationships": [],
            "private_channels": [],
            "presences": [],
            "guilds": [{"id": guild.id, "unavailable": True} for guild in guilds],
            "geo_ordered_rtc_regions": [],
            "application": {"id": APPLICATION_ID, "flags": 0},
            "shard": session.shard,
            "auth": {},
        }

    async def _resume(self, data: Json) -> None:
        if data.get("token", "").removeprefix("Bot ") != self._state.token:
            raise _RefusedError(_BAD_TOKEN)
        session = self._state.sessions.resumable(str(data.get("session_id")))
        missed = session.missed_since(data.get("seq") or 0) if session else None
        if session is None or missed is None:
            await self.send({"op": _INVALID_SESSION, "t": None, "s": None, "d": False})
            return
        if session.close is not None:
            await session.close(_SESSION_TIMED_OUT)
        self._attach(session)
        for event in missed:
            await self.send(event)
        await session.dispatch("RESUMED", {})

    async def _chunk_members(self, data: Json) -> None:
        wanted = {str(each) for each in _listed(data.get("user_ids"))}
        people = [
            user
            for user in self._state.world.users.values()
            if (not wanted or user.id in wanted) and user.name.startswith(data.get("query") or "")
        ]
        chunk = {
            "guild_id": data.get("guild_id"),
            "members": [objects.member_object(user) for user in people],
            "chunk_index": 0,
            "chunk_count": 1,
            "not_found": sorted(wanted - {user.id for user in people}),
            "nonce": data.get("nonce"),
        }
        if self._session is not None:
            await self._session.dispatch("GUILD_MEMBERS_CHUNK", chunk)

    def _attach(self, session: Session) -> None:
        self._session = session
        session.send, session.close, session.lost_at = self.send, self._close, None

    async def _close(self, code: int) -> None:
        if code == 0:  # a cut cable: no close frame
            if self._request.transport is not None:
                self._request.transport.abort()
            return
        await self._socket.close(code=code)

    def _leave(self) -> None:
        session = self._session
        if session is None or session.send != self.send:
            return
        clean = self._socket.close_code in (WSCloseCode.OK, WSCloseCode.GOING_AWAY)
        if clean and not self._state.closing:
            self._state.sessions.end(session)
        else:
            self._state.sessions.lose(session)

    async def send(self, payload: Json) -> None:
        text = json.dumps(payload)
        async with self._sending:
            with contextlib.suppress(ConnectionError):  # its session keeps the event for a resume
                if self._compressor is None:
                    await self._socket.send_str(text)
                    return
                packed = self._compressor.compress(text.encode())
                await self._socket.send_bytes(packed + self._compressor.flush(zlib.Z_SYNC_FLUSH))


def _decoded(data: Any) -> Json:
    try:
        payload = json.loads(data)
    except (ValueError, TypeError) as error:
        raise _RefusedError(_DECODE_ERROR) from error
    if not isinstance(payload, dict) or not isinstance(payload.get("op"), int):
        raise _RefusedError(_DECODE_ERROR)
    return payload


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


async def serve_gateway(request: web.Request) -> web.WebSocketResponse:
    return await Connection(request.app[STATE], request).serve()


async def ask_reconnect(session: Session) -> None:
    """Opcode 7: the client should drop this connection and resume."""
    if session.send is not None:
        await session.send({"op": _RECONNECT, "t": None, "s": None, "d": None})


async def invalidate(session: Session, *, resumable: bool) -> None:
    """Opcode 9: the session is over (or, with `resumable`, may be resumed)."""
    if session.send is not None:
        await session.send({"op": _INVALID_SESSION, "t": None, "s": None, "d": resumable})
