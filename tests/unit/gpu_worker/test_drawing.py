"""The real diffusers pipeline on the tiny weights."""

import inspect
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionXLPipeline

from config.registry import SAMPLERS, FusedLora, Weights
from gpu_worker import schedulers
from gpu_worker.device import Device
from gpu_worker.diffusers_renderer import DiffusersRenderer
from gpu_worker.interruption import Interruption
from gpu_worker.renderer import CheckpointFiles, Picture, StepListener
from gpu_worker.weights.fetcher import WeightsFetcher
from tasks.errors import BadSpec, DeviceError, ErrorCode, Interrupted, WeightsError
from tasks.schema import CheckpointRef, JobSpec, TextToImageSpec
from tests.specs import tiny_spec

CPU = Device("cpu", torch.float32)

# Diffusers' arithmetic on torch tensors with numpy 2; nothing of ours.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def fetcher(tmp_path_factory: pytest.TempPathFactory) -> WeightsFetcher:
    return WeightsFetcher(tmp_path_factory.mktemp("fetched"))


@pytest.fixture(scope="module")
def renderer(fetcher: WeightsFetcher, tiny_ref: CheckpointRef) -> DiffusersRenderer:
    made = DiffusersRenderer(CPU)
    made.load(tiny_ref, fetcher.checkpoint(tiny_ref))
    return made


def silent(_step: int, _steps: int) -> None:
    pass


def draw(renderer: DiffusersRenderer, order: JobSpec, on_step: StepListener = silent) -> list[Picture]:
    return renderer.draw(order, on_step).pictures


@pytest.fixture
def spec(tiny_ref: CheckpointRef) -> Callable[..., TextToImageSpec]:
    return lambda **changes: tiny_spec(checkpoint=tiny_ref, **changes)


def test_the_same_spec_gives_the_same_bytes(renderer: DiffusersRenderer, spec: Any) -> None:
    """What a user liked can be had again."""
    assert draw(renderer, spec()) == draw(renderer, spec())


def test_a_seed_gives_its_picture_alone_or_among_others(renderer: DiffusersRenderer, spec: Any) -> None:
    """Picture three of four is drawn again from its seed alone; batched latents would differ in their last bits."""
    together = draw(renderer, spec(seeds=(1, 2, 3), sampler="euler_a"))
    alone = [draw(renderer, spec(seeds=(seed,), sampler="euler_a"))[0] for seed in (1, 2, 3)]
    assert together == alone
    assert len({picture.rgb for picture in together}) == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"prompt": "something else"},
        {"negative_prompt": "dull"},
        {"guidance_scale": 1.0},
        {"num_inference_steps": 3},
        {"sampler": "ddim"},
    ],
)
def test_every_option_takes_effect(renderer: DiffusersRenderer, spec: Any, changes: dict[str, Any]) -> None:
    """An option that changes nothing was dropped on the way."""
    assert draw(renderer, spec(**changes))[0].rgb != draw(renderer, spec())[0].rgb


def test_without_guidance_nothing_negative_counts(renderer: DiffusersRenderer, spec: Any) -> None:
    """Up to 1 the UNet sees the latents once a step, and what the negative prompt says is not read; above, twice."""
    batches: list[int] = []
    unet = renderer._cache.get(spec().checkpoint).parts["unet"]
    hook = unet.register_forward_pre_hook(lambda _unet, given: batches.append(len(given[0])))
    unguided = draw(renderer, spec(guidance_scale=1.0))
    assert draw(renderer, spec(guidance_scale=1.0, negative_prompt="dull")) == unguided
    draw(renderer, spec(guidance_scale=1.1))
    hook.remove()
    assert batches == [1, 1, 1, 1, 2, 2]


def test_size(renderer: DiffusersRenderer, spec: Any) -> None:
    """Width and height are not swapped."""
    picture = draw(renderer, spec(width=64, height=96))[0]
    assert (picture.width, picture.height, len(picture.rgb)) == (64, 96, 64 * 96 * 3)


