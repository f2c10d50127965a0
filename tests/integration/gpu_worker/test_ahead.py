"""Getting ready for the next jobs: a real Redis, real messages, a real web server; the lane draws nothing."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from structlog.testing import capture_logs

from config.loading import DEFAULT_DIRECTORY, load_registry
from config.registry import Weights
from gpu_worker.ahead import Ahead
from gpu_worker.lane import Lane
from gpu_worker.materials import Listener
from gpu_worker.renderer import (
    NOTHING,
    CheckpointFiles,
    DeviceState,
    Drawing,
    Materials,
    PreviewListener,
    StepListener,
    unseen,
)
from gpu_worker.status import WorkerStatus
from gpu_worker.traffic import Traffic
from gpu_worker.watchdog import Watchdog
from gpu_worker.weights.addresses import Endpoints
from gpu_worker.weights.fetcher import WeightsFetcher
from gpu_worker.weights.web import unheard
from tasks import keys, lookahead, warming
from tasks.app import make_app
from tasks.publishing import Publisher
from tasks.schema import CheckpointRef, ControlRef, JobSpec, PreprocessorRef, SignedLink
from tests.conftest import ManualClock
from tests.specs import PICTURE, control, lora, tiny_spec
from tests.unit.gpu_worker.weights_server import WeightsServer, safetensors_bytes

pytestmark = pytest.mark.integration


class BlankRenderer:
    """Remembers what was loaded."""

    def __init__(self) -> None:
        self.ids: tuple[str, ...] = ()

    def loaded(self) -> tuple[str, ...]:
        return self.ids

    def controlnets(self) -> tuple[str, ...]:
        return ()

    def device(self) -> DeviceState:
        return DeviceState("blank", is_cpu=True)

    def load(self, checkpoint: CheckpointRef, files: CheckpointFiles) -> None:
        assert files.weights.exists()
        self.ids = (*self.ids, checkpoint.id)

    def prepare(self, spec: JobSpec, materials: Materials = NOTHING) -> None:
        raise NotImplementedError

    def draw(
        self,
        spec: JobSpec,
        on_step: StepListener,
        materials: Materials = NOTHING,
        *,
        on_preview: PreviewListener = unseen,
    ) -> Drawing:
        raise NotImplementedError


@pytest.fixture
def web() -> Iterator[WeightsServer]:
    files = {f"/bucket/{name}.safetensors": safetensors_bytes(20_000, seed=n) for n, name in enumerate("abc")}
    with WeightsServer(files).running() as server:
        yield server


@pytest.fixture
def checkpoint(tiny_weights: Path) -> Any:
    config = Weights(source=f"file:{tiny_weights / 'tiny-sdxl-single' / 'config'}")

    def ref(name: str) -> CheckpointRef:
        weights = Weights(source=f"s3:bucket/{name}.safetensors")
        return CheckpointRef(id=name, format="single_file", weights=weights, config=config, max_pixels=4096)

    return ref


@pytest.fixture
def ahead(redis: Redis, web: WeightsServer, tmp_path: Path, clock: ManualClock) -> Ahead:
    return make_ahead(redis, web, tmp_path, clock)


def make_ahead(redis: Redis, web: WeightsServer, folder: Path, clock: ManualClock) -> Ahead:
    lane = Lane(BlankRenderer)
    lane.start()
    return Ahead(
        redis=redis,
        checkpoints=("a", "b", "c"),
        fetcher=WeightsFetcher(folder, endpoints=Endpoints({"s3": web.url}), now=clock),
        lane=lane,
        traffic=Traffic(),
        status=WorkerStatus(now=clock),
        watchdog=Watchdog(lambda _silent: None),
        clock=lambda: clock().timestamp(),
    )


@dataclass(frozen=True)
class Queue:
    """The trusted side."""

    redis: Redis
    url: str

    def publish(
        self, ref: CheckpointRef, *, priority: int = 0, job_id: str = "JOB", spec: JobSpec | None = None, **more: Any
    ) -> None:
        publisher = Publisher(make_app(self.url, client_name="test"), self.redis, **more)
        spec = (spec or tiny_spec()).model_copy(update={"checkpoint": ref})
        publisher.render(job_id, epoch=1, spec=spec, priority=priority, now=datetime.now(UTC))


@pytest.fixture
def queue(redis: Redis, redis_url: str) -> Queue:
    return Queue(redis, redis_url)


def test_the_order_in_which_messages_will_be_taken(queue: Queue, checkpoint: Any) -> None:
    """Urgent ones first, then by queue, then by age; and nothing that is no task."""
    for number, (name, priority) in enumerate([("a", 3), ("b", 0), ("a", 0), ("a", 0)]):
        queue.publish(checkpoint(name), priority=priority, job_id=f"JOB{number}")
    queue.redis.rpush("gpu.a", "no message at all")
    tasks = lookahead.next_tasks(queue.redis, ["gpu.a", "gpu.b"])
    assert [task.job_id for task in tasks] == ["JOB2", "JOB3", "JOB1", "JOB0"]


def test_what_waiting_jobs_need_is_fetched_while_the_lane_is_busy(
    ahead: Ahead, web: WeightsServer, queue: Queue, checkpoint: Any
) -> None:
    """And the messages stay where they are: an idle worker may come first."""
    queue.publish(checkpoint("a"))
    queue.publish(checkpoint("b"))
    with ahead.traffic.holding("BUSY"):
        ahead.look()
        ahead.look()
    assert sorted({asked.path for asked in web.asked}) == ["/bucket/a.safetensors", "/bucket/b.safetensors"]
    assert ahead.wanted == ("a", "b")
    assert queue.redis.llen("gpu.a") == queue.redis.llen("gpu.b") == 1
    assert not queue.redis.keys("unacked*")
    asked = len(web.asked)
    assert ahead.fetcher.checkpoint(checkpoint("a")).weights.exists()
    assert len(web.asked) == asked, "the job finds its weights on disk"


class Porter:
    """Notes what is asked for, and that nobody waits for it."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def learn(self, links: Iterable[SignedLink]) -> None:
        """No links."""

    def checkpoint(self, ref: CheckpointRef, *, listen: Listener = unheard, is_ahead: bool = False) -> CheckpointFiles:
        assert is_ahead
        listen(1, 2)
        self.asked.append(ref.id)
        return CheckpointFiles(Path("nowhere"))

    def file(self, weights: Weights, *, listen: Listener = unheard, is_ahead: bool = False) -> Path:
        assert is_ahead
        listen(1, 2)
        self.asked.append(f"{weights.source} {weights.file}")
        return Path("nowhere")

    def model(
        self, weights: Weights, *, variant: str | None, listen: Listener = unheard, is_ahead: bool = False
    ) -> Path:
        assert is_ahead
        listen(1, 2)
        self.asked.append(f"{weights.source} {variant}")
        return Path("nowhere")

    pinned = safety_checker = file


