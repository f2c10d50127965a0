"""The bot and the courier as the processes that people start."""

import asyncio
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import discord
from discord import app_commands
from redis import Redis

from bot import exts
from sandbox.discord.server import DiscordServer
from sandbox.discord.world import GUILD_ID
from tasks import blobs, routing
from tasks.app import make_app
from tasks.connections import connect
from tasks.ledger import Job, Ledger
from tasks.lifecycle import JobState
from tasks.publishing import Publisher
from tasks.schema import Rendered, Timings
from tests.integration.bot.studio import picture
from tests.redis_server import free_port

METRICS_PORT = free_port()
ROOT = Path(__file__).parents[3]
BOT = (sys.executable, "-m", "bot")
COURIER = (sys.executable, "-m", "celery", "-A", "bot.courier", "worker", "-Q", "control")


def environment(server: DiscordServer, redis_url: str, database: str, **changes: str) -> dict[str, str]:
    return {
        **os.environ,
        "EASEL_ENV_FILE": "",
        "DISCORD_TOKEN": server.state.token,
        "DISCORD_API_URL": server.api_url,
        "REDIS_URL": redis_url,
        "DATABASE_URL": database,
    } | changes


@contextmanager
def process(command: tuple[str, ...], env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    started = subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        yield started
    finally:
        started.kill()
        started.wait(10)


def all_commands(*owners: str) -> str:
    """What `sync` reports as added: slash commands first, then menus."""
    tree = app_commands.CommandTree(discord.Client(intents=discord.Intents.none()))
    exts.add_commands(tree)
    menus = {menu.name for menu in tree.get_commands(type=discord.AppCommandType.message)}
    names = [each.name if each.name in menus else f"/{each.name}" for each in tree.get_commands()]
    return ", ".join(sorted([*names, *owners]))


async def run(command: tuple[str, ...], env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(
        subprocess.run, command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


async def job_in(ledger: Ledger, state: JobState) -> Job:
    async with asyncio.timeout(30):
        while not (found := await asyncio.to_thread(ledger.jobs.in_states, {state})):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return found[0]


def rendered(redis: Redis, job: Job) -> Rendered:
    size = (job.spec.width, job.spec.height)
    (seed,) = job.spec.seeds
    ref = blobs.put(redis, job.id, 0, epoch=job.epoch, data=picture(size, seed), seed=seed, size=size)
    return Rendered(
        job_id=job.id, epoch=job.epoch, worker_id="w", images=(ref,), timings=Timings(), at=datetime.now(UTC)
    )


async def test_the_processes_draw_one_picture_and_stop_gracefully(
    server: DiscordServer, ledger: Ledger, redis_url: str
) -> None:
    """`python -m bot sync`, `python -m bot`, `celery -A bot.courier worker`: a posted picture, then exit code 0."""
    database = ledger.engine.url.render_as_string(hide_password=False)
    env = environment(
        server, redis_url, database, DISCORD_OWNER_GUILD_ID=GUILD_ID, EASEL_METRICS_PORT=str(METRICS_PORT)
    )
    assert (await run((*BOT, "check"), env)).returncode == 1
    assert (await run((*BOT, "sync"), env)).stdout.splitlines() == [
        f"everywhere: added {all_commands()}",
        f"server {GUILD_ID}: added {all_commands('/fleet')}",
    ]
    checked = await run((*BOT, "check"), env)
    assert (checked.returncode, "Traceback" in checked.stderr) == (0, False)
    assert "ok  Invite: https://discord.com/oauth2/authorize?client_id=" in checked.stdout
    with process(BOT, env) as bot, process(COURIER, env) as courier:
        await connected(server)
        order = {"command": "imagine", "options": {"prompt": "a fox", "aspect": "1:1", "model": "sdxl-base-1.0"}}
        await server.control("POST", "interactions", order | {"wait": True})
        job = await job_in(ledger, JobState.QUEUED)
        redis = connect(redis_url)
        result = await asyncio.to_thread(rendered, redis, job)
        publisher = Publisher(make_app(redis_url, client_name="test"), redis)
        await asyncio.to_thread(publisher.control, routing.RENDERED, result, job_id=job.id)
        await job_in(ledger, JobState.POSTED)
        metrics = await asyncio.to_thread(urllib.request.urlopen, f"http://127.0.0.1:{METRICS_PORT}/metrics")
        assert "easel_ack_seconds_count 1.0" in metrics.read().decode()
        for each in (bot, courier):
            each.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(each.wait, 20) == 0
    (message,) = await server.control("GET", "channels/general/messages")
    assert message["attachments"][0]["width"] == 1024
    assert await server.control("GET", "violations") == []


async def test_what_is_missing_is_one_plain_sentence(server: DiscordServer, redis_url: str, tmp_path: Path) -> None:
    """No stack trace: which dependency failed, and what to do."""
    database = f"sqlite:///{tmp_path / 'easel.db'}"
    good = environment(server, redis_url, database)
    for changes, sentence in [
        ({"DISCORD_TOKEN": ""}, "DISCORD_TOKEN: is missing (the bot's token: discord.com/developers"),
        ({"DISCORD_TOKEN": "wrong"}, "Discord refuses DISCORD_TOKEN. Get a fresh one"),
        ({"REDIS_URL": "redis://127.0.0.1:1/0"}, "Redis at redis://127.0.0.1:1/0 does not answer"),
        ({"DATABASE_URL": "sqlite:////proc/none/easel.db"}, "Check DATABASE_URL"),
        ({"DISCORD_API_URL": "http://127.0.0.1:1/api/v10"}, "Discord at http://127.0.0.1:1/api/v10 cannot be reached"),
    ]:
        ended = await run(BOT, good | changes)
        assert ended.returncode == 1, changes
        assert sentence in ended.stderr
        assert "Traceback" not in ended.stderr


async def connected(server: DiscordServer) -> None:
    async with asyncio.timeout(30):
        while not (await health(server))["gateway_connections"]:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def health(server: DiscordServer) -> Any:
    return await server.control("GET", "health")
