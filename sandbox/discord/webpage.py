"""The web page, its live stream, and the attachments that it and the bot load."""

from http import HTTPStatus
from pathlib import Path

from aiohttp import web

from sandbox.discord import objects
from sandbox.discord.errors import Json
from sandbox.discord.interactions import EXPIRED, PENDING
from sandbox.discord.state import STATE, State
from sandbox.discord.world import GUILD_NAME

_PAGE = Path(__file__).with_name("page")
_INTERACTIONS_SHOWN = 50


def routes() -> list[web.RouteDef]:
    return [
        web.get("/", index),
        web.get("/page/{name}", page_file),
        web.get("/sandbox/live", live),
        web.get("/attachments/{channel_id}/{attachment_id}/{name}", attachment),
    ]


async def index(_: web.Request) -> web.StreamResponse:
    return _file(_PAGE / "index.html")


async def page_file(request: web.Request) -> web.StreamResponse:
    path = _PAGE / request.match_info["name"]
    if path.parent != _PAGE or not path.is_file():
        raise web.HTTPNotFound
    return _file(path)


def _file(path: Path) -> web.FileResponse:
    return web.FileResponse(path, headers={"Cache-Control": "no-store"})


async def attachment(request: web.Request) -> web.StreamResponse:
    info = request.match_info
    store = request.app[STATE].attachments
    path = store.path(info["channel_id"], info["attachment_id"], info["name"])
    if path is None:
        return web.Response(status=HTTPStatus.NOT_FOUND, text="This content is no longer available.")
    return web.FileResponse(path, headers={"Cache-Control": "public, max-age=3600"})


async def live(request: web.Request) -> web.StreamResponse:
    state = request.app[STATE]
    return await state.live.serve(request, [{"kind": "snapshot", "data": snapshot(state)}])


def snapshot(state: State) -> Json:
    """Everything that the page shows, for its start and after a lost connection."""
    recent = [i for i in state.interactions.all() if i.state in (PENDING, EXPIRED)][-_INTERACTIONS_SHOWN:]
    return {
        "guild": GUILD_NAME,
        "now": state.now_iso(),
        "bot": objects.user_object(state.world.bot),
        **objects.page_world(state.world),
        "commands": state.commands.all(),
        "messages": [m.for_control() for each in state.world.channels for m in state.messages.in_channel(each)],
        "interactions": [each.for_control(state.clock) for each in recent],
    }
