"""What crosses a process is pinned: today's golden files are read for ever, and today's writer writes exactly them."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from config.loading import load_registry
from tasks.errors import ErrorCode, WeightsError
from tasks.schema import (
    BlobRef,
    CheckpointRef,
    Claimed,
    Failed,
    Failure,
    FleetStatus,
    Heartbeat,
    InstanceView,
    Progress,
    Rendered,
    RenderTask,
    SafetyRef,
    SignedLink,
    Stage,
    Timings,
    Wire,
    WorkerState,
    read_spec,
)
from tasks.uploads import UploadWanted
from tests.specs import MIDAS, PICTURE, control, image_spec, inpaint_spec, lora, tiny_spec, upscale_spec

GOLDEN = Path(__file__).parent / "golden"
AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
JOB = "01JD4Q8Z6V9K3M5N7P2R4S6T8W"
WORKER = "01jd4q8z6v9k3m5n7p2r4s6t8x"
HYPER = CheckpointRef.of(load_registry().checkpoints["hyper-sd-8step"])

EXAMPLES: dict[str, Wire] = {
    "upload_wanted": UploadWanted(worker_id=WORKER, sha256="a" * 64, first=4, count=4),
    "render_task": RenderTask(job_id=JOB, epoch=1, spec=tiny_spec(seeds=(7, 8)), enqueued_at=AT),
    "render_task_fused_lora": RenderTask(
        job_id=JOB,
        epoch=2,
        spec=tiny_spec(checkpoint=HYPER.model_copy(update={"limits": None})),
        enqueued_at=AT,
    ),
    "render_task_limits": RenderTask(
        job_id=JOB,
        epoch=2,
        spec=tiny_spec(checkpoint=HYPER.model_copy(update={"zero_terminal_snr": True})),
        enqueued_at=AT,
    ),
    "render_task_image_to_image": RenderTask(
        job_id=JOB,
        epoch=1,
        spec=image_spec(
            strength=0.25, loras=(lora(weight=-0.5, trigger_words=("ink drawing",), add_trigger_words=True),)
        ),
        enqueued_at=AT,
    ),
    "render_task_inpaint": RenderTask(job_id=JOB, epoch=1, spec=inpaint_spec(strength=0.9), enqueued_at=AT),
    "render_task_upscale": RenderTask(
        job_id=JOB, epoch=1, spec=upscale_spec(factor=4, detail=0.4, tile=512), enqueued_at=AT
    ),
    "render_task_controls": RenderTask(
        job_id=JOB,
        epoch=1,
        spec=tiny_spec(
            controls=(
                control(weight=0.8, start=0.1, end=0.9),
                control(id="depth", kind="depth", variant="fp16", preprocessor=MIDAS),
                control(id="map", kind="ready_made", preprocess=False),
            ),
            show_maps=True,
        ),
        enqueued_at=AT,
    ),
    "render_task_links": RenderTask(
        job_id=JOB,
        epoch=3,
        spec=tiny_spec(),
        enqueued_at=AT,
        links=(SignedLink(source="civitai:42", url="https://cdn.example/a?signature=s", expires_at=AT),),
    ),
    "render_task_safety": RenderTask(
        job_id=JOB,
        epoch=1,
        spec=tiny_spec(safety=SafetyRef(id="clip", weights=MIDAS.files[0])),
        enqueued_at=AT,
    ),
    "progress_fetching": Progress(
        job_id=JOB, epoch=1, worker_id=WORKER, stage=Stage.FETCHING, done_bytes=10, total_bytes=100, at=AT
    ),
    "progress_preview": Progress(
        job_id=JOB, epoch=1, worker_id=WORKER, stage=Stage.SAMPLING, step=10, steps=30, preview="UklGRg==", at=AT
    ),
    "heartbeat_fetching": Heartbeat(
        worker_id=WORKER, state=WorkerState.STARTING, since=AT, at=AT, fetching=("sdxl-base-1.0 42 %",)
    ),
    "heartbeat_controlnets": Heartbeat(
        worker_id=WORKER, state=WorkerState.IDLE, since=AT, at=AT, loaded=("sdxl-base-1.0",), controlnets=("depth",)
    ),
    "heartbeat_loras": Heartbeat(worker_id=WORKER, state=WorkerState.IDLE, since=AT, at=AT, loras=("ink-wash",)),
    "claimed": Claimed(job_id=JOB, epoch=1, worker_id=WORKER, at=AT),
    "rendered": Rendered(
        job_id=JOB,
        epoch=1,
        worker_id=WORKER,
        images=(BlobRef(key=f"blob:{JOB}:1.0", seed=7, width=64, height=64, size_bytes=123, sha256="0" * 64),),
        timings=Timings(fetch_s=0.1, load_s=2.0, sample_s=3.5, encode_s=0.2, upload_s=0.1),
        remarks=("steps were clamped to 8",),
        at=AT,
    ),
    "rendered_maps": Rendered(
        job_id=JOB,
        epoch=1,
        worker_id=WORKER,
        images=(BlobRef(key=f"blob:{JOB}:1.0", seed=7, width=64, height=64, size_bytes=123, sha256="0" * 64),),
        maps=(BlobRef(key=f"blob:{JOB}:1.1", seed=7, width=64, height=64, size_bytes=45, sha256="1" * 64),),
        timings=Timings(),
        at=AT,
    ),
    "rendered_adult": Rendered(
        job_id=JOB,
        epoch=1,
        worker_id=WORKER,
        images=tuple(
            BlobRef(key=f"blob:{JOB}:1.{n}", seed=n, width=64, height=64, size_bytes=9, sha256=str(n) * 64, adult=n > 0)
            for n in range(2)
        ),
        timings=Timings(),
        at=AT,
    ),
    "failed": Failed(
        job_id=JOB,
        epoch=1,
        worker_id=WORKER,
        failure=Failure.of(WeightsError(ErrorCode.WEIGHTS_BROKEN, "truncated", file="unet.safetensors")),
        at=AT,
    ),
    "progress": Progress(
        job_id=JOB, epoch=1, worker_id=WORKER, stage=Stage.SAMPLING, step=3, steps=20, seconds_left=4.5, at=AT
    ),
    "heartbeat": Heartbeat(
        worker_id=WORKER,
        state=WorkerState.BUSY,
        since=AT,
        at=AT,
        job_ids=(JOB,),
        loaded=("tiny-sdxl",),
        device="NVIDIA GeForce RTX 4090",
        memory_total_gb=24.0,
        memory_used_gb=9.5,
        jobs_done=12,
        busy_s=90.5,
        release="0.1.0",
    ),
    "fleet_status": FleetStatus(
        at=AT,
        sentence="1 machine for 3 jobs: nothing to do",
        instances=(InstanceView(instance_id=WORKER, stage="ready", gpu="RTX 4090", usd_per_hour=0.4, age_s=120),),
        usd_per_hour=0.4,
        usd_today=0.02,
        usd_per_day_cap=10,
        outstanding_jobs=3,
        outstanding_s=45,
        boot_estimate_s=180,
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_today_writes_the_golden_file(name: str) -> None:
    """A changed field is a changed contract: then raise SCHEMA_VERSION or add a field, and a new golden file."""
    assert EXAMPLES[name].payload() == json.loads((GOLDEN / f"{name}.json").read_text())


@pytest.mark.parametrize("name", EXAMPLES)
def test_golden_files_are_read_for_ever(name: str) -> None:
    """What an older process wrote is understood."""
    text = (GOLDEN / f"{name}.json").read_text()
    assert type(EXAMPLES[name]).read(text) == EXAMPLES[name]


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_newer_writer_does_not_break_us(name: str) -> None:
    """Unknown fields are dropped when reading, at every depth that we send."""
    content = json.loads((GOLDEN / f"{name}.json").read_text()) | {"from_the_future": 1}
    if "spec" in content:
        content["spec"]["from_the_future"] = 1
        content["spec"]["checkpoint"]["weights"]["from_the_future"] = 1
    assert type(EXAMPLES[name]).read(content) == EXAMPLES[name]


def test_writing_is_strict() -> None:
    """A misspelt field is a mistake of ours, found at once."""
    with pytest.raises(ValidationError):
        Claimed(job_id=JOB, epoch=1, worker_id=WORKER, at=AT, worker="x")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "change",
    [
        {"width": 65},
        {"width": 4096},
        {"height": 0},
        {"num_inference_steps": 0},
        {"guidance_scale": float("nan")},
        {"guidance_scale": -1},
        {"seeds": ()},
        {"seeds": (1, 2, 3, 4, 5)},
        {"seeds": (-1,)},
        {"seeds": (2**32,)},
        {"prompt": ""},
        {"prompt": "x" * 1501},
        {"sampler": "magic"},
    ],
)
def test_impossible_specs_cannot_be_written(change: dict[str, object]) -> None:
    """Whatever the bot overlooks, no worker gets it."""
    with pytest.raises(ValidationError):
        tiny_spec(**change)


def test_messages_name_no_person() -> None:
    """What a rented machine sees holds no user, guild, channel or token."""
    text = EXAMPLES["render_task"].write()
    assert not any(word in text for word in ("user", "guild", "channel", "token", "interaction"))


@pytest.mark.parametrize(
    "change",
    [
        {"loras": (lora(),) * 6},
        {"controls": (control(),) * 4},
        {"controls": (control(image=None),)},
    ],
)
def test_too_many_or_half_a_companion(change: dict[str, object]) -> None:
    """Five LoRAs, three ControlNets, each with something to follow."""
    with pytest.raises(ValidationError):
        tiny_spec(**change)


@pytest.mark.parametrize(
    "make",
    [
        lambda: lora(weight=2.1),
        lambda: lora(weight=float("nan")),
        lambda: control(weight=-0.1),
        lambda: control(start=0.6, end=0.5),
        lambda: control(start=float("nan")),
        lambda: image_spec(strength=1.1),
        lambda: image_spec(strength=float("nan")),
        lambda: inpaint_spec(mask=PICTURE.model_copy(update={"width": 65})),
        lambda: upscale_spec(factor=3),
        lambda: upscale_spec(detail=-0.1),
        lambda: upscale_spec(factor=4, image=PICTURE.model_copy(update={"width": 2000, "height": 2000})),
        lambda: PICTURE.model_validate({"sha256": "x", "width": 1, "height": 1}),
        lambda: PICTURE.model_validate({"sha256": "a" * 64, "width": 8192, "height": 8192}),
    ],
)
def test_impossible_companions_cannot_be_written(make: Callable[[], object]) -> None:
    """A number outside its range, a mask of another size, a picture that is too large."""
    with pytest.raises(ValidationError):
        make()


def test_a_control_of_a_picture_follows_the_picture() -> None:
    """Where the job has a picture of its own, none need be given again; each input is named once."""
    order = inpaint_spec(controls=(control(image=None), control(image=PICTURE)))
    assert [ref.sha256[0] for ref in order.inputs] == ["a", "b"]


def test_the_steps_that_are_really_done() -> None:
    """What progress, the watchdog and the estimate count: as diffusers does, and at least one."""
    assert tiny_spec(num_inference_steps=30).steps_per_image == 30
    assert [image_spec(num_inference_steps=30, strength=s).steps_per_image for s in (0, 0.01, 0.5, 1)] == [0, 1, 15, 30]
    assert [upscale_spec(num_inference_steps=30, detail=d).steps_per_image for d in (0, 0.01, 0.2, 0.6, 1)] == [
        0,
        1,
        6,
        7,
        9,
    ]
    assert (upscale_spec(factor=4).width, upscale_spec(factor=4).height) == (256, 256)


def test_an_unknown_kind_is_refused() -> None:
    """A worker of yesterday says so instead of drawing something else."""
    with pytest.raises(ValidationError):
        read_spec(tiny_spec().payload() | {"kind": "video"})


def test_a_link_is_not_shown() -> None:
    """Its address is a key; it may stand in no log and no error."""
    link = SignedLink(source="civitai:42", url="https://cdn.example/a?signature=s", expires_at=AT)
    assert "signature" not in repr(link)
    assert "signature" not in repr(RenderTask(job_id=JOB, epoch=1, spec=tiny_spec(), enqueued_at=AT, links=(link,)))
