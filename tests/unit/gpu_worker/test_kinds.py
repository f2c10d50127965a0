"""Image to image, inpaint and upscale with the real pipelines on the tiny weights."""

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionXLImg2ImgPipeline, StableDiffusionXLInpaintPipeline
from PIL import Image, ImageFilter

from config.registry import SAMPLERS
from gpu_worker import schedulers
from gpu_worker.pipelines import tiles
from tasks.schema import ImageToImageSpec, InpaintSpec, JobSpec, UpscaleSpec
from tests.specs import image_spec, inpaint_spec, tiny_spec, upscale_spec
from tests.tiny_room import Room, gradient, half_mask, input_ref

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def variation(**changes: Any) -> ImageToImageSpec:
    return image_spec(**({"image": input_ref(gradient()), "num_inference_steps": 4, "strength": 0.5} | changes))


def repair(**changes: Any) -> InpaintSpec:
    refs = {"image": input_ref(gradient()), "mask": input_ref(half_mask())}
    return inpaint_spec(**(refs | {"num_inference_steps": 3} | changes))


def enlargement(**changes: Any) -> UpscaleSpec:
    few = {"image": input_ref(gradient()), "num_inference_steps": 4, "detail": 0.5, "tile": 64}
    return upscale_spec(**(few | changes))


def distance(one: Image.Image, other: Image.Image) -> float:
    """Mean difference of two pictures, 0..255."""
    return float(np.abs(np.asarray(one, np.float32) - np.asarray(other, np.float32)).mean())


@pytest.mark.parametrize("order", [variation(seeds=(1, 2)), repair(seeds=(1, 2)), enlargement(seeds=(1, 2))])
def test_the_same_order_gives_the_same_pictures(room: Room, order: JobSpec) -> None:
    """Each kind: again, alone or among others, and different by seed."""
    together = room.draw(order)
    assert together == room.draw(order)
    assert room.draw(order.model_copy(update={"seeds": (2,)})) == [together[1]]
    assert together[0].rgb != together[1].rgb
    assert (together[0].width, together[0].height) == (order.width, order.height)


@pytest.mark.parametrize("order", [variation(strength=0), repair(strength=0), enlargement(detail=0)])
def test_nothing_to_do_gives_the_picture_back(room: Room, order: JobSpec) -> None:
    """Strength 0 changes nothing: no way through the VAE, no step."""
    steps: list[int] = []
    [picture] = room.draw(order, lambda step, _steps: steps.append(step))
    expected = gradient().resize((order.width, order.height), Image.Resampling.LANCZOS)
    assert picture.rgb == expected.tobytes()
    assert steps == []


def test_strength_is_how_far_it_goes(room: Room) -> None:
    """A subtle variation stays nearer to the picture than a strong one."""
    near, far = (room.image(variation(strength=strength, num_inference_steps=8)) for strength in (0.15, 0.9))
    assert distance(near, gradient()) < distance(far, gradient())


def test_the_strength_of_an_inpainting(room: Room) -> None:
    """Within the mask a little keeps nearer to what was there; outside neither changes anything."""
    near, far = (room.image(repair(strength=strength, num_inference_steps=8)) for strength in (0.15, 1.0))
    left, right = (0, 0, 32, 64), (32, 0, 64, 64)
    assert distance(near.crop(right), gradient().crop(right)) < distance(far.crop(right), gradient().crop(right))
    assert near.crop(left).tobytes() == far.crop(left).tobytes() == gradient().crop(left).tobytes()


@pytest.mark.parametrize("order", [variation(), repair(), enlargement()])
def test_another_picture_gives_another(room: Room, order: JobSpec) -> None:
    """What is drawn is drawn from the picture that was given."""
    mirrored = gradient().transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    room.at_hand.append(mirrored)
    assert room.draw(order.model_copy(update={"image": input_ref(mirrored)})) != room.draw(order)


def test_any_strength_does_at_least_one_step(room: Room) -> None:
    """0.1 of four steps is rounded to none by diffusers, which then refuses."""
    steps: list[tuple[int, int]] = []
    room.draw(variation(strength=0.1), lambda step, of: steps.append((step, of)))
    assert steps == [(1, 1)]


@pytest.mark.parametrize("changes", [{"prompt": "something else"}, {"guidance_scale": 1.0}, {"sampler": "ddim"}])
@pytest.mark.parametrize("order", [variation(), repair(), enlargement(tile=128)])
def test_the_other_options_take_effect(room: Room, order: JobSpec, changes: dict[str, Any]) -> None:
    """They are not lost on the way to another pipeline."""
    assert room.draw(order.model_copy(update=changes)) != room.draw(order)


def test_image_to_image_is_diffusers_own(room: Room) -> None:
    """Bit-equal with its plain use."""
    order = variation()
    components = room.renderer._cache.get(room.ref).parts
    plain = StableDiffusionXLImg2ImgPipeline(**components, scheduler=schedulers.build(order.sampler, room.ref))
    plain.set_progress_bar_config(disable=True)
    expected = plain(
        prompt=order.prompt,
        image=gradient(),
        strength=0.5,
        num_inference_steps=4,
        guidance_scale=order.guidance_scale,
        generator=torch.Generator("cpu").manual_seed(7),
    ).images[0]
    assert room.draw(order)[0].rgb == expected.tobytes()


