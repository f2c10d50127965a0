"""`python -m sandbox.discord`: the local Discord as a process."""

import argparse
import asyncio
import contextlib
import signal
from pathlib import Path

import structlog

from sandbox.discord.server import DiscordServer
from sandbox.discord.state import DEFAULT_TOKEN

log = structlog.get_logger()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.discord", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8400, help="port to listen on (%(default)s)")
    parser.add_argument("--data-dir", type=Path, default=Path("var/sandbox/discord"), help="for attachments")
    parser.add_argument("--token", default=DEFAULT_TOKEN, help="the bot token to accept (%(default)s)")
    parser.add_argument("--trust", action="store_true", help="do not check the form of requests: for measurements")
    return parser.parse_args()


async def _serve(arguments: argparse.Namespace) -> None:
    server = DiscordServer(arguments.host, arguments.port, data_dir=arguments.data_dir, token=arguments.token)
    server.state.checks_form = not arguments.trust
    running = asyncio.create_task(server.run_forever())
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, running.cancel)
    address = f"http://{arguments.host}:{arguments.port}"
    log.info("discord sandbox starts", page=f"{address}/", api=f"{address}/api/v10")
    with contextlib.suppress(asyncio.CancelledError):
        await running


def main() -> None:
    arguments = _arguments()
    try:
        asyncio.run(_serve(arguments))
    except OSError as error:
        raise SystemExit(f"cannot listen on {arguments.host}:{arguments.port}: {error}") from error


if __name__ == "__main__":
    main()
