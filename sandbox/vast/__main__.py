"""`python -m sandbox.vast`: serves until SIGINT or SIGTERM, then ends every instance's process."""

import asyncio
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from sandbox.vast.options import BAKED_VARIABLES, VastOptions
from sandbox.vast.server import VastServer


def serve(  # noqa: PLR0917 - typer reads the options from here
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on, 0 for a free one.")] = 8500,
    data_dir: Annotated[Path, typer.Option(help="Homes and logs of the instances.")] = Path("var/sandbox/vast"),
    api_key: Annotated[str, typer.Option(help="The account's API key.")] = "sandbox-key",
    workdir: Annotated[Path | None, typer.Option(help="Working folder of the instances.")] = None,
    python: Annotated[str, typer.Option(help="What `python` means in an instance.")] = sys.executable,
    boot_seconds: Annotated[float, typer.Option(help="Boot time at 500 Mbps; below 0: real time.")] = 3.0,
    image_gb: Annotated[float, typer.Option(help="Size of the image, for pull time and bandwidth.")] = 8.0,
    credit_usd: Annotated[float, typer.Option(help="Credit of the account at start.")] = 25.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same market.")] = 7,
    rate_scale: Annotated[float, typer.Option(help="1: documented rate limits, 0: none.")] = 0.02,
    search_quota: Annotated[int, typer.Option(help="Searches per day.")] = 5000,
    baked_env: Annotated[list[str] | None, typer.Option(help="NAME=value that the image has baked in.")] = None,
) -> None:
    """A local Vast.ai whose instances are processes on this machine."""
    options = VastOptions(
        data_dir=data_dir.resolve(),
        host=host,
        port=port,
        api_key=api_key,
        workdir=(workdir or Path.cwd()).resolve(),
        python=python,
        boot_s=boot_seconds if boot_seconds >= 0 else None,
        image_gb=image_gb,
        credit_usd=credit_usd,
        seed=seed,
        rate_scale=rate_scale,
        search_quota=search_quota,
        baked_variables=BAKED_VARIABLES | _pairs(baked_env or []),
    )
    asyncio.run(_until_signal(VastServer(options)))


async def _until_signal(server: VastServer) -> None:
    asked_to_stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, asked_to_stop.set)
    await server.start()
    try:
        await asked_to_stop.wait()
    finally:
        await server.stop()


def _pairs(words: list[str]) -> dict[str, str]:
    for word in words:
        if "=" not in word:
            raise typer.BadParameter(f"{word!r}: write it as NAME=value", param_hint="--baked-env")
    return dict(word.split("=", 1) for word in words)


if __name__ == "__main__":
    typer.run(serve)
