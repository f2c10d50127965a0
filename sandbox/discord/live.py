"""What the web page hears while it is open: every change of the world, as JSON over a WebSocket."""

import contextlib
import json

from aiohttp import web

from sandbox.discord.errors import Json


class Live:
    """The pages that are open now."""

    def __init__(self) -> None:
        self._pages: set[web.WebSocketResponse] = set()

    async def serve(self, request: web.Request, first: list[Json]) -> web.WebSocketResponse:
        """Sends `first`, then every later change, until the page is closed."""
        page = web.WebSocketResponse(heartbeat=20.0)
        await page.prepare(request)
        for event in first:
            await page.send_str(json.dumps(event))
        self._pages.add(page)
        try:
            async for _ in page:
                pass
        finally:
            self._pages.discard(page)
        return page

    async def send(self, kind: str, data: object) -> None:
        text = json.dumps({"kind": kind, "data": data})
        for page in list(self._pages):
            with contextlib.suppress(ConnectionError):
                await page.send_str(text)

    async def close(self) -> None:
        for page in list(self._pages):
            await page.close()
