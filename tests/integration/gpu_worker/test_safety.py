"""A declared safety checker looks at every picture before anybody does; where it cannot, there is no picture."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from tasks import keys
from tasks.errors import ErrorCode
from tasks.schema import Progress
from tests.integration.gpu_worker.bench import JOB, Bench
from tests.integration.gpu_worker.control_queue import told
from tests.tiny_safety import build_safety, safety

pytestmark = pytest.mark.integration


def without_model(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def cut_short(folder: Path) -> None:
    data = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(data[:-10])


def without_a_tensor(folder: Path) -> None:
    """It would be filled with chance, and so would the verdicts."""
    tensors = load_file(folder / "model.safetensors")
    del tensors["concept_embeds"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def not_a_number(folder: Path) -> None:
    """It is above no threshold, so nothing would ever be flagged."""
    tensors = load_file(folder / "model.safetensors")
    tensors["concept_embeds"][0, 0] = math.nan
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def without_processor(folder: Path) -> None:
    (folder / "preprocessor_config.json").unlink()


def nonsense(folder: Path) -> None:
    (folder / "config.json").write_text("{")


@pytest.mark.parametrize("flags", [True, False])
def test_each_picture_gets_a_verdict(bench: Bench, tmp_path: Path, *, flags: bool) -> None:
    """And stays as it was drawn: what becomes of it is the courier's to say."""
    bench.run(bench.spec(seeds=(7, 8)), job_id="PLAIN")
    folder = build_safety(tmp_path / "safety", flags=flags)
    bench.run(bench.spec(seeds=(7, 8), safety=safety(folder)))
    plain, checked = told(bench.redis, "PLAIN")[-1].message, told(bench.redis, JOB)[-1].message
    assert [each.adult for each in plain.images] == [None, None]
    assert [each.adult for each in checked.images] == [flags, flags]
    assert [each.sha256 for each in checked.images] == [each.sha256 for each in plain.images]


@pytest.mark.parametrize(
    "spoil", [without_model, cut_short, without_a_tensor, not_a_number, without_processor, nonsense]
)
def test_a_broken_checker_fails_the_job(bench: Bench, tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    """By its name, and never with a picture that nothing has looked at."""
    folder = build_safety(tmp_path / "safety", flags=False)
    spoil(folder)
    bench.run(bench.spec(safety=safety(folder)))
    failure = bench.failure()
    assert (failure.code, failure.data["item"]) == (ErrorCode.WEIGHTS_BROKEN, "tiny-safety")
    bench.next_job_is_fine()


def test_a_missing_checker_fails_the_job(bench: Bench, tmp_path: Path) -> None:
    """Nothing is at the source that the registry names."""
    bench.run(bench.spec(safety=safety(tmp_path / "nowhere")))
    failure = bench.failure()
    assert (failure.code, failure.data["item"]) == (ErrorCode.UNKNOWN_MODEL, "tiny-safety")


def test_a_pinned_hash_is_held_to(bench: Bench, tmp_path: Path) -> None:
    """Other weights than those that the owner chose judge nothing."""
    ref = safety(build_safety(tmp_path / "safety", flags=False))
    pinned = ref.weights.model_copy(update={"sha256": "0" * 64})
    bench.run(bench.spec(safety=ref.model_copy(update={"weights": pinned})))
    assert bench.failure().code is ErrorCode.WEIGHTS_BROKEN


def test_no_preview_of_what_nothing_has_looked_at(bench: Bench, tmp_path: Path) -> None:
    """The same order without a checker has some: test_run_job.py::test_progress_reaches_the_channel."""
    folder = build_safety(tmp_path / "safety", flags=True)
    pubsub = bench.redis.pubsub()  # type: ignore[no-untyped-call]
    pubsub.psubscribe(keys.PROGRESS_PATTERN)
    bench.run(bench.spec(num_inference_steps=40, width=256, height=256, safety=safety(folder)))
    messages = iter(lambda: pubsub.get_message(timeout=0.1), None)
    news = [Progress.read(each["data"]) for each in messages if each["type"] == "pmessage"]
    pubsub.close()
    assert any(each.step for each in news)
    assert not any(each.preview for each in news)
