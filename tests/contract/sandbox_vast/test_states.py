"""The table of states, walked at random: whatever is asked in whatever order, it holds together."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sandbox.vast.instances import Instance, timing_for
from sandbox.vast.market import seeded_market
from sandbox.vast.orders import Order
from sandbox.vast.phases import EDGES, WIRE, Event, Phase
from sandbox.vast.rows import instance_row

T0 = datetime(2026, 1, 1, tzinfo=UTC)


def make_instance() -> Instance:
    offer = next(iter(seeded_market(7).offers.values()))
    timing = timing_for(500, image_gb=8, boot_s=10)
    return Instance(1, "key", offer, Order(image="x"), timing, 8.0, T0, gpu_usd_per_hour=0.36)


@given(st.lists(st.tuples(st.sampled_from(list(Event)), st.floats(0, 5000)), max_size=40))
def test_any_order_of_events_keeps_history_and_bill_in_order(steps: list[tuple[Event, float]]) -> None:
    """Time never runs backward, the bill never falls, nothing happens or is billed after destroy."""
    instance, now, billed = make_instance(), T0, 0.0
    for event, seconds in steps:
        now += timedelta(seconds=seconds)
        gone_before = instance.is_gone
        changed = instance.apply(event, now)
        cost = instance.bill(now).total_usd
        assert not (gone_before and changed)
        assert cost >= billed - 1e-12
        assert not gone_before or cost == billed
        assert instance_row(instance, now)["id"] == 1
        billed = cost
    moments = [segment.start_at for segment in instance.segments]
    assert moments == sorted(moments)


def test_every_phase_can_be_reached_and_shown() -> None:
    """No dead row in the table: each phase has status fields and a way to it, and destroy is final."""
    assert set(WIRE) == set(Phase)
    assert set(EDGES.values()) | {Phase.ORDERED} == set(Phase)
    assert not [edge for edge in EDGES if edge[0] is Phase.DESTROYED]


def test_real_time_boot_is_the_images_download() -> None:
    """Without compression 8 GB at 500 Mbps take 128 s."""
    assert timing_for(500, image_gb=8, boot_s=None).pull_s == 128
    assert timing_for(50, image_gb=8, boot_s=None).pull_s == 1280