def test_inpaint_is_diffusers_own_within_the_mask(room: Room) -> None:
    """Bit-equal where the mask is white, and the given picture where it is black."""
    order = repair()
    components = room.renderer._cache.get(room.ref).parts
    plain = StableDiffusionXLInpaintPipeline(**components, scheduler=schedulers.build(order.sampler, room.ref))
    plain.set_progress_bar_config(disable=True)
    expected = plain(
        prompt=order.prompt,
        image=gradient(),
        mask_image=half_mask(),
        width=64,
        height=64,
        strength=1.0,
        num_inference_steps=3,
        guidance_scale=order.guidance_scale,
        generator=torch.Generator("cpu").manual_seed(7),
    ).images[0]
    left, right = (0, 0, 32, 64), (32, 0, 64, 64)
    found = room.image(order)
    assert found.crop(right).tobytes() == expected.crop(right).tobytes()
    assert found.crop(left).tobytes() == gradient().crop(left).tobytes()
    assert found.crop(right).tobytes() != gradient().crop(right).tobytes()


def test_an_empty_mask_changes_nothing(room: Room) -> None:
    """And one that is painted on nothing counts where it is painted."""
    nothing = Image.new("L", (64, 64))
    painted = Image.new("RGBA", (64, 64))
    painted.paste((255, 255, 255, 255), (32, 0, 64, 64))
    room.at_hand += [nothing, painted]
    assert room.image(repair(mask=input_ref(nothing))).tobytes() == gradient().tobytes()
    assert room.draw(repair(mask=input_ref(painted))) == room.draw(repair())


def test_a_picture_is_scaled_to_the_size_asked_for(room: Room) -> None:
    """The sender decides on the size; the picture follows."""
    assert room.image(variation(width=96, height=64)).size == (96, 64)
    assert room.image(repair(width=96, height=64)).size == (96, 64)


def test_upscale_by_four(room: Room) -> None:
    """Also of a picture whose sides are no multiples of eight."""
    odd = gradient((30, 21))
    room.at_hand.append(odd)
    assert room.image(enlargement(factor=4, image=input_ref(odd))).size == (120, 84)


def test_upscale_counts_the_steps_of_all_tiles(room: Room) -> None:
    """One bar for the whole work."""
    seen: list[tuple[int, int]] = []
    room.draw(enlargement(seeds=(1, 2), num_inference_steps=10), lambda step, steps: seen.append((step, steps)))
    tiles_of_both = 2 * len(tiles.cut(128, 128, tile=64))
    assert seen == [(number, 2 * tiles_of_both) for number in range(1, 2 * tiles_of_both + 1)]


def test_detail_and_tile_take_effect(room: Room) -> None:
    """Other details and other tiles make other pictures; how far apart they lie shows only with trained weights."""
    drawn = [room.draw(enlargement(detail=detail, num_inference_steps=20))[0].rgb for detail in (0, 0.1, 0.2, 1.0)]
    assert len(set(drawn)) == 4
    assert room.draw(enlargement(tile=96)) != room.draw(enlargement(tile=64))


def test_a_tile_is_no_picture_of_its_own(room: Room) -> None:
    """Words for the whole picture draw all of it into each tile, so they count only where there is one tile."""
    words = {"prompt": "something else"}
    assert room.draw(enlargement(**words)) == room.draw(enlargement())
    assert room.draw(enlargement(**words, tile=128)) != room.draw(enlargement(tile=128))
    assert room.draw(enlargement(negative_prompt="dull")) != room.draw(enlargement())


def test_the_colours_of_tiles_do_not_drift(room: Room) -> None:
    """Each is drawn by itself; seen from afar the picture is the given one, however much was drawn again."""
    plain, drawn = (room.image(enlargement(detail=detail, num_inference_steps=10)) for detail in (0.0, 1.0))
    from_afar = [image.filter(ImageFilter.GaussianBlur(8)) for image in (plain, drawn)]
    assert distance(*from_afar) < distance(plain, drawn) / 4


def test_tiles_leave_no_seam(room: Room) -> None:
    """A jump where two tiles meet is not larger than jumps elsewhere."""
    array = np.asarray(room.image(enlargement(detail=0.3)), np.float32)
    jumps = np.abs(np.diff(array, axis=1)).mean(axis=(0, 2))
    assert jumps.max() < 4 * np.median(jumps)


@pytest.mark.parametrize(("width", "height", "tile"), [(64, 64, 64), (128, 128, 64), (1000, 72, 128), (65, 63, 64)])
def test_tiles_cover_everything_and_overlap(width: int, height: int, tile: int) -> None:
    """No pixel is left out, none lies outside, neighbours share an eighth."""
    covered = np.zeros((height, width), int)
    cut = tiles.cut(width, height, tile=tile)
    for each in cut:
        assert each.size == (min(width, tile), min(height, tile))
        covered[each.top : each.bottom, each.left : each.right] += 1
    assert covered.min() >= 1
    first_row = [each for each in cut if each.top == 0]
    for one, other in itertools.pairwise(first_row):
        assert one.right - other.left >= tile // 8 - 1


def test_a_ramp_never_reaches_zero() -> None:
    """What only one tile covers must count, and weights are divided by their sum."""
    assert tiles.ramp(6, fades_in=True, fades_out=False, fade=2) == pytest.approx([1 / 3, 2 / 3, 1, 1, 1, 1])
    assert tiles.ramp(6, fades_in=False, fades_out=True, fade=2) == pytest.approx([1, 1, 1, 1, 2 / 3, 1 / 3])


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_begins_in_the_middle(room: Room, sampler: str) -> None:
    """Image to image enters a scheduler at a later step, which some do differently."""
    order = variation(sampler=sampler, num_inference_steps=6)
    assert room.draw(order) == room.draw(order)


def test_one_kind_leaves_nothing_for_the_next(room: Room) -> None:
    """Words, picture, mask, tiles: the order of jobs does not matter."""
    orders: list[JobSpec] = [tiny_spec(), variation(), repair(), enlargement()]
    first = [room.draw(order) for order in orders]
    again = [room.draw(order) for order in reversed(orders)]
    assert first == again[::-1]
