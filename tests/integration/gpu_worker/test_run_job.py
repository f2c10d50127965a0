"""The way of a job through a worker in this process: real Redis, real Celery messages, real diffusers."""

import base64
import io
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngImageFile
from redis import Redis

from config.registry import Weights
from gpu_worker.celery_app import make_worker_app
from gpu_worker.handover import Handover
from gpu_worker.run_job import run_job
from tasks import blobs, keys
from tasks.errors import ErrorCode
from tasks.leases import Lease
from tasks.publishing import Publisher
from tasks.schema import (
    CheckpointRef,
    Progress,
    RenderTask,
    SignedLink,
    Stage,
    TextToImageSpec,
)
from tests.integration.gpu_worker.bench import JOB, Bench, now
from tests.integration.gpu_worker.control_queue import kinds, told
from tests.unit.gpu_worker.weights_server import WeightsServer

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


def wait_until(condition: Callable[[], Any], *, timeout_s: float = 20) -> Any:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.01)
    raise AssertionError("it did not happen in time")


@contextmanager
def running(bench: Bench, **options: Any) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=lambda: bench.run(**options))
    thread.start()
    yield thread
    thread.join(30)
    assert not thread.is_alive()


def long(bench: Bench) -> TextToImageSpec:
    return bench.spec(num_inference_steps=150, width=256, height=256)


def test_a_job_is_claimed_rendered_and_handed_over(bench: Bench) -> None:
    """The whole way: messages in order, pictures at their asked size, one seed each, lease kept for late copies."""
    bench.run(bench.spec(seeds=(3, 4), width=96))
    assert kinds(bench.redis) == ["claimed", "rendered"]
    rendered = told(bench.redis)[-1].message
    assert [image.seed for image in rendered.images] == [3, 4]
    for image in rendered.images:
        picture = Image.open(io.BytesIO(blobs.get(bench.redis, image)))
        assert isinstance(picture, PngImageFile)
        assert picture.size == (96, 64)
        assert f"Seed: {image.seed}" in picture.text["parameters"]
    assert rendered.timings.sample_s > 0
    assert 30 < bench.redis.ttl(keys.lease(JOB)) <= 60
    assert bench.shop.status.facts()["jobs_done"] == 1


def test_progress_reaches_the_channel(bench: Bench) -> None:
    """Whoever waits sees stages and steps, and not too many messages."""
    pubsub = bench.redis.pubsub()  # type: ignore[no-untyped-call]
    pubsub.psubscribe(keys.PROGRESS_PATTERN)
    started = time.monotonic()
    bench.run(bench.spec(num_inference_steps=40, width=256, height=256))
    seconds = time.monotonic() - started
    messages = iter(lambda: pubsub.get_message(timeout=0.1), None)
    news = [Progress.read(each["data"]) for each in messages if each["type"] == "pmessage"]
    pubsub.close()
    assert 2 <= len(news) <= 2 * seconds + 2
    steps = [each.step for each in news if each.stage is Stage.SAMPLING]
    assert steps == sorted(steps)
    assert news[-1].seconds_left is not None
    assert all(each.steps in {0, 40} for each in news)
    previews = [each.preview for each in news if each.preview]
    assert 1 <= len(previews) <= 2  # a fast job's second one may take the first one's place
    picture = Image.open(io.BytesIO(base64.b64decode(previews[-1])))
    assert (picture.format, picture.size) == ("WEBP", (32, 32))


def test_a_stale_message_is_dropped(bench: Bench) -> None:
    """The ledger published another epoch since."""
    task = RenderTask(job_id=JOB, epoch=1, spec=bench.spec(), enqueued_at=now())
    bench.redis.set(keys.epoch(JOB), 2)
    run_job(task.payload(), bench.shop)
    assert kinds(bench.redis) == []


def test_a_message_of_an_ended_job_is_dropped(bench: Bench) -> None:
    """Without an epoch nobody wants the picture any more."""
    run_job(RenderTask(job_id=JOB, epoch=1, spec=bench.spec(), enqueued_at=now()).payload(), bench.shop)
    assert kinds(bench.redis) == []


def test_a_second_copy_is_dropped(bench: Bench) -> None:
    """While the first is rendered and after it: Celery may deliver twice, and one picture is enough."""
    bench.run()
    bench.run()
    assert kinds(bench.redis) == ["claimed", "rendered"]


def test_a_job_that_another_worker_holds_is_dropped(bench: Bench) -> None:
    """No lease, no work."""
    Lease(bench.redis, JOB, epoch=1, worker_id="other").acquire()
    bench.run()
    assert kinds(bench.redis) == []