def test_all_that_a_job_draws_with_is_fetched_ahead(ahead: Ahead, queue: Queue, checkpoint: Any) -> None:
    """LoRA, ControlNet's folder, annotators, each once; what has weight 0 is not, nor a map's maker that makes none."""
    registry = load_registry(DEFAULT_DIRECTORY)

    def net(name: str, **choices: Any) -> ControlRef:
        entry = registry.controlnets[name]
        return ControlRef.of(entry, preprocessor=registry.preprocessors[entry.preprocessor or ""], **choices)

    loras = (lora(weights=Weights(source="civitai:7@42")), lora(id="off", weight=0))
    controls = (net("depth", image=PICTURE), net("lineart", image=PICTURE, preprocess=False))
    queue.publish(checkpoint("a"), spec=tiny_spec(loras=loras, controls=controls))
    queue.publish(checkpoint("a"), spec=tiny_spec(controls=(net("scribble", image=PICTURE, weight=0),)))
    porter = Porter()
    busy = replace(ahead, fetcher=porter)
    with busy.traffic.holding("BUSY"):
        busy.look()
        busy.look()
    assert porter.asked == [
        "a",
        "civitai:7@42 None",
        "huggingface:diffusers/controlnet-depth-sdxl-1.0 fp16",
        "huggingface:TheMistoAI/MistoLine fp16",
        "huggingface:lllyasviel/Annotators dpt_hybrid-midas-501f0c75.pt",
    ]
    assert set(busy.wanted) >= {"a", "depth", "lineart"}


def test_an_annotator_lies_there_when_its_job_comes(
    ahead: Ahead, web: WeightsServer, queue: Queue, checkpoint: Any
) -> None:
    """Really fetched, and checked; the heartbeat names nothing any more."""
    weights = safetensors_bytes(20_000, seed=0)
    file = Weights(source="s3:bucket/a.safetensors", sha256=hashlib.sha256(weights).hexdigest())
    depth = control(
        image=PICTURE, preprocessor=PreprocessorRef(id="midas", detector="midas", files=(file,)), kind="depth"
    )
    queue.publish(checkpoint("b"), spec=tiny_spec(controls=(depth,)))
    with ahead.traffic.holding("BUSY"):
        ahead.look()
    asked = len(web.asked)
    assert ahead.fetcher.pinned(file).read_bytes() == weights
    assert len(web.asked) == asked
    assert ahead.status.facts()["fetching"] == ()


