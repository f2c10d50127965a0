"""What a member uploaded reaches workers through Redis: in parts, within bounds, with a rented machine's rights."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from celery.contrib.testing.worker import start_worker
from redis import Redis

from bot.courier.lending import lend
from config.registry import Weights
from gpu_worker.weights.fetcher import WeightsFetcher
from gpu_worker.weights.upload_place import Courtesy, UploadPlace
from gpu_worker.weights.uploads import Uploads
from provisioner.credentials import WorkerUsers, new_credential, worker_url
from tasks import keys, routing
from tasks.app import make_app
from tasks.errors import ErrorCode, WeightsError
from tasks.ledger import Ledger
from tasks.publishing import Publisher
from tasks.schema import Heartbeat, WorkerState
from tasks.uploads import CHUNK_BYTES, WINDOW, UploadWanted
from tests.conftest import ManualClock
from tests.unit.gpu_worker.weights_server import safetensors_bytes

WORKER = "w1"
CHUNKS = WINDOW + 2
FILE = safetensors_bytes((CHUNKS - 1) * CHUNK_BYTES + 1000)
SHA256 = hashlib.sha256(FILE).hexdigest()


def uploaded(ledger: Ledger, data: bytes) -> Weights:
    sha256 = hashlib.sha256(data).hexdigest()
    parts = (data[start : start + CHUNK_BYTES] for start in range(0, len(data), CHUNK_BYTES))
    ledger.uploads.keep(sha256, size_bytes=len(data), chunks=parts)
    return Weights(source=f"upload:{sha256}", sha256=sha256)


def heard(redis: Redis, worker_id: str = WORKER) -> None:
    now = datetime.now(UTC)
    beat = Heartbeat(worker_id=worker_id, state=WorkerState.IDLE, since=now, at=now)
    redis.set(keys.heartbeat(worker_id), beat.write(), px=60_000)


@dataclass
class Courier:
    """The courier's side, called directly; `lost` chunks vanish from Redis once, `deaf` answers nothing."""

    ledger: Ledger
    redis: Redis
    lost: set[int] = field(default_factory=set)
    deaf: bool = False
    asked: list[UploadWanted] = field(default_factory=list)
    most_in_redis: int = 0

    def ask(self, wish: UploadWanted) -> None:
        self.asked.append(wish)
        if self.deaf:
            return
        lend(wish, self.ledger.uploads, self.redis)
        self.most_in_redis = max(self.most_in_redis, self.redis.hlen(keys.upload(wish.worker_id)))
        for number in self.lost & set(range(wish.first, wish.first + wish.count)):
            self.redis.hdel(keys.upload(wish.worker_id), f"{wish.sha256}:{number}")
            self.lost.remove(number)

    @property
    def windows(self) -> list[int]:
        """Where each window began."""
        return [wish.first for wish in self.asked if wish.count]


@pytest.fixture
def courier(redis: Redis, ledger: Ledger) -> Courier:
    heard(redis)
    return Courier(ledger, redis)


@pytest.fixture
def weights(ledger: Ledger) -> Weights:
    return uploaded(ledger, FILE)


@pytest.fixture
def make(redis: Redis, courier: Courier, tmp_path: Path) -> Callable[..., WeightsFetcher]:
    """A worker's fetcher; waiting moves a clock of its own."""
    clock = ManualClock(datetime(2026, 11, 20, tzinfo=UTC))

    def seconds() -> float:
        return clock().timestamp()

    def sleep(pause_s: float) -> None:
        clock.advance(pause_s)

    courtesy = Courtesy(clock=seconds, sleep=sleep)

    def build(folder: str = "store", *, worker_id: str = WORKER, limit_bytes: int | None = None) -> WeightsFetcher:
        place = UploadPlace(redis, courier.ask, worker_id=worker_id, courtesy=courtesy)
        return WeightsFetcher(tmp_path / folder, uploads=Uploads(place), limit_bytes=limit_bytes)

    return build