def test_a_cancelled_job_never_starts(bench: Bench) -> None:
    """Its message was still in the queue."""
    bench.redis.set(keys.cancel(JOB), "1")
    bench.run()
    assert kinds(bench.redis) == []


def test_cancel_stops_a_running_job(bench: Bench) -> None:
    """Within two steps after it is seen, and the lease is free at once."""
    with running(bench, spec=long(bench)) as thread:
        wait_until(lambda: kinds(bench.redis) == ["claimed"])
        time.sleep(0.3)
        bench.redis.set(keys.cancel(JOB), "1")
        asked = time.monotonic()
        thread.join(10)
    assert time.monotonic() - asked < 1.5
    assert bench.failure().code is ErrorCode.CANCELLED
    assert not bench.redis.exists(keys.lease(JOB))
    bench.next_job_is_fine()


def test_a_lost_lease_stops_the_job(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else may have the job: nothing is handed over, nobody is told, their lease stays."""
    monkeypatch.setattr(keys, "LEASE_RENEWAL", keys.LEASE_RENEWAL / 50)
    with running(bench, spec=long(bench)):
        wait_until(lambda: kinds(bench.redis) == ["claimed"])
        bench.redis.set(keys.lease(JOB), "other:2")
    assert kinds(bench.redis) == ["claimed"]
    assert bench.redis.get(keys.lease(JOB)) == b"other:2"
    bench.next_job_is_fine()


def test_the_lease_is_renewed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job may take longer than a lease."""
    monkeypatch.setattr(keys, "LEASE_RENEWAL", keys.LEASE_RENEWAL / 50)
    with running(bench, spec=long(bench)):
        wait_until(lambda: kinds(bench.redis) == ["claimed"])
        bench.redis.pexpire(keys.lease(JOB), 2000)
        wait_until(lambda: bench.redis.pttl(keys.lease(JOB)) > 20_000)
        bench.redis.set(keys.cancel(JOB), "1")


def test_shutting_down_gives_the_job_back(bench: Bench) -> None:
    """The bound for draining is over: the ledger hears of it and may try elsewhere."""
    with running(bench, spec=long(bench)):
        wait_until(lambda: kinds(bench.redis) == ["claimed"])
        bench.shop.interrupt_all()
    assert bench.failure().code is ErrorCode.SHUTTING_DOWN


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"width": 100}, ErrorCode.SIZE_OUT_OF_LIMITS),
        ({"width": 1024, "height": 1024}, ErrorCode.SIZE_OUT_OF_LIMITS),
        ({"sampler": "magic"}, ErrorCode.BAD_OPTION),
        ({"sampler": "lcm", "num_inference_steps": 60}, ErrorCode.BAD_OPTION),
        ({"prompt": "x" * 10_000}, ErrorCode.PROMPT_TOO_LONG),
        ({"prompt": "a BREAK " * 30}, ErrorCode.PROMPT_TOO_LONG),
        ({"guidance_scale": "NaN"}, ErrorCode.BAD_OPTION),
    ],
)
def test_an_impossible_spec_is_told(bench: Bench, changes: dict[str, Any], code: ErrorCode) -> None:
    """A code for the user's sentence, and the worker goes on."""
    bench.run(**changes)
    assert bench.failure().code is code
    bench.next_job_is_fine()


def test_an_unknown_model_is_told(bench: Bench) -> None:
    """Somebody removed the weights, or mistyped the entry."""
    nowhere = bench.ref.model_copy(update={"id": "nowhere", "weights": Weights(source="file:/nowhere/at/all")})
    bench.run(bench.spec(checkpoint=nowhere))
    assert bench.failure().code is ErrorCode.UNKNOWN_MODEL
    assert "nowhere" in bench.failure().data["source"]
    bench.next_job_is_fine()


def test_weights_that_cannot_be_read_are_told(bench: Bench, tiny_weights: Path, tmp_path: Path) -> None:
    """A disk without rights, or one that fails: another machine may do better, and this one goes on."""
    shutil.copytree(tiny_weights / "tiny-sdxl", tmp_path / "locked")
    unet = tmp_path / "locked" / "unet" / "diffusion_pytorch_model.safetensors"
    unet.unlink()
    unet.mkdir()  # root reads whatever its rights say, but no folder as a file
    locked = bench.ref.model_copy(update={"weights": Weights(source=f"file:{tmp_path / 'locked'}")})
    bench.run(bench.spec(checkpoint=locked))
    assert bench.failure().code is ErrorCode.WEIGHTS_UNREACHABLE
    assert "Is a directory" in bench.failure().detail
    assert "locked" in bench.failure().data["source"]
    bench.next_job_is_fine()


