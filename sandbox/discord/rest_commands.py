"""REST: publishing application commands, globally and for the guild."""

from http import HTTPStatus

from aiohttp import web

from sandbox.discord.errors import Json, unknown_application, unknown_command, unknown_guild
from sandbox.discord.middleware import API, BODY, json_answer, no_content
from sandbox.discord.state import STATE, State
from sandbox.discord.world import APPLICATION_ID

_GLOBAL = f"{API}/applications/{{application_id}}/commands"
_GUILD = f"{API}/applications/{{application_id}}/guilds/{{guild_id}}/commands"


def routes() -> list[web.RouteDef]:
    return [
        route
        for scope in (_GLOBAL, _GUILD)
        for route in (
            web.get(scope, list_commands, allow_head=False),
            web.put(scope, overwrite_commands),
            web.post(scope, create_command),
            web.get(f"{scope}/{{command_id}}", get_command, allow_head=False),
            web.patch(f"{scope}/{{command_id}}", edit_command),
            web.delete(f"{scope}/{{command_id}}", delete_command),
        )
    ]


def _scope(request: web.Request) -> str | None:
    if request.match_info["application_id"] != APPLICATION_ID:
        raise unknown_application()
    guild_id = request.match_info.get("guild_id")
    if guild_id is not None and guild_id not in request.app[STATE].world.guilds:
        raise unknown_guild()
    return guild_id


def _one(state: State, request: web.Request) -> Json:
    for command in state.commands.in_scope(_scope(request)):
        if command["id"] == request.match_info["command_id"]:
            return command
    raise unknown_command()


async def _tell_pages(state: State) -> None:
    await state.live.send("commands", state.commands.all())


async def list_commands(request: web.Request) -> web.Response:
    return json_answer(request.app[STATE].commands.in_scope(_scope(request)))


async def overwrite_commands(request: web.Request) -> web.Response:
    state = request.app[STATE]
    stored = state.commands.overwrite(_scope(request), request[BODY].json or [])
    await _tell_pages(state)
    return json_answer(stored)


async def create_command(request: web.Request) -> web.Response:
    state, scope, wanted = request.app[STATE], _scope(request), request[BODY].json
    before = {each["id"] for each in state.commands.in_scope(scope)}
    stored = state.commands.put_one(scope, wanted)
    await _tell_pages(state)
    return json_answer(stored, status=HTTPStatus.OK if stored["id"] in before else HTTPStatus.CREATED)


async def get_command(request: web.Request) -> web.Response:
    return json_answer(_one(request.app[STATE], request))


async def edit_command(request: web.Request) -> web.Response:
    state, scope = request.app[STATE], _scope(request)
    before = _one(state, request)
    merged = before | request[BODY].json
    state.commands.remove(scope, before["id"])
    stored = state.commands.put_one(scope, merged)
    stored["id"] = before["id"]
    await _tell_pages(state)
    return json_answer(stored)


async def delete_command(request: web.Request) -> web.Response:
    state = request.app[STATE]
    state.commands.remove(_scope(request), _one(state, request)["id"])
    await _tell_pages(state)
    return no_content()
