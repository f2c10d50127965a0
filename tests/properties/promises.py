"""What the fleet promises at the end of every story."""

from provisioner.lifecycle import ORPHAN_GRACE_S
from tests.properties.clouds import USD_PER_HOUR
from tests.properties.stories import Story
from tests.properties.world import BOOT_DEADLINE_S, GONE_WITHIN_S, LEAD_S, MAX_INSTANCES, TICK_S, Resources, World

# What is still booting when the last job ends may boot to its deadline; then it idles, and is gone in time.
END_WITHIN_S = LEAD_S + BOOT_DEADLINE_S + ORPHAN_GRACE_S + GONE_WITHIN_S
# A market that refused six times in a row is asked again after ten minutes.
DRAWN_WITHIN_S = 1500.0
ONE_TICK_USD = MAX_INSTANCES * USD_PER_HOUR * TICK_S / 3600


def keep(story: Story, resources: Resources) -> World:
    """Live through `story`, then let the world heal; AssertionError where a promise is broken."""
    world = World(resources, story.cap_usd)
    try:
        _live_through(story, world)
    except AssertionError as error:
        error.add_note(str(story))
        raise
    return world


def _live_through(story: Story, world: World) -> None:
    for event, pause_s in story.events:
        event.happen(world)
        world.run(pause_s)
    world.heal()
    world.step()
    world.lift()
    _queue_is_drained(world)
    world.forget_jobs()
    _nothing_is_left(world)
    _every_machine_had_an_intent(world)
    assert world.over_usd <= ONE_TICK_USD + 1e-9, f"${world.over_usd:.4f} over a cap of ${world.cap_usd}"


def _queue_is_drained(world: World) -> None:
    end = world.t + DRAWN_WITHIN_S
    while world.jobs and not _is_capped(world):
        assert world.t < end, f"{len(world.jobs)} jobs wait though all is well; machines: {world.live()}"
        world.step()


def _is_capped(world: World) -> bool:
    return world.cap_usd < 1  # may be used up: then waiting is right


def _nothing_is_left(world: World) -> None:
    end = world.t + END_WITHIN_S
    while not world.is_empty:
        assert world.t < end, f"left: {[one for one in world.cloud.contracts if one.ended is None]}, {world.live()}"
        world.step()


def _every_machine_had_an_intent(world: World) -> None:
    labels = [one.label for one in world.cloud.contracts]
    assert set(labels) <= set(world.states()), "a machine without intent"
    assert len(labels) == len(set(labels)), "two machines for one intent"
    assert len(world.cloud.asked) == len(set(world.cloud.asked)), "two requests for one intent"