def test_a_truncated_file_is_told_by_name(bench: Bench, tiny_weights: Path, tmp_path: Path) -> None:
    """The owner reads which file to fetch again."""
    shutil.copytree(tiny_weights / "tiny-sdxl", tmp_path / "broken")
    unet = tmp_path / "broken" / "unet" / "diffusion_pytorch_model.safetensors"
    unet.write_bytes(unet.read_bytes()[:-1000])
    broken = bench.ref.model_copy(update={"weights": Weights(source=f"file:{tmp_path / 'broken'}")})
    bench.run(bench.spec(checkpoint=broken))
    assert bench.failure().code is ErrorCode.WEIGHTS_BROKEN
    assert bench.failure().data["file"] == unet.name
    bench.next_job_is_fine()


def test_a_wrong_hash_is_told(bench: Bench, single_ref: CheckpointRef) -> None:
    """What the registry pins is what is drawn with."""
    pinned = single_ref.model_copy(update={"weights": single_ref.weights.model_copy(update={"sha256": "0" * 64})})
    bench.run(bench.spec(checkpoint=pinned))
    assert bench.failure().code is ErrorCode.WEIGHTS_BROKEN
    bench.next_job_is_fine()


def test_private_weights_come_by_the_link_in_the_message(bench: Bench, single_ref: CheckpointRef) -> None:
    """The worker has no key: what came with the job is enough, and the order itself says nothing of it."""
    entry = single_ref.weights
    content = (Path(entry.source.removeprefix("file:")) / str(entry.file)).read_bytes()
    private = single_ref.model_copy(update={"id": "private", "weights": Weights(source="civitai:42")})
    with WeightsServer({"/a": content}).running() as storage:
        link = SignedLink(source="civitai:42", url=f"{storage.url}/a?sig=s", expires_at=now() + timedelta(hours=1))
        task = RenderTask(job_id=JOB, epoch=1, spec=bench.spec(checkpoint=private), enqueued_at=now(), links=(link,))
        bench.redis.set(keys.epoch(JOB), 1)
        run_job(task.payload(), bench.shop)
    assert kinds(bench.redis) == ["claimed", "rendered"]


def test_out_of_memory_is_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Raised where torch raises it, at its border; both attempts."""
    import torch  # noqa: PLC0415
    from diffusers import AutoencoderKL  # noqa: PLC0415

    def decode(*_args: Any, **_options: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    with monkeypatch.context() as patch:
        patch.setattr(AutoencoderKL, "decode", decode)
        bench.run()
    assert bench.failure().code is ErrorCode.OUT_OF_MEMORY
    assert bench.faults == []
    bench.next_job_is_fine()


def test_a_device_fault_ends_the_process(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """First the ledger is told, then the worker asks for its end."""
    import torch  # noqa: PLC0415
    from diffusers import AutoencoderKL  # noqa: PLC0415

    def decode(*_args: Any, **_options: Any) -> Any:
        raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")

    with monkeypatch.context() as patch:
        patch.setattr(AutoencoderKL, "decode", decode)
        bench.run()
    assert bench.failure().code is ErrorCode.DEVICE_FAULT
    assert bench.faults == ["device"]


def test_an_unexpected_error_is_told_without_the_prompt(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever happens, the user hears of it, the log holds no prompt, and the worker lives."""
    from diffusers import StableDiffusionXLPipeline  # noqa: PLC0415

    def check(_self: Any, prompt: str | None = None, *_args: Any, **_options: Any) -> None:
        raise ZeroDivisionError(f"cannot draw {prompt} a very private wish")

    with monkeypatch.context() as patch:
        patch.setattr(StableDiffusionXLPipeline, "check_inputs", check)
        bench.run()
    failure = bench.failure()
    assert failure.code is ErrorCode.WORKER_FAULT
    assert failure.detail.startswith("ZeroDivisionError at ")
    assert "private" not in failure.detail
    bench.next_job_is_fine()


def test_a_hand_over_waits_for_redis(bench: Bench, redis_server: Any) -> None:
    """A picture that took a minute to draw is not thrown away because Redis restarts."""
    app = make_worker_app(redis_server.url, worker_id="w1", checkpoints=["tiny-sdxl"])
    client = Redis.from_url(redis_server.url)
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 1:
            redis_server.start()

    redis_server.kill()
    handover = Handover(Publisher(app, client), client, worker_id="w1", now=now, sleep=sleep)
    handover.claimed(JOB, epoch=1)
    assert kinds(client, JOB) == ["claimed"]
    assert len(pauses) == 1
