"""`/fleet`: the owner's levers. What spends is asked for by button, with its price, in the owner's server alone."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.command_sync import sync
from sandbox.discord.server import DiscordServer
from sandbox.discord.world import GUILD_ID
from tasks.ledger import FleetOrder, Intent, Ledger
from tasks.ledger.orders import AT_LEAST, AT_MOST, BUDGET, DOWN, PAUSE, UP, drain_order, park_order, wake_order
from tests.integration.bot.studio import Studio, labels
from tests.integration.bot.test_progress import fleet
from tests.unit.bot.registries import registry

MACHINE = "01m7z9msfgh1sv5ekx67vpzbbc"


@pytest.fixture
async def house(server: DiscordServer, ledger: Ledger, redis_url: str) -> AsyncIterator[Studio]:
    """The owner's own server."""
    async with Studio(server, ledger, redis_url, registry(), owner_guild_id=int(GUILD_ID)) as studio:
        await sync(studio.bot.tree, owner_guild_id=int(GUILD_ID))
        yield studio
    assert await server.control("GET", "violations") == []


def orders(studio: Studio) -> set[str]:
    return set(studio.ledger.orders.current(now=studio.clock()))


async def test_up_names_its_price_and_waits_for_yes(house: Studio) -> None:
    """Nothing is ordered by the command; the button orders, and both are in the audit."""
    fleet(house, usd_today=1.25, usd_per_day_cap=10.0)
    await house.bot.board.look()
    asked = await house.use("fleet up", user="owner", hours=3)
    assert asked["message"]["content"].splitlines() == [
        "One machine will be rented and kept for 3 h, whatever the queue says: at most $0.600 an hour, $1.80 in all.",
        "Spent today: $1.25 of at most $10.00, which holds whatever is ordered.",
    ]
    assert labels(asked["message"]) == ["Rent and keep"]
    assert orders(house) == set()
    await house.press("Rent and keep", asked["message"]["id"], user="owner")
    assert orders(house) == {UP}
    assert "fleet up" in await house.says("admin audit", user="owner")
    assert "Ordered by hand: up, ends <t:" in await house.says("fleet status", user="owner")


async def test_the_kill_switch_and_its_end(house: Studio) -> None:
    """It says how many jobs will wait; resume lifts it, and says so if there is nothing to lift."""
    await house.queued()
    await house.bot.board.look()
    asked = await house.use("fleet down", user="owner")
    assert "All 0 machines will be ended" in asked["message"]["content"]
    assert "1 jobs are on their way" in asked["message"]["content"]
    await house.press("End everything", asked["message"]["id"], user="owner")
    assert orders(house) == {DOWN}
    assert (await house.says("fleet resume", user="owner")).startswith("Lifted: down.")
    assert orders(house) == set()
    assert (await house.says("fleet resume", user="owner")).startswith("Nothing was ordered")


async def test_a_pause_and_what_lifts_it(house: Studio) -> None:
    """It spends nothing, so it is done at once; resume names what it lifted, and `up` lifts it, too."""
    assert (await house.says("fleet pause")).startswith("The fleet spends the owner's money")
    assert orders(house) == set()
    assert (await house.says("fleet pause", user="owner")).startswith("Ordered: nothing new is rented")
    assert orders(house) == {PAUSE}
    assert "Ordered by hand: pause (by owner in Discord)." in await house.says("fleet status", user="owner")
    assert "fleet pause" in await house.says("admin audit", user="owner")
    asked = await house.use("fleet up", user="owner")
    await house.press("Rent and keep", asked["message"]["id"], user="owner")
    assert orders(house) == {UP}
    await house.says("fleet pause", user="owner")
    assert (await house.says("fleet resume", user="owner")).startswith("Lifted: up, pause.")
    assert orders(house) == set()


async def test_scale_names_its_price_and_holds_for_its_hours(house: Studio) -> None:
    """Two numbers until a moment; it lifts the kill switch, and resume lifts it."""
    house.ledger.orders.place(DOWN, reason="test", now=house.clock())
    asked = await house.use("fleet scale", user="owner", min=2, max=3, hours=4)
    least, most, spent = asked["message"]["content"].splitlines()
    assert least == (
        "At least 2 machines are kept for 4 h, whatever the queue says, your own counted: at most $1.200 an hour, "
        "$4.80 in all. It lifts `/fleet down` and `/fleet pause`."
    )
    assert most.startswith("At most 3 rented machines run at once for 4 h.")
    assert "today" in spent
    assert orders(house) == {DOWN}
    await house.press("Hold to that", asked["message"]["id"], user="owner")
    found = house.ledger.orders.current(now=house.clock())
    assert {name: order.amount for name, order in found.items()} == {AT_LEAST: 2, AT_MOST: 3}
    assert {order.until - order.at for order in found.values() if order.until} == {timedelta(hours=4)}
    assert "Ordered by hand: max 3, ends <t:" in await house.says("fleet status", user="owner")
    assert "fleet scale" in await house.says("admin audit", user="owner")
    assert (await house.says("fleet resume", user="owner")).startswith("Lifted: min, max.")
    assert orders(house) == set()


async def test_a_bound_alone_lifts_nothing(house: Studio) -> None:
    """It rents nothing, so neither a price is named nor the kill switch lifted."""
    house.ledger.orders.place(DOWN, reason="test", now=house.clock())
    asked = await house.use("fleet scale", user="owner", min=0, max=1)
    assert "$" not in asked["message"]["content"]
    await house.press("Hold to that", asked["message"]["id"], user="owner")
    assert orders(house) == {DOWN, AT_LEAST, AT_MOST}


