"""ControlNets on the real pipelines: they take effect where they should, and cost nothing where they should not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionXLControlNetPipeline
from PIL import Image

from gpu_worker import schedulers
from gpu_worker.controls.maps import MapStore
from gpu_worker.device import Device
from gpu_worker.preprocessors import canny
from sandbox.weights import build_tiny_controlnet
from tasks.errors import BadSpec, ErrorCode, WeightsError
from tasks.schema import ControlRef, ImageToImageSpec, InpaintSpec, JobSpec, PreprocessorRef, UpscaleSpec
from tests.specs import control, image_spec, inpaint_spec, tiny_spec, upscale_spec
from tests.tiny_room import Room, gradient, half_mask, input_ref

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
CPU = Device("cpu", torch.float32)
MOCK = PreprocessorRef(id="mock", detector="mock")


@pytest.fixture(autouse=True, scope="module")
def _files(room: Room, tiny_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("controlnets")
    names = ("edges", "other")
    room.controlnets = {
        name: build_tiny_controlnet.build(tiny_weights / "tiny-sdxl", folder / name, seed=number)
        for number, name in enumerate(names)
    }
    yield
    room.controlnets = {}


def edges(**changes: Any) -> ControlRef:
    return control(**({"image": input_ref(gradient())} | changes))


def following(*controls: ControlRef, **changes: Any) -> JobSpec:
    return tiny_spec(controls=controls, **changes)


class Counter:
    """Counts how often a model is computed."""

    def __init__(self, model: Any) -> None:
        self.count = 0
        self._handle = model.register_forward_hook(self._note)

    def _note(self, *_args: Any) -> None:
        self.count += 1

    def stop(self) -> int:
        self._handle.remove()
        return self.count


def loaded(room: Room, name: str = "edges") -> Any:
    return room.renderer._controlnets.get(edges(id=name), room.controlnets[name], cross_attention_dim=96)


def stock(room: Room, order: JobSpec, **options: Any) -> bytes:
    """The same by diffusers' own pipeline with a single ControlNet."""
    plain = StableDiffusionXLControlNetPipeline(
        **room.renderer._cache.get(room.ref).parts,
        controlnet=loaded(room),
        scheduler=schedulers.build(order.sampler, room.ref),
    )
    plain.set_progress_bar_config(disable=True)
    picture: Image.Image = plain(
        prompt=order.prompt,
        image=canny.detect(gradient()),
        width=64,
        height=64,
        num_inference_steps=order.num_inference_steps,
        guidance_scale=order.guidance_scale,
        generator=torch.Generator("cpu").manual_seed(7),
        **options,
    ).images[0]
    return picture.tobytes()


def test_a_controlnet_is_diffusers_own(room: Room) -> None:
    """Bit-equal with the plain pipeline, and other than without it."""
    order = following(edges(weight=0.8))
    found = room.draw(order)[0].rgb
    assert found == stock(room, order, controlnet_conditioning_scale=0.8)
    assert found != room.draw(tiny_spec())[0].rgb


def test_a_window_is_diffusers_own_without_its_cost(room: Room) -> None:
    """Two of four steps: the same picture, half the work."""
    order = following(edges(start=0.25, end=0.75), num_inference_steps=4)
    counter = Counter(loaded(room))
    found = room.draw(order)[0].rgb
    assert counter.stop() == 2
    expected = stock(room, order, control_guidance_start=0.25, control_guidance_end=0.75)
    different = np.abs(np.frombuffer(found, np.uint8).astype(int) - np.frombuffer(expected, np.uint8).astype(int))
    assert different.max() <= 1


def test_weight_zero_changes_nothing(room: Room) -> None:
    """Not a bit, and its weights are not even loaded."""
    room_without = Room(room.renderer, room.ref)
    assert room_without.draw(following(edges(id="nowhere", weight=0))) == room.draw(tiny_spec())


@pytest.mark.parametrize(
    "changes",
    [
        {"image": input_ref(half_mask())},
        {"weight": 0.5},
        {"end": 0.5},
        {"start": 0.5},
        {"kind": "tile"},
        {"preprocess": False},
        {"id": "other"},
    ],
)
def test_every_option_takes_effect(room: Room, changes: dict[str, Any]) -> None:
    """None is lost on the way."""
    plain = room.draw(following(edges(), num_inference_steps=4))
    assert room.draw(following(edges(**changes), num_inference_steps=4)) != plain


def test_several_at_once(room: Room) -> None:
    """Both count, each in its own window and with its own map."""
    both = following(edges(weight=0.6), edges(id="other", kind="tile", end=0.5), num_inference_steps=4)
    counters = [Counter(loaded(room, name)) for name in ("edges", "other")]
    found = room.draw(both)
    assert [counter.stop() for counter in counters] == [4, 2]
    for one in both.controls:
        assert room.draw(following(one, num_inference_steps=4)) != found


def picture_job(kind: str) -> JobSpec:
    picture, mask = input_ref(gradient()), input_ref(half_mask())
    few = {"image": picture, "num_inference_steps": 4}
    orders: dict[str, ImageToImageSpec | InpaintSpec | UpscaleSpec] = {
        "image_to_image": image_spec(**few),
        "inpaint": inpaint_spec(**few, mask=mask),
        "upscale": upscale_spec(**few, tile=96, detail=0.5),
    }
    return orders[kind]