@contextmanager
def consuming(redis_url: str, ledger: Ledger, redis: Redis) -> Iterator[None]:
    """The courier's Celery worker, with the one task that matters here."""
    app = make_app(redis_url, client_name="courier", queues=[routing.CONTROL])

    def run(payload: dict[str, Any]) -> None:
        lend(UploadWanted.read(payload), ledger.uploads, redis)

    app.task(run, name=routing.LEND)
    with start_worker(app, pool="threads", concurrency=2, perform_ping_check=False, shutdown_timeout=20):
        yield


def test_a_rented_machine_gets_it_through_the_queue(
    redis: Redis, redis_url: str, ledger: Ledger, weights: Weights, tmp_path: Path
) -> None:
    """With the rights of its own user and no other; a second look asks nobody, and Redis has its memory back."""
    credential, users = new_credential(), WorkerUsers(redis)
    users.grant(WORKER, credential.sha256)
    url = worker_url(redis_url, WORKER, credential.password)
    heard(redis)
    as_worker = Redis.from_url(url)
    publisher = Publisher(make_app(url, client_name="worker"), as_worker)
    fetcher = WeightsFetcher(tmp_path, uploads=Uploads(UploadPlace(as_worker, publisher.want_upload, worker_id=WORKER)))
    seen: list[tuple[int, int | None]] = []
    with consuming(redis_url, ledger, redis):
        path = fetcher.file(weights, listen=lambda done, total: seen.append((done, total)))
    users.revoke(WORKER)
    assert path.read_bytes() == FILE
    assert seen[-1] == (len(FILE), len(FILE))
    assert not redis.exists(keys.upload(WORKER))
    assert fetcher.is_here(weights)
    assert fetcher.file(weights) == path


def test_redis_holds_one_window_for_each_worker(
    make: Callable[..., WeightsFetcher], courier: Courier, redis: Redis, weights: Weights
) -> None:
    """Two machines at once, each with a place of its own; what is asked for next takes the place of the last."""
    heard(redis, "w2")
    with ThreadPoolExecutor(2) as pool:
        fetchers = [make(worker_id, worker_id=worker_id) for worker_id in (WORKER, "w2")]
        paths = list(pool.map(lambda fetcher: fetcher.file(weights), fetchers))
    assert [path.read_bytes() == FILE for path in paths] == [True, True]
    assert courier.most_in_redis <= WINDOW + 1  # the chunks and the size
    assert sorted(courier.windows) == [0, 0, WINDOW, WINDOW]


def test_two_files_of_one_worker_take_turns(
    make: Callable[..., WeightsFetcher], courier: Courier, ledger: Ledger, weights: Weights
) -> None:
    """They share the worker's place in Redis, and neither gets the other's chunks."""
    other = safetensors_bytes(2 * CHUNK_BYTES, seed=1)
    fetcher = make()
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(fetcher.file, (weights, uploaded(ledger, other)))
    assert first.read_bytes() == FILE
    assert second.read_bytes() == other
    assert courier.most_in_redis <= WINDOW + 1


def test_a_lost_chunk_is_asked_for_again(
    make: Callable[..., WeightsFetcher], courier: Courier, weights: Weights
) -> None:
    """Redis was restarted, or the line was slow: from where it broke, not from the start."""
    courier.lost = {2}
    assert make().file(weights).read_bytes() == FILE
    assert courier.windows == [0, 2]


def test_another_process_goes_on_where_the_first_was_ended(
    make: Callable[..., WeightsFetcher], courier: Courier, weights: Weights
) -> None:
    """A cancelled job, a worker that restarts: what is on disk is not sent a second time."""

    def cancel(done_bytes: int, _total: int | None) -> None:
        if done_bytes >= WINDOW * CHUNK_BYTES:
            raise InterruptedError

    with pytest.raises(WeightsError):
        make().file(weights, listen=cancel)
    assert make().file(weights).read_bytes() == FILE
    assert courier.windows == [0, WINDOW]


