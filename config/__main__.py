"""`python -m config check` says what is wrong with the configuration; `python -m config run` runs the whole system."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from config.loading import DEFAULT_DIRECTORY, Registry, load_registry
from config.problems import ConfigurationError, Problem
from config.settings import (
    DiscordSettings,
    ProcessSettings,
    ProvisionerSettings,
    RunSettings,
    WorkerSettings,
    load_settings,
)

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
console = Console(stderr=True)


@cli.command()
def check(
    directory: Annotated[
        Path, typer.Option("--config-dir", envvar="EASEL_CONFIG_DIR", help="folder to check")
    ] = DEFAULT_DIRECTORY,
    files_only: Annotated[bool, typer.Option("--files-only", help="leave the environment alone")] = False,
) -> None:
    """Report every problem at once: by file, key and reason."""
    problems = _registry_problems(directory)
    if not files_only:
        problems += _environment_problems(DiscordSettings, ProvisionerSettings, WorkerSettings)
    if problems:
        _show(problems)
        raise typer.Exit(1)
    registry = load_registry(directory)
    typer.echo(f"The configuration is good: {_contents(registry)}, profile {registry.profile.id}.")


@cli.command()
def run() -> None:
    """Run bot, courier, provisioner, Flower and, if wanted, a local GPU worker until Ctrl-C."""
    from config import launch  # noqa: PLC0415 - circus is not in every image

    try:
        settings = load_settings(RunSettings)
        load_registry(settings.config_dir)
        load_settings(DiscordSettings)
        load_settings(ProvisionerSettings)
    except ConfigurationError as error:
        _show(_all_problems(error))
        raise typer.Exit(1) from None
    user, _, password = launch.flower_credentials(settings).partition(":")
    typer.echo(f"Flower shows the queues: http://127.0.0.1:{settings.flower_port} (user {user}, password {password})")
    launch.run(settings)


def _contents(registry: Registry) -> str:
    """What there is to draw with, by name."""
    parts = {
        "checkpoints": registry.checkpoints,
        "ControlNets": registry.controlnets,
        "preprocessors": registry.preprocessors,
        "LoRAs": registry.loras,
        "sets of LoRAs": registry.lora_sets,
    }
    return ", ".join(f"{len(found)} {kind} ({', '.join(found)})" for kind, found in parts.items() if found)


def _all_problems(first: ConfigurationError) -> list[Problem]:
    """Every problem of every part, so that nobody has to start five times to learn of five mistakes."""
    directory = first_directory()
    found = set(first.problems) | set(_registry_problems(directory))
    return sorted(found | set(_environment_problems(RunSettings, DiscordSettings, ProvisionerSettings)))


def first_directory() -> Path:
    """The configuration folder as the environment names it, or the default where that cannot be read."""
    try:
        return load_settings(ProcessSettings).config_dir
    except ConfigurationError:
        return DEFAULT_DIRECTORY


def _registry_problems(directory: Path) -> list[Problem]:
    try:
        load_registry(directory)
    except ConfigurationError as error:
        return list(error.problems)
    return []


def _environment_problems(*kinds: type[ProcessSettings]) -> list[Problem]:
    found: set[Problem] = set()
    for kind in kinds:
        try:
            load_settings(kind)
        except ConfigurationError as error:
            found |= set(error.problems)
    return sorted(found)


def _show(problems: list[Problem]) -> None:
    table = Table(title=f"{len(problems)} problem(s)", title_justify="left", show_lines=False)
    for heading in ("where", "key", "what is wrong"):
        table.add_column(heading, overflow="fold")
    for problem in problems:
        table.add_row(escape(problem.place), escape(problem.key), escape(problem.reason))
    console.print(table)


if __name__ == "__main__":
    cli()
