"""LoRAs of every form on the real pipeline: they take effect as their arithmetic says, and leave no trace."""

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from gpu_worker.loras.reading import read
from gpu_worker.loras.shelf import LoraShelf
from gpu_worker.pipelines.sampling import Sampling
from gpu_worker.prompts.shelf import PromptShelf
from gpu_worker.renderer import Picture
from sandbox.weights import build_tiny_lora as tiny
from tasks.errors import ErrorCode, WeightsError
from tasks.lora_inspection import layer_of
from tasks.schema import TextToImageSpec
from tests.specs import lora, tiny_spec
from tests.tiny_room import Room

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
LAYERS = tiny.matrices()


@pytest.fixture(autouse=True)
def _files(room: Room, tmp_path: Path) -> Iterator[None]:
    room.loras = {
        "kohya": tiny.save_kohya(tmp_path / "kohya.safetensors", LAYERS),
        "original": tiny.save_kohya(tmp_path / "original.safetensors", LAYERS, original=True),
        "diffusers": tiny.save_diffusers(tmp_path / "diffusers.safetensors", LAYERS),
        "text": tiny.save_kohya(tmp_path / "text.safetensors", tiny.matrices(tiny.TEXT, rank=2, seed=5)),
        "unet": tiny.save_kohya(tmp_path / "unet.safetensors", tiny.matrices(tiny.UNET, rank=9, seed=6)),
    }
    yield
    room.draw(tiny_spec())  # takes everything off


def wearing(*names: str, weight: float = 1.0, **changes: Any) -> TextToImageSpec:
    return tiny_spec(loras=tuple(lora(id=name, weight=weight) for name in names), **changes)


def state(room: Room) -> dict[str, torch.Tensor]:
    parts = room.renderer._cache.get(room.ref).parts
    return {
        f"{part}.{name}": tensor
        for part in ("unet", "text_encoder", "text_encoder_2", "vae")
        for name, tensor in parts[part].state_dict().items()
    }


def forget_prompts(room: Room) -> None:
    """So that the text encoders have to show what they do now."""
    room.renderer._cache.get(room.ref).prompts._held.clear()


def far_apart(one: list[Picture], other: list[Picture]) -> int:
    """The largest difference of two bytes."""
    pixels = [np.frombuffer(picture.rgb, np.uint8).astype(int) for picture in (one[0], other[0])]
    return int(np.abs(pixels[0] - pixels[1]).max())


