"""The table of a job's life and the small pure rules beside it."""

from hypothesis import given
from hypothesis import strategies as st

from tasks import routing
from tasks.estimate import (
    DEFAULT_SECONDS_PER_UNIT,
    OVERHEAD_S,
    Experience,
    predicted_s,
    seconds_per_unit,
    work_units,
)
from tasks.lifecycle import CANCELLABLE, EDGES, ENDED, JobState, sources_of
from tests.specs import tiny_spec


def test_every_state_is_reachable_and_can_end() -> None:
    """No dead end but the four ends, no state that nothing leads to."""
    reachable, frontier = {JobState.RECEIVED}, {JobState.RECEIVED}
    while frontier:
        frontier = {target for state in frontier for target in EDGES[state]} - reachable
        reachable |= frontier
    assert reachable == set(JobState)
    assert {JobState.POSTED, JobState.FAILED, JobState.CANCELLED, JobState.EXPIRED} == ENDED


def test_what_is_drawn_can_no_longer_be_cancelled() -> None:
    """Once the pictures exist they are posted: a cancel that comes then is told to be too late."""
    assert {JobState.RECEIVED, JobState.QUEUED, JobState.CLAIMED} == CANCELLABLE
    assert sources_of(JobState.POSTED) == {JobState.POSTING}


def test_a_burst_delays_only_its_author() -> None:
    """A user's first outstanding job is the most urgent, the fourth and later the least."""
    assert [routing.priority_for(outstanding) for outstanding in range(6)] == [0, 3, 6, 9, 9, 9]


def test_loaded_checkpoints_come_first() -> None:
    """A worker looks into the queues of what it has loaded before it loads anything else."""
    queues = ["gpu.a", "gpu.b", "gpu.c"]
    assert routing.affinity_order(queues, loaded=["c"]) == ["gpu.c", "gpu.a", "gpu.b"]
    assert routing.affinity_order(queues, loaded=[]) == queues


@given(st.text(alphabet="0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=26, max_size=26), st.integers(1, 10**6))
def test_task_ids_round_trip(job_id: str, epoch: int) -> None:
    """The sweep reads job and epoch from a message's id."""
    assert routing.job_of(routing.task_id(job_id, epoch=epoch)) == (job_id, epoch)


@given(st.text())
def test_strange_task_ids_are_nobody(task: str) -> None:
    """A foreign message in a queue is skipped, not a crash."""
    found = routing.job_of(task)
    assert found is None or routing.task_id(found[0], epoch=found[1]).rpartition(".")[0] == found[0]


def test_work_grows_with_what_costs() -> None:
    """Twice the steps, the pictures, or guidance: twice the work."""
    plain = tiny_spec(num_inference_steps=10, guidance_scale=1.0, seeds=(1,))
    assert work_units(plain.model_copy(update={"num_inference_steps": 20})) == 2 * work_units(plain)
    assert work_units(plain.model_copy(update={"seeds": (1, 2)})) == 2 * work_units(plain)
    assert work_units(plain.model_copy(update={"guidance_scale": 5.0})) == 2 * work_units(plain)


def test_speed_is_learned_robustly() -> None:
    """One slow host does not spoil the estimate, and without history there is a sane one."""
    assert seconds_per_unit([]) == DEFAULT_SECONDS_PER_UNIT
    assert seconds_per_unit([(10, 1.0), (10, 1.0), (10, 500.0)]) == 0.1
    assert predicted_s(tiny_spec(), seconds_per_unit=0.5) > predicted_s(tiny_spec(), seconds_per_unit=0.1)


def test_experience_knows_sizes_and_falls_back_to_the_rate() -> None:
    """Three jobs of a size say how long the next one takes, linear in work or not; other sizes go by the rate."""
    learned = Experience([(10.0, 1.0), (10.0, 1.0), (10.0, 9.0), (80.0, 4.0)])
    assert learned.seconds(10.0) == OVERHEAD_S + 1.0
    assert learned.seconds(20.0) == OVERHEAD_S + 20 * 0.1
    assert Experience([]).seconds(10.0) == OVERHEAD_S + 10 * DEFAULT_SECONDS_PER_UNIT
