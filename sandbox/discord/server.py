"""The sandbox as one aiohttp application that can be started and stopped, also inside a test."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from sandbox.discord import (
    control,
    gateway,
    middleware,
    rest_commands,
    rest_interactions,
    rest_messages,
    rest_users,
    schema,
    webpage,
)
from sandbox.discord.attachments import DEFAULT_LIMIT_BYTES
from sandbox.discord.clock import Clock, ShiftedClock
from sandbox.discord.state import DEFAULT_HEARTBEAT_S, DEFAULT_TOKEN, STATE, State


class DiscordServer:
    """A running sandbox. Port 0 takes a free one; `url` and `api_url` are known after `start()`.

    `clock` moves tokens, snowflakes and rate limits; `data_dir` holds the attachments and is emptied at start.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        data_dir: Path,
        clock: Clock | None = None,
        token: str = DEFAULT_TOKEN,
        heartbeat_interval_s: float = DEFAULT_HEARTBEAT_S,
        upload_limit_bytes: int = DEFAULT_LIMIT_BYTES,
    ) -> None:
        self._host = host
        self._port = port
        self.state = State(
            clock=clock or ShiftedClock(),
            data_dir=data_dir,
            token=token,
            heartbeat_interval_s=heartbeat_interval_s,
            upload_limit_bytes=upload_limit_bytes,
        )
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return self.state.base_url

    @property
    def api_url(self) -> str:
        return f"{self.state.base_url}{middleware.API}"

    async def start(self) -> None:
        """Listens.

        Raises:
            OSError: when the port is taken.
        """
        schema.load()
        self.state.attachments.clear()
        self._runner = web.AppRunner(_application(self.state), access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        address = f"{self._host}:{self._runner.addresses[0][1]}"
        self.state.base_url = self.state.attachments.base_url = f"http://{address}"
        self.state.gateway_url = f"ws://{address}/gateway"

    async def stop(self) -> None:
        """Closes the gateway connections (they may resume elsewhere: code 1001) and all else."""
        self.state.closing = True
        for session in self.state.sessions.connected():
            if session.close is not None:
                await session.close(aiohttp.WSCloseCode.GOING_AWAY)
        await self.state.live.close()
        await self.state.interactions.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        """Calls the control API and gives its JSON.

        Raises:
            ValueError: with the API's sentence when it answers 4xx.
        """
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, f"{self.url}/sandbox/{path}", json=body) as answer,
        ):
            result = await answer.json()
            if not answer.ok:
                raise ValueError(result["error"])
            return result

    async def run_forever(self) -> None:
        await self.start()
        try:
            await asyncio.Event().wait()
        finally:
            await self.stop()


def _application(state: State) -> web.Application:
    app = web.Application(middlewares=[control.plain_errors, middleware.rest], client_max_size=64 * 1024 * 1024)
    app[STATE] = state
    app.router.add_get("/gateway", gateway.serve_gateway)
    app.router.add_get("/gateway/", gateway.serve_gateway)
    for module in (rest_users, rest_commands, rest_interactions, rest_messages, control, webpage):
        app.router.add_routes(module.routes())
    return app