def test_the_pixels_are_those_of_diffusers(renderer: DiffusersRenderer, spec: Any, tiny_weights: Path) -> None:
    """Our way through the pipeline adds nothing and loses nothing: bit-equal with its plain use."""
    plain = StableDiffusionXLPipeline.from_pretrained(tiny_weights / "tiny-sdxl", local_files_only=True)
    plain.set_progress_bar_config(disable=True)
    order = spec(num_inference_steps=3)
    plain.scheduler = schedulers.build(order.sampler, order.checkpoint)
    expected = plain(
        prompt=order.prompt,
        width=order.width,
        height=order.height,
        num_inference_steps=3,
        guidance_scale=order.guidance_scale,
        generator=torch.Generator("cpu").manual_seed(7),
    ).images[0]
    assert draw(renderer, order)[0].rgb == expected.tobytes()


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_draws(renderer: DiffusersRenderer, spec: Any, sampler: str) -> None:
    """Each row of the table works with the real pipeline, twice with the same result."""
    order = spec(sampler=sampler, num_inference_steps=4)
    assert draw(renderer, order) == draw(renderer, order)


def test_no_sampler_is_another_by_name_only(renderer: DiffusersRenderer, spec: Any) -> None:
    """From the same noise each goes its own way to its own picture; DDPM's steps are Euler a's, written otherwise."""
    names = sorted(set(SAMPLERS) - {"ddpm"})
    pictures = {name: draw(renderer, spec(sampler=name, num_inference_steps=8))[0].rgb for name in names}
    assert len(set(pictures.values())) == len(names)


def test_the_table_is_complete() -> None:
    """A sampler that the registry allows must not fail on a worker."""
    assert set(schedulers.SAMPLERS) == set(SAMPLERS)


@pytest.mark.parametrize("sampler", sorted(set(SAMPLERS) - {"dpmpp_sde", "dpmpp_sde_karras"}))
def test_the_registry_decides_on_spacing_and_prediction(tiny_ref: CheckpointRef, sampler: str) -> None:
    """Few-step models with a wrong spacing draw mud, and repositories often carry a wrong one."""
    reference = tiny_ref.model_copy(update={"timestep_spacing": "trailing", "prediction": "v_prediction"})
    scheduler = schedulers.build(sampler, reference)
    assert scheduler.config.prediction_type == "v_prediction"
    assert scheduler.config.timestep_spacing == "trailing"
    assert schedulers.build(sampler, tiny_ref) is not schedulers.build(sampler, tiny_ref)


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_v_prediction_arrives(tiny_ref: CheckpointRef, sampler: str, terminal: bool) -> None:
    """A model that always predicts the right velocity towards a picture must end at that picture, with each sampler.

    DDIM, DEIS and TCD stop one small step before the end of the noise schedule, as they were designed to.
    """
    trained = {"prediction": "v_prediction", "timestep_spacing": "trailing", "zero_terminal_snr": terminal}
    scheduler = schedulers.build(sampler, tiny_ref.model_copy(update=trained))
    scheduler.set_timesteps(8)
    generator = torch.Generator().manual_seed(1)
    picture, sample = (torch.randn(1, 4, 8, 8, generator=generator) for _ in range(2))
    sample *= scheduler.init_noise_sigma
    wanted = {"generator": generator} if "generator" in inspect.signature(scheduler.step).parameters else {}
    for moment in scheduler.timesteps:
        seen = scheduler.scale_model_input(sample, moment)
        clean = _alpha_at(scheduler, float(moment))
        noise = (seen - clean.sqrt() * picture) / (1 - clean).sqrt()
        velocity = clean.sqrt() * noise - (1 - clean).sqrt() * picture
        sample = scheduler.step(velocity, moment, sample, return_dict=False, **wanted)[0]
    bound = 0.2 if sampler in {"ddim", "deis", "tcd"} else 1e-4
    assert (sample - picture).abs().max() < bound


def _alpha_at(scheduler: Any, moment: float) -> torch.Tensor:
    """The share of the picture at a time that may lie between two training steps."""
    before = int(moment)
    share = moment - before
    table = scheduler.alphas_cumprod
    found: torch.Tensor = table[before] * (1 - share) + table[min(before + 1, len(table) - 1)] * share
    return found


def test_lightning_timesteps(tiny_ref: CheckpointRef) -> None:
    """SDXL Lightning's card: trailing timesteps, four steps at 999, 749, 499, 249."""
    scheduler = schedulers.build("euler", tiny_ref.model_copy(update={"timestep_spacing": "trailing"}))
    scheduler.set_timesteps(4)
    assert scheduler.timesteps.tolist() == [999, 749, 499, 249]


