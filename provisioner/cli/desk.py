"""What every command begins with: settings, registry, ledger and provider, or a sentence and exit 2."""

import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, NoReturn

import typer
from sqlalchemy.exc import SQLAlchemyError

from config.loading import Registry
from config.registry import Profile
from config.settings import ProvisionerSettings
from provisioner.providers import factory
from provisioner.providers.base import Provider
from tasks.ledger import Ledger

Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
ProfileName = Annotated[str, typer.Option("--profile", help="A profile of profiles/; default: the fleet's.")]


@dataclass(frozen=True)
class Desk:
    """The configuration of this call."""

    settings: ProvisionerSettings
    registry: Registry

    def profile(self, name: str = "") -> Profile:
        """The named profile, or the fleet's own."""
        known = self.registry.profiles
        if name and name not in known:
            fail(f"there is no profile {name!r}; there are: {', '.join(sorted(known))}")
        return known[name] if name else self.registry.profile

    def provider(self, profile: Profile) -> Provider:
        """Of the profile."""
        found = factory.provider_of(self.settings, self.registry, profile)
        if found is None:
            fail(factory.missing(profile))
        return found

    def ledger(self) -> Ledger:
        """Opened and migrated."""
        try:
            return Ledger.open(self.settings.database_url)
        except SQLAlchemyError as error:
            fail(f"the ledger cannot be opened: {type(error).__name__}; DATABASE_URL names it")


def open_desk(ctx: typer.Context) -> Desk:
    """The configuration, or exit 2 with every problem in it. `__main__` alone reads settings, and only when asked."""
    desk: Desk = ctx.obj()
    return desk


def fail(message: str) -> NoReturn:
    """A sentence, and exit 2."""
    typer.echo(message, err=True)
    sys.exit(2)


def agreed(question: str, *, yes: bool, as_json: bool) -> bool:
    """Whether to spend. With --json nobody is there to ask, so it needs --yes."""
    return yes or (not as_json and typer.confirm(question))


def print_json(data: Any) -> None:
    """For scripts."""
    typer.echo(json.dumps(data, indent=2, default=str))


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)