def test_an_idle_worker_does_not_fetch_ahead(ahead: Ahead, web: WeightsServer, queue: Queue, checkpoint: Any) -> None:
    """It takes the message instead."""
    queue.publish(checkpoint("a"))
    ahead.look()
    assert not web.asked


class OneLink:
    """A signer for one private checkpoint."""

    def __init__(self, url: str) -> None:
        self.url = url

    def links(self, _order: Any, *, now: datetime) -> tuple[SignedLink, ...]:
        return (SignedLink(source="civitai:42", url=self.url, expires_at=now + timedelta(days=400)),)


def test_links_in_waiting_messages_are_used(ahead: Ahead, web: WeightsServer, queue: Queue, checkpoint: Any) -> None:
    """Private weights are fetched ahead, too."""
    private = checkpoint("a").model_copy(update={"weights": Weights(source="civitai:42")})
    queue.publish(private, signer=OneLink(f"{web.url}/bucket/c.safetensors?sig=s"))
    with ahead.traffic.holding("BUSY"):
        ahead.look()
    assert {asked.path for asked in web.asked} == {"/bucket/c.safetensors?sig=s"}


def test_what_fails_is_not_tried_all_the_time(
    ahead: Ahead, web: WeightsServer, queue: Queue, checkpoint: Any, clock: ManualClock
) -> None:
    """The job itself will tell; being ahead is a favour."""
    queue.publish(checkpoint("missing"))
    queue.redis.rename("gpu.missing", "gpu.a")
    with ahead.traffic.holding("BUSY"):
        ahead.look()
        ahead.look()
        assert len(web.asked) == 1
        clock.advance(3600)
        ahead.look()
    assert len(web.asked) == 2


def test_a_worker_without_the_right_to_look(ahead: Ahead, web: WeightsServer, queue: Queue, checkpoint: Any) -> None:
    """An older credential: it says so once, and works as before; wishes are still heard."""
    commands = ["+get", "+ping", "+client|setname", "+select"]
    queue.redis.acl_setuser(
        "worker", enabled=True, reset=True, nopass=True, keys=["gpu.*", "warmup:*"], commands=commands
    )
    limited = replace(ahead, redis=Redis.from_url(queue.url.replace("//", "//worker:x@")))
    with capture_logs() as logs:
        queue.publish(checkpoint("a"))
        with limited.traffic.holding("BUSY"):
            limited.look()
            limited.look()
        assert not web.asked
        warming.request(queue.redis, checkpoint("b"), signer=None, now=datetime.now(UTC))
        limited.look()
        assert limited.lane.loaded() == ("b",)
        queue.redis.acl_setuser("worker", enabled=True, reset=True, nopass=True, keys=["gpu.*"], commands=["+get"])
        limited.learn_links()
        limited.look()
    assert len([line for line in logs if "lacks a right" in line["event"]]) == 2
    queue.redis.acl_deluser("worker")


def test_warm_up_from_outside(ahead: Ahead, redis: Redis, checkpoint: Any, clock: ManualClock) -> None:
    """Loaded once per wish, when the worker is idle; a new wish is a new one."""
    warming.request(redis, checkpoint("b"), signer=None, now=clock())
    with ahead.traffic.holding("BUSY"):
        ahead.look()
        assert ahead.lane.loaded() == ()
    ahead.look()
    ahead.look()
    assert ahead.lane.loaded() == ("b",)
    assert ahead.traffic.may_take(0)
    warming.request(redis, checkpoint("b"), signer=None, now=clock.advance(60))
    ahead.look()
    assert ahead.lane.loaded() == ("b", "b")


def test_who_starts_finds_links(ahead: Ahead, web: WeightsServer, redis: Redis, checkpoint: Any, clock: Any) -> None:
    """A profile may warm up private weights, which no job has asked for yet."""
    private = checkpoint("a").model_copy(update={"weights": Weights(source="civitai:42")})
    link = OneLink(f"{web.url}/bucket/c.safetensors?sig=s")
    warming.request(redis, private, signer=link, now=clock())
    ahead.learn_links()
    assert ahead.fetcher.checkpoint(private).weights.exists()


def test_wishes_end(redis: Redis, checkpoint: Any, clock: ManualClock) -> None:
    """A machine that starts next week loads nothing for them; junk is no wish."""
    warming.request(redis, checkpoint("b"), signer=OneLink("https://cdn.example/b?sig=s"), now=clock())
    redis.set(keys.warm_up("c"), "junk")
    assert 0 < redis.ttl(keys.warm_up("b")) <= 1800
    (wish,) = warming.requested(redis, ["a", "b", "c"])
    assert wish.links[0].url.endswith("sig=s")
    warming.withdraw(redis, "b")
    assert warming.requested(redis, ["b"]) == []