@pytest.mark.parametrize("form", ["kohya", "original", "diffusers"])
def test_every_form_does_what_its_arithmetic_says(room: Room, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """W + weight · up · down, in UNet and both text encoders, also in a convolution; here merged by hand."""
    worn = room.draw(wearing(form, weight=0.7))
    components = room.renderer._cache.get(room.ref)
    room.draw(tiny_spec())
    parts = {name: copy.deepcopy(part) for name, part in components.parts.items()}
    changed = replace(components, parts=parts, prompts=PromptShelf())
    for layer, (down, up) in LAYERS.items():
        part, name = layer.split(".", 1) if layer in tiny.TEXT else ("unet", layer)
        modules = dict(parts[part].named_modules())
        module = modules.get(name) or modules[name.removeprefix("text_model.")]
        module.weight.data += 0.7 * torch.einsum(
            "or...,ri...->oi...", up.flatten(1), down.flatten(2) if down.ndim > 2 else down
        ).reshape(module.weight.shape)
    order = tiny_spec(checkpoint=room.ref)
    from gpu_worker.pipelines import text_to_image  # noqa: PLC0415

    sampling = Sampling(changed, order, lambda _step, _steps: None)
    merged = text_to_image.draw(order, sampling)
    assert far_apart(worn, merged) <= 2
    assert far_apart(worn, room.draw(tiny_spec())) > 2


def test_weight_zero_changes_nothing(room: Room) -> None:
    """Not a bit, and its file is not even looked at."""
    room.loras = {}
    assert room.draw(wearing("kohya", weight=0)) == room.draw(tiny_spec())


def test_weights_scale_and_may_be_negative(room: Room) -> None:
    """-2 to 2; each another picture."""
    pictures = [room.draw(wearing("kohya", weight=weight))[0].rgb for weight in (-2, -0.5, 0.5, 2)]
    assert len({*pictures, room.draw(tiny_spec())[0].rgb}) == 5


@pytest.mark.parametrize("alpha", [1.0, 8.0])
def test_alpha_counts_in_every_part(room: Room, tmp_path: Path, alpha: float) -> None:
    """alpha/rank times; also in text encoders, where diffusers loses it."""
    with_alpha = tiny.save_kohya(tmp_path / "alpha.safetensors", LAYERS, alpha=alpha)
    room.loras = {**room.loras, "alpha": with_alpha}
    assert far_apart(room.draw(wearing("alpha")), room.draw(wearing("kohya", weight=alpha / 4))) <= 1


def test_alpha_in_the_metadata(tmp_path: Path) -> None:
    """Where peft writes it, with a pattern for single layers and rank-stabilised scaling."""
    layer = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"
    told = {"unet.r": 4, "unet.lora_alpha": 8, "text_encoder.lora_alpha": 4, "text_encoder.use_rslora": True}
    path = tmp_path / "told.safetensors"
    layers = {name: LAYERS[name] for name in (layer, "text_encoder.text_model.encoder.layers.1.mlp.fc1")}
    tiny.save_diffusers(path, layers)
    from safetensors.torch import load_file  # noqa: PLC0415

    save_file(load_file(path), path, metadata={"lora_adapter_metadata": json.dumps(told)})
    found = read(path, item="x", cross_attention_dim=96, dtype=torch.float32).tensors
    downs = {layer_of(name): tensor for name, tensor in found.items() if "lora_A" in name}
    assert torch.equal(downs[f"unet.{layer}"], layers[layer][0] * 2)
    text = "text_encoder.text_model.encoder.layers.1.mlp.fc1"
    assert torch.equal(downs[text], layers[text][0] * 2)


def test_several_at_once(room: Room) -> None:
    """Five add up; their order and what else is hot does not matter."""
    both = room.draw(wearing("text", "unet"))
    assert both not in (room.draw(wearing("text")), room.draw(wearing("unet")))
    assert room.draw(wearing("kohya", "original", "diffusers", "text", "unet", weight=0.2))
    assert room.draw(wearing("text", "unet")) == both


def test_a_hot_lora_that_is_not_asked_for_has_no_effect(room: Room) -> None:
    """One changes only the text encoders, the other only the UNet: neither shines through."""
    room.draw(wearing("text"))
    hot = room.draw(wearing("unet"))
    room.draw(tiny_spec())
    forget_prompts(room)
    assert room.draw(wearing("unet")) == hot


def test_a_second_lora_leaves_the_first_ones_matrices_alone(room: Room) -> None:
    """transformers calls a text encoder's other adapters "newly initialized" when one more is loaded; they must not be.

    Also the tensors that were read stay as they are: they are used again.
    """
    components, shelf = room.renderer._cache.get(room.ref), LoraShelf()
    components.adapters.take_off()

    def attached() -> dict[str, torch.Tensor]:
        return {name: tensor.clone() for name, tensor in state(room).items() if ".lora_" in name}

    components.adapters.wear([lora(id="kohya")], room.loras, shelf)
    first = attached()
    components.adapters.wear([lora(id="kohya"), lora(id="text"), lora(id="unet")], room.loras, shelf)
    after = attached()
    assert len(first) == 2 * len(LAYERS)
    assert len(after) > len(first)
    for name, tensor in first.items():
        assert torch.equal(after[name], tensor), name
    values = sorted(float(tensor.sum()) for tensor in first.values())
    wanted = sorted(float(matrix.sum()) for pair in LAYERS.values() for matrix in pair)
    assert values == pytest.approx(wanted)


def test_the_base_is_untouched_after_200_swaps(room: Room) -> None:
    """Bit for bit and in the same memory: weights are never written to."""
    before = {name: (tensor.data_ptr(), tensor.clone()) for name, tensor in state(room).items()}
    plain = room.draw(tiny_spec(num_inference_steps=1))
    components = room.renderer._cache.get(room.ref)
    shelf = LoraShelf()
    names = ["kohya", "text", "unet", "original"]
    for number in range(200):
        worn = [] if number % 5 == 4 else [lora(id=names[number % 4], weight=(-1) ** number * 0.7)]
        components.adapters.wear(worn, room.loras, shelf)
    components.adapters.take_off()
    forget_prompts(room)
    after = state(room)
    assert after.keys() == before.keys()
    for name, (place, tensor) in before.items():
        assert after[name].data_ptr() == place, name
        assert torch.equal(after[name], tensor), name
    assert room.draw(tiny_spec(num_inference_steps=1)) == plain


def test_only_so_many_stay_hot(room: Room, tmp_path: Path) -> None:
    """Each costs memory beside the weights."""
    components = room.renderer._cache.get(room.ref)
    shelf = LoraShelf()
    layers = tiny.matrices(["mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0"])
    for number in range(12):
        files = {"one": tiny.save_kohya(tmp_path / f"{number}.safetensors", layers)}
        components.adapters.wear([lora(id="one")], files, shelf)
    assert len(components.adapters._attached) == 8


def test_the_shelf_has_a_budget(tmp_path: Path) -> None:
    """The least recently used one leaves, and what is used stays however large it is."""
    layers = tiny.matrices(["mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0"])
    paths = [tiny.save_kohya(tmp_path / f"{number}.safetensors", layers) for number in range(3)]
    options: dict[str, Any] = {"item": "x", "cross_attention_dim": 96, "dtype": torch.float32}
    size = read(paths[0], **options).size_bytes
    shelf = LoraShelf(budget_bytes=2 * size)
    for path in paths:
        shelf.get(path, **options)
    assert len(shelf) == 2
    assert shelf.get(paths[2], **options) is shelf.get(paths[2], **options)
    assert len(LoraShelf(budget_bytes=1)._held) == 0


def refusal(room: Room, path: Path) -> ErrorCode:
    plain = room.draw(tiny_spec())
    room.loras = {**room.loras, "bad": path}
    with pytest.raises(WeightsError) as caught:
        room.draw(wearing("kohya", "bad"))
    assert caught.value.data["item"] == "bad"
    assert not caught.value.retryable
    assert room.draw(tiny_spec()) == plain
    return caught.value.code


def test_another_familys_lora(room: Room, tmp_path: Path) -> None:
    """By the width of its text, by its names, by its own word, or by a matrix that does not fit."""
    name = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"
    save_file(
        {f"{name}.lora_down.weight": torch.ones(4, 768), f"{name}.lora_up.weight": torch.ones(64, 4)}, tmp_path / "sd15"
    )
    flux = "lora_unet_double_blocks_0_img_attn_qkv"
    save_file(
        {f"{flux}.lora_down.weight": torch.ones(4, 64), f"{flux}.lora_up.weight": torch.ones(64, 4)}, tmp_path / "flux"
    )
    tiny.save_kohya(tmp_path / "told", LAYERS, metadata={"ss_base_model_version": "sd_v1"})
    size = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q"
    save_file(
        {f"{size}.lora_down.weight": torch.ones(4, 320), f"{size}.lora_up.weight": torch.ones(320, 4)},
        tmp_path / "size",
    )
    for form in ("sd15", "flux", "told", "size"):
        assert refusal(room, tmp_path / form) is ErrorCode.WRONG_FAMILY, form


def test_kinds_that_cannot_be_drawn_with(room: Room, tmp_path: Path) -> None:
    """Diffusers would drop these layers without a word and draw something else."""
    name = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q"
    good = {f"{name}.lora_down.weight": torch.ones(4, 64), f"{name}.lora_up.weight": torch.ones(64, 4)}
    save_file({f"{name}.hada_w1_a": torch.ones(4, 4)}, tmp_path / "loha")
    save_file({**good, f"{name}.dora_scale": torch.ones(64)}, tmp_path / "dora")
    save_file({"something": torch.ones(4)}, tmp_path / "nothing")
    nowhere = name.replace("attn1", "attn7")
    save_file(
        {**good, f"{nowhere}.lora_down.weight": torch.ones(4, 64), f"{nowhere}.lora_up.weight": torch.ones(64, 4)},
        tmp_path / "nowhere",
    )
    for form in ("loha", "dora", "nothing", "nowhere"):
        assert refusal(room, tmp_path / form) is ErrorCode.WEIGHTS_UNSUPPORTED, form


def test_broken_numbers(room: Room, tmp_path: Path) -> None:
    """One NaN would make every picture black."""
    layers = tiny.matrices(["mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0"])
    [(down, up)] = layers.values()
    down[0, 0] = float("nan")
    assert (
        refusal(room, tiny.save_kohya(tmp_path / "nan", dict.fromkeys(layers, (down, up)))) is ErrorCode.WEIGHTS_BROKEN
    )


def test_with_every_kind(room: Room) -> None:
    """The parts are shared, so a LoRA is worn by all pipelines."""
    from tests.specs import image_spec  # noqa: PLC0415
    from tests.tiny_room import gradient, input_ref  # noqa: PLC0415

    order = image_spec(image=input_ref(gradient()), num_inference_steps=4)
    assert isinstance(room.image(order), Image.Image)
    assert room.draw(order.model_copy(update={"loras": wearing("kohya").loras})) != room.draw(order)


def test_trigger_words_reach_the_prompt(room: Room) -> None:
    """On request they count like typed ones."""
    asked = lora(id="kohya", trigger_words=("ink drawing",), add_trigger_words=True)
    typed = tiny_spec(prompt="a fox, ink drawing", loras=(lora(id="kohya"),))
    assert room.draw(tiny_spec(prompt="a fox", loras=(asked,))) == room.draw(typed)
