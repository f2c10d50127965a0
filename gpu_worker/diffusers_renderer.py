"""The renderer that draws with torch and diffusers. Imported on the lane's thread, when the worker starts."""

import os
import warnings
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import TypeVar

import diffusers
import structlog
import torch
import transformers

from config.registry import DeviceOptions
from gpu_worker import speed
from gpu_worker.cache import loading
from gpu_worker.cache.checkpoints import CheckpointCache
from gpu_worker.cache.loading import Components
from gpu_worker.cache.residents import Residents
from gpu_worker.controls import plan
from gpu_worker.controls.maps import MapStore
from gpu_worker.controls.models import ControlNetCache
from gpu_worker.device import Device, is_out_of_memory
from gpu_worker.loras.shelf import LoraShelf
from gpu_worker.pipelines import drawing, pixels, texts
from gpu_worker.pipelines.sampling import Sampling
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
from gpu_worker.safety import SafetyCheckers
from gpu_worker.thrift import thrifty
from tasks.errors import DeviceError, ErrorCode, JobError
from tasks.schema import CheckpointRef, JobSpec

log = structlog.get_logger()

_Result = TypeVar("_Result")
_Listeners = tuple[StepListener, PreviewListener]


def make_renderer(
    options: DeviceOptions | None = None,
    *,
    wanted: Callable[[], Iterable[str]] = tuple,
    is_rented: bool = False,
) -> "DiffusersRenderer":
    """The renderer on the best device of this machine. `wanted` tells the ids of what waiting jobs draw with.

    Raises:
        NoDevice: a GPU is wanted, or paid for, and cannot be used.
    """
    quiet_libraries()
    return DiffusersRenderer(Device.best(options, is_rented=is_rented), wanted=wanted)


class DiffusersRenderer:
    """Loads, caches and draws; turns torch's errors into Easel's."""

    def __init__(
        self,
        device: Device,
        *,
        cache_budget_bytes: int | None = None,
        wanted: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        self._device = device
        self._loras = LoraShelf()
        self._maps = MapStore(device)
        self._residents = Residents(
            wanted=wanted,
            budget_bytes=cache_budget_bytes if cache_budget_bytes is not None else device.cache_budget_bytes,
            free_unused=device.free_unused,
        )
        self._controlnets = ControlNetCache(device, self._residents)
        self._safety = SafetyCheckers(device, self._residents)
        self._cache = CheckpointCache(lambda ref, files: loading.load(ref, files, device), self._residents)

    def loaded(self) -> tuple[str, ...]:
        return self._cache.ids()

    def controlnets(self) -> tuple[str, ...]:
        return self._controlnets.ids()

    def device(self) -> DeviceState:
        return self._device.state()

    def load(self, checkpoint: CheckpointRef, files: CheckpointFiles) -> None:
        def first() -> None:
            self._cache.ensure(checkpoint, files)

        def alone() -> None:
            self._drop_unused()
            self._cache.ensure(checkpoint, files)

        self._twice(first, alone, checkpoint)

    def prepare(self, spec: JobSpec, materials: Materials = NOTHING) -> None:
        try:
            plan.make_maps(spec, materials, self._maps)
            components = self._cache.peek(spec.checkpoint)
            if components is not None and self._device.options.attention == "auto":  # else one switch for all threads
                texts.encode_ahead(components, spec, materials.loras)
        except JobError:
            raise
        except Exception as error:  # noqa: BLE001 - the lane does it again, and tells what is wrong
            log.info("not prepared ahead", error=type(error).__name__)

    def draw(
        self,
        spec: JobSpec,
        on_step: StepListener,
        materials: Materials = NOTHING,
        *,
        on_preview: PreviewListener = unseen,
    ) -> Drawing:
        with self._residents.drawing():
            return self._draw_or_shrink(self._cache.get(spec.checkpoint), spec, (on_step, on_preview), materials)

    def _draw_or_shrink(
        self, components: Components, spec: JobSpec, listeners: _Listeners, materials: Materials
    ) -> Drawing:
        def attempt(*, is_thrifty: bool = False) -> Drawing:
            with speed.drawing(components.parts, self._device.options, pixels=spec.width * spec.height):
                return self._draw(components, spec, listeners, materials, is_thrifty=is_thrifty)

        def frugally() -> Drawing:
            self._drop_unused()
            return attempt(is_thrifty=True)

        return self._twice(attempt, frugally, spec.checkpoint)

    def _drop_unused(self) -> None:
        """All that the present job can do without, or have again."""
        self._maps.drop_detectors()
        self._residents.drop_unused()

    def _draw(
        self,
        components: Components,
        spec: JobSpec,
        listeners: _Listeners,
        materials: Materials,
        *,
        is_thrifty: bool,
    ) -> Drawing:
        on_step, on_preview = listeners
        judge = self._safety.judge(spec.safety, materials.safety)  # first: a broken checker costs no drawing
        with components.prompts.lock:
            components.adapters.wear(spec.loras, materials.loras, self._loras)
        controls = plan.prepare(spec, components, materials, self._controlnets, self._maps)
        sampling = Sampling(components, spec, on_step, controls, on_preview=on_preview)
        maps = [pixels.of_image(each, spec.seeds[0]) for each in controls.shown]
        parts = components.parts
        with thrifty(parts["vae"], [parts["unet"], *controls.nets]) if is_thrifty else nullcontext():
            pictures = drawing.draw(sampling, materials)
        return Drawing(judge(pictures), maps)

    def _twice(
        self, attempt: Callable[[], _Result], frugal: Callable[[], _Result], checkpoint: CheckpointRef
    ) -> _Result:
        """Try; where memory runs out, try once more with less.

        Raises:
            DeviceError: out of memory both times, or the device failed and with it this process' CUDA context.
        """
        reason = ""
        for draw in (attempt, frugal):
            try:
                return draw()
            except RuntimeError as error:  # all of torch's are
                if is_out_of_memory(error):
                    reason = str(error)[:300]
                elif isinstance(error, torch.AcceleratorError):
                    raise DeviceError(ErrorCode.DEVICE_FAULT, str(error)[:300]) from error
                else:
                    raise
            # Not before the error is gone: its frames hold all that was computed.
            self._device.free_unused()
            log.warning("out of memory", checkpoint=checkpoint.id, is_last_attempt=draw is frugal)
        raise DeviceError(ErrorCode.OUT_OF_MEMORY, reason, checkpoint=checkpoint.id, device=self._device.state().name)


def quiet_libraries() -> None:
    """No progress bars in logs, and no warnings that quote what a prompt's tail was."""
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    for library in (diffusers, transformers):
        library.utils.logging.set_verbosity_error()
        library.utils.logging.disable_progress_bar()
    # Several LoRAs at once are what we want, and the active one is deleted only when another is about to be set.
    for message in ("Already found a `peft_config`", "Adapter .* was active which is now deleted"):
        warnings.filterwarnings("ignore", message=message, category=UserWarning)