def test_steps_that_a_sampler_cannot_do(renderer: DiffusersRenderer, spec: Any) -> None:
    """LCM was distilled on 50 steps; more are the user's mistake and named so."""
    with pytest.raises(BadSpec) as caught:
        draw(renderer, spec(sampler="lcm", num_inference_steps=60))
    assert caught.value.code is ErrorCode.BAD_OPTION
    assert caught.value.data["option"] == "num_inference_steps"


def test_steps_are_reported_over_all_pictures(renderer: DiffusersRenderer, spec: Any) -> None:
    """The bar of a user with three pictures fills once, not three times."""
    seen: list[tuple[int, int]] = []
    renderer.draw(spec(seeds=(1, 2, 3)), lambda step, steps: seen.append((step, steps)))
    assert seen == [(number, 6) for number in range(1, 7)]


@pytest.mark.parametrize("sampler", ["heun", "dpm2"])
def test_samplers_that_look_twice_report_all_their_steps(renderer: DiffusersRenderer, spec: Any, sampler: str) -> None:
    """The bar is full at the end and never runs over."""
    seen: list[tuple[int, int]] = []
    draw(renderer, spec(sampler=sampler, num_inference_steps=3), lambda step, steps: seen.append((step, steps)))
    assert seen == [(number, 5) for number in range(1, 6)]


def test_an_interrupted_drawing_leaves_no_trace(renderer: DiffusersRenderer, spec: Any) -> None:
    """Cancel stops at the next step, and the next picture is as if nothing had been."""
    before = draw(renderer, spec())
    interruption = Interruption()
    steps: list[int] = []

    def on_step(step: int, _steps: int) -> None:
        steps.append(step)
        if step == 2:
            interruption.cancel()
        interruption.check()

    with pytest.raises(Interrupted):
        draw(renderer, spec(num_inference_steps=20), on_step)
    assert steps == [1, 2]
    assert draw(renderer, spec()) == before


class MemoryRunsOut:
    """Stands for a full card at the border to torch: the VAE's decode raises what CUDA's allocator raises."""

    def __init__(self, decode: Callable[..., Any], times: int) -> None:
        self.decode = decode
        self.times = times

    def __call__(self, *args: Any, **options: Any) -> Any:
        if self.times > 0:
            self.times -= 1
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return self.decode(*args, **options)


