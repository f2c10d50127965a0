"""`/fleet status|scale|up|down|pause|budget|resume|park|unpark|drain`."""

import discord
from discord import app_commands

from bot.client import EaselClient, tell_privately
from bot.exts.fleet import asking
from bot.exts.fleet.asking import Act, may_command
from bot.exts.server.status import studio_view
from bot.wording.catalogue import say
from bot.wording.fleet import Scale, fleet_message

MAX_HOURS = 24
MOST_MACHINES = 20
LEAST_USD = 0.01
_NAME_LIMIT = 100


@app_commands.default_permissions(manage_guild=True)
@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
class FleetGroup(app_commands.Group):
    """What spends or ends machines asks again by button, with its price."""

    def __init__(self) -> None:
        super().__init__(name="fleet", description="The GPUs, by hand; needs Manage Server in the owner's server")

    async def interaction_check(self, interaction: discord.Interaction[EaselClient], /) -> bool:  # type: ignore[override]
        return await may_command(interaction)

    @app_commands.command(name="status", description="Machines with their ids, orders in force, spend and caps")
    async def status(self, interaction: discord.Interaction[EaselClient]) -> None:
        services = interaction.client.services
        now = services.clock()
        machines = await services.in_ledger(services.ledger.instances.live)
        orders = await services.in_ledger(services.ledger.orders.current, now=now)
        said = fleet_message(
            studio_view(interaction.client),
            machines,
            orders,
            caps=services.registry.fleet,
            now=now,
            locale=str(interaction.locale),
        )
        await tell_privately(interaction, said)

    @app_commands.command(name="scale", description="Hold the number of machines between two bounds; asks first")
    @app_commands.describe(
        least="So many are kept, whatever the queue says", most="Never more than so many at once", hours="For how long"
    )
    @app_commands.rename(least="min", most="max")
    async def scale(
        self,
        interaction: discord.Interaction[EaselClient],
        least: app_commands.Range[int, 0, MOST_MACHINES],
        most: app_commands.Range[int, 0, MOST_MACHINES],
        hours: app_commands.Range[int, 1, MAX_HOURS] = 1,
    ) -> None:
        locale, cap = str(interaction.locale), interaction.client.services.registry.fleet.max_instances
        if not (0 <= least <= most <= MOST_MACHINES and 1 <= hours <= MAX_HOURS):
            said = say("fleet.scale.bounds", machines=MOST_MACHINES, hours=MAX_HOURS, locale=locale)
            await tell_privately(interaction, said)
        elif most > cap:
            await tell_privately(interaction, say("fleet.scale.cap", cap=cap, locale=locale))
        else:
            await asking.ask(interaction, Act.SCALE, Scale(least=least, most=most, hours=hours).written)

    @app_commands.command(name="up", description="Keep one machine up whatever the queue says; asks first")
    @app_commands.describe(hours="For how long")
    async def up(
        self, interaction: discord.Interaction[EaselClient], hours: app_commands.Range[int, 1, MAX_HOURS] = 1
    ) -> None:
        await asking.ask(interaction, Act.UP, str(hours))

    @app_commands.command(name="down", description="The kill switch: end every machine and rent none; asks first")
    async def down(self, interaction: discord.Interaction[EaselClient]) -> None:
        await asking.ask(interaction, Act.DOWN, "all")

    @app_commands.command(name="pause", description="Rent nothing new and wake nothing; what runs draws on")
    async def pause(self, interaction: discord.Interaction[EaselClient]) -> None:
        await asking.pause(interaction)

    @app_commands.command(name="budget", description="Spend less a day than fleet.toml allows; asks first")
    @app_commands.describe(usd_per_day="US dollars from midnight to midnight UTC")
    async def budget(self, interaction: discord.Interaction[EaselClient], usd_per_day: float) -> None:
        locale, cap = str(interaction.locale), interaction.client.services.registry.fleet.max_usd_per_day
        if usd_per_day > cap:
            await tell_privately(interaction, say("fleet.budget.cap", cap=f"{cap:.2f}", locale=locale))
        elif not usd_per_day >= LEAST_USD:  # what is no number at all included
            await tell_privately(interaction, say("fleet.budget.bounds", least=f"{LEAST_USD:.2f}", locale=locale))
        else:
            await asking.ask(interaction, Act.BUDGET, str(round(usd_per_day * 100)))

    @app_commands.command(name="resume", description="Lift what /fleet scale, up, down, pause or budget ordered")
    async def resume(self, interaction: discord.Interaction[EaselClient]) -> None:
        await asking.resume(interaction)

    @app_commands.command(name="park", description="Stop an idle machine and keep its disk; asks first")
    @app_commands.describe(machine="Which one")
    async def park(self, interaction: discord.Interaction[EaselClient], machine: str) -> None:
        await asking.ask(interaction, Act.PARK, machine)

    @app_commands.command(name="unpark", description="Start a parked machine again; asks first")
    @app_commands.describe(machine="Which one")
    async def unpark(self, interaction: discord.Interaction[EaselClient], machine: str) -> None:
        await asking.ask(interaction, Act.UNPARK, machine)

    @app_commands.command(name="drain", description="Let a machine finish what it draws, and end it; asks first")
    @app_commands.describe(machine="Which one")
    async def drain(self, interaction: discord.Interaction[EaselClient], machine: str) -> None:
        await asking.ask(interaction, Act.DRAIN, machine)

    @drain.autocomplete("machine")
    @park.autocomplete("machine")
    @unpark.autocomplete("machine")
    async def machines(
        self, interaction: discord.Interaction[EaselClient], typed: str
    ) -> list[app_commands.Choice[str]]:
        """As the provisioner last told: from memory."""
        status = interaction.client.board.fleet.status
        shown = status.instances if status is not None else ()
        wanted = typed.strip().casefold()
        return [
            app_commands.Choice(
                name=f"{each.gpu} · {each.stage} · {each.instance_id}"[:_NAME_LIMIT], value=each.instance_id
            )
            for each in shown
            if wanted in f"{each.gpu} {each.stage} {each.instance_id}".casefold()
        ][:25]
