"""Pictures, LoRAs and ControlNets on their way through a worker, and every way in which they can be wrong."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from config.registry import Weights
from tasks import blobs
from tasks.errors import ErrorCode
from tasks.references import StepLimits
from tasks.schema import InputRef, JobSpec, LoraRef, PreprocessorRef
from tests.integration.gpu_worker.bench import JOB, Bench
from tests.integration.gpu_worker.control_queue import kinds, told
from tests.specs import control, image_spec, inpaint_spec, lora, tiny_spec, upscale_spec
from tests.tiny_room import gradient, half_mask, input_ref, png

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

PICKLE = b"\x80\x02}q\x00."
TRUNCATED = b"\x08\0\0\0\0\0\0\0{}"


def member_gives(bench: Bench, image: Image.Image) -> InputRef:
    blobs.put_input(bench.redis, png(image))
    return input_ref(image)


def test_a_picture_goes_in_and_pictures_come_out(bench: Bench) -> None:
    """From Redis through decoding and the pipeline to the hand-over, at the size that the order says."""
    picture, mask = member_gives(bench, gradient()), member_gives(bench, half_mask())
    orders: list[JobSpec] = [
        image_spec(image=picture, checkpoint=bench.ref),
        inpaint_spec(image=picture, mask=mask, checkpoint=bench.ref),
        upscale_spec(image=picture, checkpoint=bench.ref, detail=0),
    ]
    for number, order in enumerate(orders):
        bench.run(order, job_id=f"J{number}")
        assert kinds(bench.redis, f"J{number}") == ["claimed", "rendered"]
        [image] = told(bench.redis, f"J{number}")[-1].message.images
        assert (image.width, image.height) == (order.width, order.height)


def test_a_picture_that_is_gone_is_told(bench: Bench) -> None:
    """It expired while the job waited: sending it again helps, another attempt does not."""
    bench.run(image_spec(image=input_ref(gradient()), checkpoint=bench.ref))
    assert bench.failure().code is ErrorCode.INPUT_MISSING
    bench.next_job_is_fine()


def test_a_broken_picture_is_told(bench: Bench) -> None:
    """The bytes are as promised, but they are no picture."""
    broken = InputRef(sha256=blobs.put_input(bench.redis, b"no picture"), width=64, height=64)
    bench.run(image_spec(image=broken, checkpoint=bench.ref))
    assert bench.failure().code is ErrorCode.INPUT_BROKEN
    bench.next_job_is_fine()


def test_an_image_bomb_is_told(bench: Bench) -> None:
    """More pixels in the header than may be: refused before they are decoded."""
    bomb = png(Image.new("1", (8192, 4096)))
    ref = InputRef(sha256=blobs.put_input(bench.redis, bomb), width=64, height=64)
    bench.run(image_spec(image=ref, checkpoint=bench.ref))
    assert bench.failure().code is ErrorCode.INPUT_TOO_LARGE
    bench.next_job_is_fine()


def test_clamped_options_are_remarked(bench: Bench) -> None:
    """A few-step model is not drawn with thirty steps, and the parameters in the file are those that were used."""
    limits = StepLimits(min_steps=1, max_steps=3, min_cfg=0, max_cfg=2)
    bench.run(bench.spec(checkpoint=bench.ref.model_copy(update={"limits": limits}), num_inference_steps=30))
    rendered = told(bench.redis)[-1].message
    assert rendered.remarks == ("steps clamped to 3", "cfg clamped to 2")
    picture = Image.open(io.BytesIO(blobs.get(bench.redis, rendered.images[0])))
    assert isinstance(picture, PngImageFile)
    assert "Steps: 3" in picture.text["parameters"]


def companion(folder: Path, name: str, content: bytes | None = None, **changes: Any) -> LoraRef:
    """A LoRA's reference, and its file unless there is none."""
    if content is not None:
        (folder / name).write_bytes(content)
    values: dict[str, Any] = {"id": "ink", "weights": Weights(source=f"file:{folder}", file=name)}
    return LoraRef(**(values | changes))


def test_a_lora_goes_the_whole_way(bench: Bench, tmp_path: Path) -> None:
    """Fetched, checked, worn; the picture is another one than without it."""
    from sandbox.weights import build_tiny_lora  # noqa: PLC0415

    build_tiny_lora.save_kohya(tmp_path / "ink.safetensors", build_tiny_lora.matrices())
    bench.run(bench.spec(loras=(companion(tmp_path, "ink.safetensors"),)))
    bench.run(job_id="PLAIN")
    hashes = [told(bench.redis, job)[-1].message.images[0].sha256 for job in (JOB, "PLAIN")]
    assert len(set(hashes)) == 2