def test_out_of_memory_once(renderer: DiffusersRenderer, spec: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second attempt is frugal, and the picture comes: the same but for its last bits (test_memory.py)."""
    expected = np.frombuffer(draw(renderer, spec())[0].rgb, np.uint8).astype(int)
    vae = renderer._cache.get(spec().checkpoint).parts["vae"]
    monkeypatch.setattr(vae, "decode", MemoryRunsOut(vae.decode, 1))
    found = np.frombuffer(draw(renderer, spec())[0].rgb, np.uint8)
    assert np.abs(found - expected).max() <= 1
    assert not vae.use_tiling


def test_out_of_memory_for_good(renderer: DiffusersRenderer, spec: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told with words, not retried, and the next job is fine."""
    vae = renderer._cache.get(spec().checkpoint).parts["vae"]
    monkeypatch.setattr(vae, "decode", MemoryRunsOut(vae.decode, 2))
    with pytest.raises(DeviceError) as caught:
        draw(renderer, spec())
    assert caught.value.code is ErrorCode.OUT_OF_MEMORY
    assert not caught.value.retryable
    assert draw(renderer, spec())


def test_a_lost_cuda_context(renderer: DiffusersRenderer, spec: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a new process helps, and it is said so."""
    vae = renderer._cache.get(spec().checkpoint).parts["vae"]

    def fail(*_args: Any, **_options: Any) -> Any:
        raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr(vae, "decode", fail)
    with pytest.raises(DeviceError) as caught:
        draw(renderer, spec())
    assert caught.value.code is ErrorCode.DEVICE_FAULT


def test_a_single_file_draws_the_same(
    fetcher: WeightsFetcher, renderer: DiffusersRenderer, spec: Any, single_ref: CheckpointRef
) -> None:
    """The original layout holds the same model; nobody is asked what it is."""
    other = DiffusersRenderer(CPU)
    other.load(single_ref, fetcher.checkpoint(single_ref))
    assert other.loaded() == ("tiny-sdxl-single",)
    assert draw(other, spec().model_copy(update={"checkpoint": single_ref})) == draw(renderer, spec())


def test_little_memory_holds_one_checkpoint(
    fetcher: WeightsFetcher, tiny_ref: CheckpointRef, single_ref: CheckpointRef
) -> None:
    """The least recently used one leaves, and comes back when it is asked for."""
    small = DiffusersRenderer(CPU, cache_budget_bytes=20_000_000)
    for reference in (tiny_ref, single_ref, tiny_ref):
        small.load(reference, fetcher.checkpoint(reference))
        assert small.loaded() == (reference.id,)


def test_a_broken_tensor_layout(fetcher: WeightsFetcher, tiny_ref: CheckpointRef, tiny_weights: Path) -> None:
    """Whole files of the wrong model: told as broken weights, with the checkpoint's name."""
    wrong = CheckpointFiles(weights=tiny_weights / "tiny-sdxl" / "vae")
    with pytest.raises(WeightsError) as caught:
        DiffusersRenderer(CPU).load(tiny_ref.model_copy(update={"id": "wrong"}), wrong)
    assert caught.value.code is ErrorCode.WEIGHTS_BROKEN
    assert caught.value.data["checkpoint"] == "wrong"


def _pictures(reference: CheckpointRef, fetcher: WeightsFetcher) -> list[Picture]:
    made = DiffusersRenderer(CPU)
    made.load(reference, fetcher.checkpoint(reference))
    return draw(made, tiny_spec(checkpoint=reference))


def test_another_checkpoint(
    fetcher: WeightsFetcher, tiny_ref: CheckpointRef, tiny_weights: Path, tmp_path: Path
) -> None:
    """Each draws with its own weights, whichever was loaded last."""
    from safetensors.torch import load_file, save_file  # noqa: PLC0415

    shutil.copytree(tiny_weights / "tiny-sdxl", tmp_path / "other")
    unet = tmp_path / "other" / "unet" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(unet)
    tensors["conv_out.weight"] *= 0.5
    save_file(tensors, unet, metadata={"format": "pt"})
    other = tiny_ref.model_copy(update={"id": "other", "weights": Weights(source=f"file:{tmp_path / 'other'}")})
    both = DiffusersRenderer(CPU)
    for reference in (tiny_ref, other):
        both.load(reference, fetcher.checkpoint(reference))
    drawn, before = (draw(both, tiny_spec(checkpoint=reference)) for reference in (other, tiny_ref))
    assert drawn == _pictures(other, fetcher)
    assert before == _pictures(tiny_ref, fetcher)
    assert drawn != before


def test_another_vae(fetcher: WeightsFetcher, tiny_ref: CheckpointRef, tiny_weights: Path, tmp_path: Path) -> None:
    """The registry's VAE replaces the checkpoint's: the fp16-fixed one saves a decode in fp32."""
    from diffusers import AutoencoderKL  # noqa: PLC0415

    vae = AutoencoderKL.from_pretrained(tiny_weights / "tiny-sdxl" / "vae")
    with torch.no_grad():
        vae.decoder.conv_out.bias += 0.2
    vae.save_pretrained(tmp_path / "vae")
    changed = tiny_ref.model_copy(update={"vae": Weights(source=f"file:{tmp_path / 'vae'}")})
    plain = _pictures(tiny_ref, fetcher)[0].rgb
    assert sum(_pictures(changed, fetcher)[0].rgb) > sum(plain)


def test_a_lora_that_belongs_to_the_checkpoint(
    fetcher: WeightsFetcher, tiny_ref: CheckpointRef, tmp_path: Path
) -> None:
    """Few-step LoRAs are merged once after loading; weight 0 merges nothing."""
    from safetensors.torch import save_file  # noqa: PLC0415

    layer = "unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q"
    generator = torch.Generator().manual_seed(1)
    lora = {
        f"{layer}.lora_A.weight": torch.randn(4, 64, generator=generator),
        f"{layer}.lora_B.weight": torch.randn(64, 4, generator=generator),
    }
    save_file(lora, tmp_path / "lora.safetensors")

    def merged(weight: float) -> list[Picture]:
        fused = FusedLora(source=f"file:{tmp_path}", file="lora.safetensors", weight=weight)
        return _pictures(tiny_ref.model_copy(update={"fused_lora": fused}), fetcher)

    plain = _pictures(tiny_ref, fetcher)
    assert merged(0.0) == plain
    assert merged(1.0) != plain
