"""The sandbox's Vast as one embeddable server."""

import asyncio
import contextlib
from pathlib import Path

import structlog
from aiohttp import web

from sandbox.vast import rest_account, rest_container, rest_instances, rest_offers
from sandbox.vast.clock import SandboxClock
from sandbox.vast.control import add_control
from sandbox.vast.fleet import Fleet
from sandbox.vast.options import VastOptions
from sandbox.vast.processes import end_leftovers
from sandbox.vast.routing import add_routes
from sandbox.vast.world import WORLD, World, make_world

log = structlog.get_logger()

PAGE_FOLDER = Path(__file__).parent / "page"


class VastServer:
    """`await start()` binds (port 0: a free one, see `url`), `await stop()` ends every instance's process."""

    def __init__(self, options: VastOptions, *, clock: SandboxClock | None = None) -> None:
        self.options = options
        self.clock = clock or SandboxClock()
        self.world: World = make_world(options, self.clock)
        self._runner: web.AppRunner | None = None
        self._ticking: asyncio.Task[None] | None = None
        self._port = options.port

    @property
    def url(self) -> str:
        return f"http://{self.options.host}:{self._port}"

    @property
    def fleet(self) -> Fleet:
        return self.world.fleet

    async def start(self) -> str:
        """Returns the URL to use as `server_url` of the SDK or as VAST_URL."""
        self.options.data_dir.mkdir(parents=True, exist_ok=True)
        left = end_leftovers(self.options.data_dir)
        if left:
            log.warning("ended processes that an earlier server left behind", pids=left)
        self._runner = web.AppRunner(make_app(self.world), access_log=None, shutdown_timeout=2.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.options.host, self.options.port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self._ticking = asyncio.create_task(self._tick())
        log.info("vast sandbox listens", url=self.url, offers=len(self.world.market.offers))
        return self.url

    async def stop(self) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticking
        if self._runner is not None:
            await self._runner.cleanup()
        await self.world.fleet.close()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self.options.tick_s)
            self.world.fleet.tick()


def make_app(world: World) -> web.Application:
    app = web.Application()
    app[WORLD] = world
    for module in (rest_offers, rest_instances, rest_container, rest_account):
        add_routes(app, module.ROUTES)
    app.router.add_get("/sandbox/results/{token}", rest_container.result)
    add_control(app)
    app.router.add_get("/", _page)
    app.router.add_static("/page/", PAGE_FOLDER)
    app.router.add_route("*", "/api/{rest:.*}", _not_imitated)
    return app


async def _page(_request: web.Request) -> web.FileResponse:
    return web.FileResponse(PAGE_FOLDER / "index.html")


async def _not_imitated(request: web.Request) -> web.Response:
    """A part of Vast's API that is not here is visible in the request log, not a silent success."""
    world = request.app[WORLD]
    at = world.clock.now().isoformat()
    world.requests.append({"at": at, "method": request.method, "path": request.path, "route": None, "status": 404})
    msg = f"{request.method} {request.path} is not imitated by the sandbox"
    return web.json_response({"success": False, "error": "not_found", "msg": msg}, status=404)
