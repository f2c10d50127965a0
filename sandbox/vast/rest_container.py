"""Looking into a container: logs and commands, both through a result that is fetched afterwards without a key."""

import asyncio
import shlex
from datetime import timedelta

from aiohttp import web

from sandbox.vast.errors import ApiError, invalid_args
from sandbox.vast.phases import Phase
from sandbox.vast.routing import Caller, Route
from sandbox.vast.world import WORLD, World, json_body

RESULT_DELAY = timedelta(seconds=0.2)  # the object in S3 appears a little after the answer
COMMANDS = ("ls", "du")
COMMAND_TIMEOUT_S = 5.0


async def request_logs(request: web.Request, world: World, _caller: Caller) -> web.Response:
    """`{tail, filter, daemon_logs}` → `{result_url}`."""
    instance = world.fleet.find(int(request.match_info["instance_id"]))
    body = await json_body(request)
    if str(body.get("daemon_logs")).lower() == "true":
        text = f"{instance.status_msg or ''}\n"
    else:
        text = world.fleet.log_text(instance.instance_id)
    wanted = str(body.get("filter") or "")
    lines = [line for line in text.splitlines() if wanted in line]
    tail = str(body.get("tail") or "1000")
    if not tail.isdigit():
        raise invalid_args(f"tail must be a whole number, got {tail!r}")
    return _result(request, world, "\n".join(lines[-int(tail) :]) + "\n")


async def execute(request: web.Request, world: World, _caller: Caller) -> web.Response:
    """Vast allows a constrained set of commands; here it is `ls` and `du`, in the instance's home."""
    instance = world.fleet.find(int(request.match_info["instance_id"]))
    words = shlex.split(str((await json_body(request)).get("command") or ""))
    if not words or words[0] not in COMMANDS:
        raise ApiError(400, "invalid_command", f"Only these commands are allowed: {', '.join(COMMANDS)}")
    if instance.phase is not Phase.RUNNING:
        raise ApiError(400, "invalid_state", "The instance is not running.")
    return _result(request, world, await _run(words, str(world.fleet.home(instance.instance_id))))


async def result(request: web.Request) -> web.Response:
    """The stored text; 404 until it is there, so that a client has to poll."""
    world = request.app[WORLD]
    kept = world.results.get(request.match_info["token"])
    if kept is None or world.clock.now() - kept[0] < RESULT_DELAY:
        return web.Response(status=404, text="<Error><Code>NoSuchKey</Code></Error>")
    return web.Response(text=kept[1])


async def _run(words: list[str], folder: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *words, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), COMMAND_TIMEOUT_S)
    except TimeoutError:
        process.kill()
        await process.wait()
        return "timed out\n"
    return output.decode(errors="replace")


def _result(request: web.Request, world: World, text: str) -> web.Response:
    url = f"{request.scheme}://{request.host}/sandbox/results/{world.keep_result(text)}"
    return web.json_response({"success": True, "result_url": url, "writeable_path": "/workspace/"})


ROUTES = [
    Route("logs", "PUT", r"/api/v0/instances/request_logs/{instance_id:\d+}/", request_logs),
    Route("execute", "PUT", r"/api/v0/instances/command/{instance_id:\d+}/", execute),
]
