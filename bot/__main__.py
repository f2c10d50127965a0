"""`python -m bot` runs the bot; `sync` publishes its commands, `check` says what does not fit yet."""

import asyncio
import signal
from collections.abc import Callable, Coroutine

import aiohttp
import discord
import structlog
import typer
from discord import app_commands
from prometheus_client import start_http_server as serve_metrics

from bot import exts
from bot.checkup import inspect
from bot.client import EaselClient, ShardedEaselClient
from bot.command_sync import sync as publish_commands
from bot.discord_api import use_api
from bot.startup import NotReady, build_services, discord_away, open_ledger, refused_token
from config.loading import load_registry
from config.problems import ConfigurationError
from config.settings import DiscordSettings, load_settings
from tasks import logs

cli = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help=__doc__)
log = structlog.get_logger()


@cli.callback(invoke_without_command=True)
def run(context: typer.Context) -> None:
    """Run the bot until SIGINT or SIGTERM."""
    if context.invoked_subcommand is None:
        _explained(_run)


@cli.command()
def sync() -> None:
    """Publish the slash commands: everywhere, and to DISCORD_OWNER_GUILD_ID at once. Needs Discord alone."""
    _explained(_sync)


@cli.command()
def check() -> None:
    """Say who the bot is, print the invite link, and name what does not fit yet. Needs Discord alone."""
    _explained(_check)


def _explained(act: Callable[[DiscordSettings], Coroutine[None, None, None]]) -> None:
    """Run `act`; what is missing or away is one plain sentence."""
    try:
        settings = load_settings(DiscordSettings)
        logs.configure("bot", log_format=settings.log_format)
        use_api(settings.discord_api_url)
        asyncio.run(act(settings))
    except ConfigurationError as error:
        raise SystemExit(f"The configuration is not complete:\n{error}") from None
    except NotReady as error:
        raise SystemExit(str(error)) from None
    except discord.LoginFailure:
        raise SystemExit(refused_token()) from None
    except (aiohttp.ClientError, discord.HTTPException, discord.GatewayNotFound) as error:
        raise SystemExit(discord_away(settings.discord_api_url, error)) from None


async def _run(settings: DiscordSettings) -> None:
    registry = load_registry(settings.config_dir)
    ledger = open_ledger(settings)
    try:
        services = build_services(settings, registry=registry, ledger=ledger)
        kind = ShardedEaselClient if settings.sharded else EaselClient
        client = kind(services, alert_channel_id=settings.alert_channel_id)
        exts.install(client)
        if settings.metrics_port is not None:
            serve_metrics(settings.metrics_port, settings.metrics_bind, registry=services.metrics.registry)
        try:
            await _serve(client, settings)
        finally:
            await client.stop()
            await services.close()
    finally:
        ledger.close()


async def _serve(client: EaselClient, settings: DiscordSettings) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    log.info("bot starts", api=settings.discord_api_url)
    serving = asyncio.create_task(client.start(settings.discord_token.get_secret_value()))
    stop = asyncio.create_task(stopping.wait())
    await asyncio.wait({serving, stop}, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if serving.done():
        serving.result()
        return
    log.info("bot stops")
    await client.stop()
    await asyncio.gather(serving, return_exceptions=True)


async def _sync(settings: DiscordSettings) -> None:
    async with discord.Client(intents=discord.Intents.none()) as client:
        tree = app_commands.CommandTree(client)
        exts.add_commands(tree, owner_guild_id=settings.owner_guild_id)
        await client.login(settings.discord_token.get_secret_value())
        for report in await publish_commands(tree, owner_guild_id=settings.owner_guild_id):
            typer.echo(str(report))


async def _check(settings: DiscordSettings) -> None:
    async with discord.Client(intents=discord.Intents.none()) as client:
        tree = app_commands.CommandTree(client)
        exts.add_commands(tree)
        await client.login(settings.discord_token.get_secret_value())
        findings = await inspect(client, tree, alert_channel_id=settings.alert_channel_id, sharded=settings.sharded)
    for finding in findings:
        typer.echo(str(finding))
    if not all(finding.good for finding in findings):
        raise typer.Exit(1)


if __name__ == "__main__":
    cli()