def test_nobody_answers(make: Callable[..., WeightsFetcher], courier: Courier, weights: Weights) -> None:
    """The job may be tried again; its error says where to look."""
    courier.deaf = True
    with pytest.raises(WeightsError) as caught:
        make().file(weights)
    assert caught.value.code is ErrorCode.WEIGHTS_UNREACHABLE
    assert caught.value.retryable
    assert "courier" in caught.value.detail
    assert len(courier.asked) == 4


def test_what_is_not_kept_any_more(make: Callable[..., WeightsFetcher], courier: Courier, redis: Redis) -> None:
    """Trying again cannot help: told at once, and nothing of it stays to be believed later."""
    with pytest.raises(WeightsError) as caught:
        make().file(Weights(source=f"upload:{'0' * 64}"))
    assert caught.value.code is ErrorCode.UNKNOWN_MODEL
    assert len(courier.asked) == 1
    assert not redis.exists(keys.upload(WORKER))


def test_other_bytes_than_the_source_names_are_not_kept(
    make: Callable[..., WeightsFetcher], ledger: Ledger, tmp_path: Path
) -> None:
    """The source itself is the hash, whatever else the entry says."""
    ledger.uploads.keep("f" * 64, size_bytes=len(FILE[:5000]), chunks=[FILE[:5000]])
    with pytest.raises(WeightsError) as caught:
        make().file(Weights(source=f"upload:{'f' * 64}"))
    assert caught.value.code is ErrorCode.WEIGHTS_BROKEN
    assert list(tmp_path.glob("store/files/*/*.safetensors")) == []


def test_it_makes_room_within_the_disk_budget(make: Callable[..., WeightsFetcher], ledger: Ledger) -> None:
    """As everything else that is fetched: the least recently used leaves."""
    small = uploaded(ledger, safetensors_bytes(CHUNK_BYTES, seed=2))
    first = make(limit_bytes=CHUNK_BYTES * 3 // 2)
    assert first.file(small).exists()
    del first  # lets go of its pins
    other = uploaded(ledger, safetensors_bytes(CHUNK_BYTES, seed=3))
    second = make(limit_bytes=CHUNK_BYTES * 3 // 2)
    assert second.file(other).exists()
    assert not second.is_here(small)


def test_who_is_no_worker_gets_nothing(courier: Courier, redis: Redis, weights: Weights) -> None:
    """Ids can be made up, heartbeats of others cannot: Redis is not filled with windows for nobody."""
    courier.ask(UploadWanted(worker_id="nobody", sha256=SHA256, first=0, count=WINDOW))
    assert not redis.exists(keys.upload("nobody"))


def test_a_place_that_was_spoilt_harms_nobody_else(courier: Courier, redis: Redis, weights: Weights) -> None:
    """A machine can write what it likes into its own place: the courier goes on."""
    redis.set(keys.upload(WORKER), "no hash")
    lend(UploadWanted(worker_id=WORKER, sha256=SHA256, count=1), courier.ledger.uploads, redis)
    assert redis.get(keys.upload(WORKER)) == b"no hash"


def test_a_cancelled_wait_for_ones_turn_ends(
    make: Callable[..., WeightsFetcher], courier: Courier, redis: Redis
) -> None:
    """Another file is on its way; who waits behind it can still be cancelled."""
    place = UploadPlace(redis, courier.ask, worker_id=WORKER)
    inside, leave = threading.Event(), threading.Event()

    def occupy() -> None:
        with place.turn(lambda: None):
            inside.set()
            leave.wait(10)

    def cancelled() -> None:
        raise InterruptedError

    with ThreadPoolExecutor(1) as pool:
        pool.submit(occupy)
        inside.wait(10)
        with pytest.raises(InterruptedError), place.turn(cancelled):
            raise AssertionError
        leave.set()