async def test_scale_beyond_bounds_is_a_sentence(house: Studio) -> None:
    """The file is the owner's word; our own check holds where a client sends what it likes."""
    assert "max_instances` in fleet.toml is 3" in await house.says("fleet scale", user="owner", min=1, max=4)
    for least, most, hours in ((2, 1, 1), (0, 21, 1), (-1, 1, 1), (0, 1, 25)):
        said = await house.says("fleet scale", user="owner", min=least, max=most, hours=hours)
        assert said.startswith("Both numbers are from 0 to 20")
    assert orders(house) == set()


async def test_a_budget_is_lower_than_the_file_and_shown(house: Studio) -> None:
    """What is spent stands beside the question; more than the file allows is refused by its name."""
    assert "max_usd_per_day` in fleet.toml is $10.00" in await house.says(
        "fleet budget", user="owner", usd_per_day=10.5
    )
    for little in (0, -3):
        said = await house.says("fleet budget", user="owner", usd_per_day=little)
        assert said.startswith("A budget is at least $0.01 a day")
    fleet(house, usd_today=1.25, usd_per_day_cap=10.0)
    await house.bot.board.look()
    asked = await house.use("fleet budget", user="owner", usd_per_day=2.5)
    assert asked["message"]["content"].startswith("No more than $2.50 will be spent a day")
    assert "Spent today: $1.25 of at most $10.00" in asked["message"]["content"]
    assert orders(house) == set()
    await house.press("Spend no more", asked["message"]["id"], user="owner")
    assert house.ledger.orders.current(now=house.clock())[BUDGET].amount == 2.5
    shown = await house.says("fleet status", user="owner")
    assert "Ordered by hand: budget 2.5 (by owner in Discord)." in shown
    assert shown.endswith("Of these $2.50 a day by order.")
    assert "fleet budget" in await house.says("admin audit", user="owner")
    assert (await house.says("fleet resume", user="owner")).startswith("Lifted: budget.")


async def test_a_machine_is_parked_and_woken_by_its_id(house: Studio) -> None:
    """Its own price is named; what does not run cannot be parked."""
    rented(house)
    said = await house.use("fleet park", user="owner", machine=MACHINE)
    assert (
        "RTX 4090 stops once it is idle: $0.0100 an hour for its disk instead of $0.400" in said["message"]["content"]
    )
    await house.press("Park it", said["message"]["id"], user="owner")
    assert orders(house) == {park_order(MACHINE)}
    assert (await house.says("fleet unpark", user="owner", machine=MACHINE)).startswith("There is no such machine")
    house.ledger.instances.move(MACHINE, "parked", sources={"ready"})
    woken = await house.use("fleet unpark", user="owner", machine=MACHINE)
    await house.press("Start it", woken["message"]["id"], user="owner")
    assert wake_order(MACHINE) in orders(house)
    assert (await house.says("fleet park", user="owner", machine="no-such")).startswith("There is no such machine")


async def test_a_machine_is_let_go_by_its_id(house: Studio) -> None:
    """The question says what becomes of what it draws; what is ending already cannot be ordered to."""
    assert (await house.says("fleet drain", user="owner", machine=MACHINE)).startswith("There is no such machine")
    rented(house)
    asked = await house.use("fleet drain", user="owner", machine=MACHINE)
    assert "RTX 4090 takes no further job, finishes what it draws, and is ended" in asked["message"]["content"]
    assert orders(house) == set()
    await house.press("Finish and end it", asked["message"]["id"], user="owner")
    assert orders(house) == {drain_order(MACHINE)}
    assert len(drain_order(MACHINE)) <= FleetOrder.name.type.length
    assert "fleet drain" in await house.says("admin audit", user="owner")
    house.ledger.instances.move(MACHINE, "parked", sources={"ready"})
    asleep = await house.says("fleet drain", user="owner", machine=MACHINE)
    assert asleep == "RTX 4090 is parked: it is ended at once, and its disk with it: $0.0100 an hour less."
    house.ledger.instances.move(MACHINE, "destroying", sources={"parked"})
    assert (await house.says("fleet drain", user="owner", machine=MACHINE)).startswith("There is no such machine")


def rented(studio: Studio) -> None:
    """A machine that is ready, as the provisioner writes it down."""
    now, instances = studio.clock(), studio.ledger.instances
    lead = studio.ledger.leadership.acquire("fleet", holder="test", ttl=timedelta(minutes=1), now=now)
    assert lead is not None
    intent = Intent(
        id=MACHINE,
        label=f"easel/test/{MACHINE}",
        provider="vast",
        profile="standard",
        offer={},
        gpu="RTX 4090",
        machine_id="m1",
        usd_per_hour=0.4,
        storage_usd_per_hour=0.01,
        reason="3 jobs wait",
    )
    row = instances.intend(intent, role="fleet", leader_epoch=lead, now=now)
    instances.move(MACHINE, "ready", sources={row.state})


async def test_an_old_question_is_not_carried_out(house: Studio) -> None:
    """A price that was named an hour ago is no price."""
    asked = await house.use("fleet up", user="owner")
    await house.skip(16 * 60)
    late = await house.press("Rent and keep", asked["message"]["id"], user="owner")
    assert late["message"]["content"].startswith("This question is more than 15 minutes old")
    assert orders(house) == set()


async def test_nobody_else_commands_it(house: Studio) -> None:
    """Neither a member without the right, nor the button of somebody who had it."""
    said = await house.says("fleet up")
    assert said.startswith("The fleet spends the owner's money")
    asked = await house.use("fleet up", user="owner")
    house.services.desk = replace(house.services.desk, owner_guild_id=7)
    refused = await house.press("Rent and keep", asked["message"]["id"], user="owner")
    assert "The fleet spends the owner's money" in str(refused)
    assert orders(house) == set()