@pytest.mark.parametrize("kind", ["image_to_image", "inpaint", "upscale"])
def test_with_every_kind(room: Room, kind: str) -> None:
    """It follows the job's own picture where no other is given, tile by tile where it is upscaled."""
    order = picture_job(kind)
    own = room.draw(order.model_copy(update={"controls": (edges(image=None),)}))
    assert own == room.draw(order.model_copy(update={"controls": (edges(),)}))
    assert own != room.draw(order)


def test_a_tile_controlnet_holds_the_tiles(room: Room) -> None:
    """Then they may be drawn with the words for the whole picture, and by as much as `detail` says."""
    few = {"image": input_ref(gradient()), "num_inference_steps": 4, "tile": 64, "detail": 1.0}
    held = upscale_spec(**few, controls=(edges(kind="tile", image=None),))
    steps: list[int] = []
    drawn = room.draw(held, lambda _step, total: steps.append(total))
    assert steps[0] == 9 * 4
    assert drawn != room.draw(held.model_copy(update={"prompt": "something else"}))


def test_the_map_can_be_shown(room: Room) -> None:
    """At the picture's size, also of one that has weight 0; a member sees what was followed."""
    order = following(edges(), edges(kind="tile", weight=0), show_maps=True, width=96)
    drawing = room.drawing(order)
    assert [(each.width, each.height) for each in drawing.maps] == [(96, 64)] * 2
    assert drawing.maps[0].rgb == canny.detect(gradient().resize((96, 64), Image.Resampling.LANCZOS)).tobytes()
    assert room.drawing(following(edges())).maps == []


def test_maps_are_remembered_by_their_pictures_hash() -> None:
    """The same picture costs nothing the second time; another size or detector is another map."""
    maps = MapStore(CPU)

    def ask(control_: ControlRef, size: tuple[int, int] = (64, 64)) -> Image.Image:
        return maps.get(control_, gradient(), "a" * 64, size, ())

    assert ask(edges()) is ask(edges(weight=0.5))
    assert maps.made == 1
    ask(edges(), (96, 64))
    ask(edges(kind="depth", preprocessor=MOCK))
    assert maps.made == 3
    for number in range(40):
        ask(edges(), (64, 8 * number + 8))
    assert len(maps._held) == 32


def test_a_ready_made_map_is_taken_as_it_is() -> None:
    """Scaled to the picture, and nothing else."""
    maps = MapStore(CPU)
    for ready in (edges(kind="ready_made"), edges(kind="tile"), edges(kind="depth", preprocess=False)):
        found = maps.get(ready, gradient(), "a" * 64, (32, 32), ())
        assert found.tobytes() == gradient().resize((32, 32), Image.Resampling.LANCZOS).tobytes()
    assert maps.made == 0


def test_canny_finds_the_edge() -> None:
    """White where brightness jumps, black elsewhere."""
    found = np.asarray(canny.detect(half_mask().convert("RGB")))
    assert found[:, 30:34].max() == 255
    assert found[:, :28].max() == 0


def test_mock_depth_follows_brightness(room: Room) -> None:
    """Depth without weights, for tests."""
    depth = edges(kind="depth", preprocessor=MOCK)
    found = MapStore(CPU).get(depth, half_mask().convert("RGB"), "a" * 64, (64, 64), ())
    assert found.getpixel((60, 30)) == (255, 255, 255)
    assert found.getpixel((4, 30)) == (0, 0, 0)
    assert room.draw(following(depth)) != room.draw(following(edges()))


@pytest.mark.parametrize("kind", ["depth", "openpose", "lineart", "scribble", "softedge"])
def test_a_map_that_nothing_makes(room: Room, kind: str) -> None:
    """Told by the ControlNet's name, and the next job is fine."""
    with pytest.raises(BadSpec) as caught:
        room.draw(following(edges(kind=kind)))
    assert caught.value.code is ErrorCode.NO_PREPROCESSOR
    assert caught.value.data["item"] == "edges"
    assert room.draw(tiny_spec())


def test_another_familys_controlnet(room: Room, tmp_path: Path) -> None:
    """Its text is of another width than the checkpoint's."""
    from diffusers import ControlNetModel  # noqa: PLC0415

    other = ControlNetModel.from_config({**loaded(room).config, "cross_attention_dim": 32})
    other.save_pretrained(tmp_path / "sd15")
    room.controlnets = {**room.controlnets, "sd15": tmp_path / "sd15"}
    assert refusal(room, "sd15") is ErrorCode.WRONG_FAMILY


def test_a_broken_controlnet(room: Room, tmp_path: Path) -> None:
    """Whole files of another model."""
    (tmp_path / "config.json").write_text('{"_class_name": "ControlNetModel", "cross_attention_dim": "wide"}')
    room.controlnets = {**room.controlnets, "broken": tmp_path}
    assert refusal(room, "broken") is ErrorCode.WEIGHTS_BROKEN


def refusal(room: Room, name: str) -> ErrorCode:
    with pytest.raises(WeightsError) as caught:
        room.draw(following(edges(id=name)))
    assert caught.value.data["item"] == name
    assert room.draw(tiny_spec())
    return caught.value.code
