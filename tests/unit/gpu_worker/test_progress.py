from datetime import UTC, datetime

from gpu_worker.pace import Pace
from gpu_worker.progress import ProgressReport
from tasks.schema import Stage

MOMENT = datetime(2026, 11, 20, tzinfo=UTC)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def report(clock: Clock) -> ProgressReport:
    return ProgressReport("job", 1, worker_id="w", now=lambda: MOMENT, clock=clock)


def test_at_most_two_messages_a_second() -> None:
    """Discord's limits are per channel; the newest state is what counts."""
    clock = Clock()
    progress = report(clock)
    sent = []
    for step in range(1, 33):  # two seconds of steps
        progress.note_step(step, 32, seconds_left=1.0)
        sent.append(progress.due())
        clock.now += 1 / 16
    published = [news for news in sent if news is not None]
    assert len(published) == 4
    assert [news.step for news in published] == [1, 9, 17, 25]


def test_the_first_news_is_published_at_once() -> None:
    """Whoever waits sees that a worker has the job."""
    first = report(Clock()).due()
    assert first is not None
    assert first.stage is Stage.FETCHING


def test_the_last_news_are_not_lost() -> None:
    """What came too soon is published when its time has come."""
    clock = Clock()
    progress = report(clock)
    progress.due()
    progress.note_stage(Stage.ENCODING)
    assert progress.due() is None
    clock.now += 0.6
    news = progress.due()
    assert news is not None
    assert news.stage is Stage.ENCODING
    assert progress.due() is None


def test_seconds_left_come_from_the_steps() -> None:
    """The first step pays for the prompt and new kernels, so it is left out as soon as there is a second."""
    pace = Pace(0.0)
    assert pace.seconds_left(1, 10, now=5.0) == 55.0
    assert pace.seconds_left(2, 10, now=6.0) == 10.0
    assert pace.seconds_left(10, 10, now=14.0) == 2.0