@pytest.mark.parametrize(
    ("file", "changes", "code"),
    [
        (("gone.safetensors", None), {}, ErrorCode.UNKNOWN_MODEL),
        (("ink.ckpt", PICKLE), {}, ErrorCode.WEIGHTS_UNSAFE),
        (("ink.pt", None), {}, ErrorCode.WEIGHTS_UNSAFE),
        (("ink.safetensors", PICKLE), {}, ErrorCode.WEIGHTS_BROKEN),
        (("ink.safetensors", TRUNCATED), {}, ErrorCode.WEIGHTS_BROKEN),
        (("ink.safetensors", b""), {"base": "sd15"}, ErrorCode.WRONG_FAMILY),
    ],
)
def test_a_bad_lora_is_told_by_name(
    bench: Bench, tmp_path: Path, file: tuple[str, bytes | None], changes: dict[str, Any], code: ErrorCode
) -> None:
    """Unknown, a pickle under either name, cut short, of another family: the member learns which one to leave out."""
    bench.run(bench.spec(loras=(companion(tmp_path, *file, **changes),)))
    assert bench.failure().code is code
    assert bench.failure().data["item"] == "ink"
    bench.next_job_is_fine()


def test_a_lora_of_another_hash_is_told(bench: Bench, tmp_path: Path) -> None:
    """What the registry pins is what is drawn with."""
    from sandbox.weights import build_tiny_lora  # noqa: PLC0415

    build_tiny_lora.save_kohya(tmp_path / "ink.safetensors", build_tiny_lora.matrices())
    pinned = Weights(source=f"file:{tmp_path}", file="ink.safetensors", sha256="0" * 64)
    bench.run(bench.spec(loras=(companion(tmp_path, "ink.safetensors", weights=pinned),)))
    assert bench.failure().code is ErrorCode.WEIGHTS_BROKEN
    bench.next_job_is_fine()


def test_a_controlnet_goes_the_whole_way(bench: Bench, tiny_weights: Path, tmp_path: Path) -> None:
    """Map made, followed, and handed over beside the picture."""
    from sandbox.weights import build_tiny_controlnet  # noqa: PLC0415

    folder = build_tiny_controlnet.build(tiny_weights / "tiny-sdxl", tmp_path / "edges")
    edges = control(weights=Weights(source=f"file:{folder}"), image=member_gives(bench, gradient()))
    bench.run(bench.spec(controls=(edges,), show_maps=True))
    rendered = told(bench.redis)[-1].message
    assert len(rendered.images) == len(rendered.maps) == 1
    shown = Image.open(io.BytesIO(blobs.get(bench.redis, rendered.maps[0])))
    assert shown.size == (64, 64)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"weights": Weights(source="file:/nowhere/at/all")}, ErrorCode.UNKNOWN_MODEL),
        ({"base": "sd15"}, ErrorCode.WRONG_FAMILY),
        ({"weights": Weights(source="file:/nowhere", file="net.pth")}, ErrorCode.WEIGHTS_UNSAFE),
    ],
)
def test_a_bad_controlnet_is_told_by_name(bench: Bench, changes: dict[str, Any], code: ErrorCode) -> None:
    """As for LoRAs."""
    bench.run(bench.spec(controls=(control(image=member_gives(bench, gradient()), **changes),)))
    assert bench.failure().code is code
    assert bench.failure().data["item"] == "edges"
    bench.next_job_is_fine()


def test_a_preprocessors_weights_must_be_pinned_and_right(bench: Bench, tiny_weights: Path, tmp_path: Path) -> None:
    """A pickle is opened only if it is exactly the one that the registry means."""
    from sandbox.weights import build_tiny_controlnet  # noqa: PLC0415

    folder = build_tiny_controlnet.build(tiny_weights / "tiny-sdxl", tmp_path / "edges")
    (tmp_path / "hed.pth").write_bytes(b"another file")
    for sha256 in (None, "0" * 64):
        files = (Weights(source=f"file:{tmp_path}", file="hed.pth", sha256=sha256),)
        soft = control(
            weights=Weights(source=f"file:{folder}"),
            kind="softedge",
            preprocessor=PreprocessorRef(id="hed", detector="hed", files=files),
            image=member_gives(bench, gradient()),
        )
        bench.run(bench.spec(controls=(soft,)), job_id=f"PINNED{sha256}")
        failed = told(bench.redis, f"PINNED{sha256}")[-1].message
        assert failed.failure.code is ErrorCode.WEIGHTS_BROKEN
    bench.next_job_is_fine()


@pytest.mark.parametrize(
    ("make", "changes", "code"),
    [
        (inpaint_spec, {"mask": {"sha256": "b" * 64, "width": 32, "height": 64}}, ErrorCode.MASK_SIZE),
        (tiny_spec, {"controls": [control().payload() | {"image": None}]}, ErrorCode.CONTROL_WITHOUT_IMAGE),
        (image_spec, {"strength": "NaN"}, ErrorCode.BAD_OPTION),
        (tiny_spec, {"loras": [lora().payload() | {"weight": "NaN"}]}, ErrorCode.BAD_OPTION),
        (tiny_spec, {"controls": [control(kind="depth").payload()]}, ErrorCode.INPUT_MISSING),
        (tiny_spec, {"kind": "video"}, ErrorCode.BAD_OPTION),
    ],
)
def test_impossible_companions_are_told(
    bench: Bench, make: Callable[..., JobSpec], changes: dict[str, Any], code: ErrorCode
) -> None:
    """A mask of another size, a ControlNet without a picture, a NaN, an unknown kind."""
    bench.run(make(checkpoint=bench.ref), **changes)
    assert bench.failure().code is code
    bench.next_job_is_fine()
