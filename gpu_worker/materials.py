"""Gathers what a job needs beside its checkpoint, while another job may have the device."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from PIL import Image
from redis import Redis

from config.registry import Weights
from gpu_worker import inputs
from gpu_worker.renderer import Materials
from tasks import blobs
from tasks.errors import BadSpec, ErrorCode, WeightsError
from tasks.schema import ControlRef, InputRef, JobSpec, LoraRef, SafetyRef

FAMILY = "sdxl"
_SAFE = (".safetensors", "")


# Called with bytes here and bytes in all, where they are known; what it raises ends the fetching.
Listener = Callable[[int, int | None], None]
# Announces by its id what is fetched now.
Announcement = Callable[[str], AbstractContextManager[Listener]]


class Companions(Protocol):
    """Brings checked files to this machine. What is fetched ahead gives way to what a job waits for."""

    def file(self, weights: Weights, *, listen: Listener = ..., is_ahead: bool = ...) -> Path: ...

    def model(self, weights: Weights, *, variant: str | None, listen: Listener = ..., is_ahead: bool = ...) -> Path: ...

    def pinned(self, weights: Weights, *, listen: Listener = ..., is_ahead: bool = ...) -> Path: ...

    def safety_checker(self, weights: Weights, *, listen: Listener = ..., is_ahead: bool = ...) -> Path: ...


@dataclass(frozen=True)
class Errands:
    """Fetches what specs refer to beside their checkpoints, and announces each by its id."""

    fetcher: Companions
    announce: Announcement
    is_ahead: bool = False

    def lora(self, lora: LoraRef) -> Path:
        """Raises WeightsError, as all here, with the LoRA's id in `data["item"]`."""
        with _blaming(lora.id), self.announce(lora.id) as listen:
            _check_safe(lora.weights)
            _check_family(lora.base)
            return self.fetcher.file(lora.weights, listen=listen, is_ahead=self.is_ahead)

    def controlnet(self, control: ControlRef) -> Path:
        """A ControlNet's folder."""
        with _blaming(control.id), self.announce(control.id) as listen:
            _check_safe(control.weights)
            _check_family(control.base)
            return self.fetcher.model(control.weights, variant=control.variant, listen=listen, is_ahead=self.is_ahead)

    def annotator(self, control: ControlRef) -> Sequence[Path]:
        """What its preprocessor's files are, if it has one and needs it."""
        if not control.preprocess or control.preprocessor is None:
            return ()
        with _blaming(control.id), self.announce(control.preprocessor.id) as listen:
            return [
                self.fetcher.pinned(each, listen=listen, is_ahead=self.is_ahead) for each in control.preprocessor.files
            ]

    def safety_checker(self, safety: SafetyRef) -> Path:
        """The safety checker's folder."""
        with _blaming(safety.id), self.announce(safety.id) as listen:
            return self.fetcher.safety_checker(safety.weights, listen=listen, is_ahead=self.is_ahead)


def gather(spec: JobSpec, redis: Redis, errands: Errands) -> Materials:
    """Pictures from Redis, decoded, and files on disk. What has weight 0 is not there and is not fetched.

    Raises:
        BadSpec: a picture is gone, broken or too large, or a map cannot be made.
        WeightsError: a LoRA, ControlNet or safety checker is unknown, unreachable, broken, unsafe or of another family;
            `data["item"]` names it.
    """
    return Materials(
        inputs={ref.sha256: _picture(redis, ref) for ref in spec.inputs},
        loras={lora.id: errands.lora(lora) for lora in spec.loras if lora.weight != 0},
        controlnets={control.id: errands.controlnet(control) for control in spec.controls if control.weight > 0},
        annotators={
            control.preprocessor.id: errands.annotator(control)
            for control in _mapped(spec)
            if control.preprocessor is not None
        },
        safety=errands.safety_checker(spec.safety) if spec.safety is not None else None,
    )


def ahead(spec: JobSpec, errands: Errands) -> Iterator[tuple[str, Callable[[], object]]]:
    """The same files, each as something to do with a name that tells it from others."""
    for lora in spec.loras:
        if lora.weight != 0:
            yield lora.weights.model_dump_json(), partial(errands.lora, lora)
    for control in spec.controls:
        if control.weight > 0:
            yield f"{control.weights.model_dump_json()} {control.variant}", partial(errands.controlnet, control)
    for control in _mapped(spec):
        if control.preprocess and control.preprocessor is not None:
            yield control.preprocessor.model_dump_json(), partial(errands.annotator, control)
    if spec.safety is not None:
        yield spec.safety.model_dump_json(), partial(errands.safety_checker, spec.safety)


def _mapped(spec: JobSpec) -> list[ControlRef]:
    """Those whose map somebody sees or follows."""
    return [control for control in spec.controls if control.weight > 0 or spec.show_maps]


def _picture(redis: Redis, ref: InputRef) -> Image.Image:
    try:
        data = blobs.get_input(redis, ref)
    except blobs.BlobMissing as error:
        raise BadSpec(ErrorCode.INPUT_MISSING, f"{error} is gone") from None
    except blobs.BlobRejected as error:
        raise BadSpec(ErrorCode.INPUT_BROKEN, str(error)) from None
    return inputs.decode(data, ref)


def _check_safe(weights: Weights) -> None:
    """Before anything is fetched: pickles run what they like when they are opened."""
    name = weights.file or (weights.source if weights.source.startswith("https:") else "")
    if Path(name).suffix not in _SAFE:
        raise WeightsError(ErrorCode.WEIGHTS_UNSAFE, f"{name} is no .safetensors file", file=name)


def _check_family(base: str) -> None:
    if base != FAMILY:
        raise WeightsError(ErrorCode.WRONG_FAMILY, f"it was made for {base}, not for {FAMILY}", base=base)


@contextmanager
def _blaming(item: str) -> Iterator[None]:
    """Says which LoRA, ControlNet or safety checker it was."""
    try:
        yield
    except WeightsError as error:
        raise WeightsError(error.code, f"{item}: {error.detail}", **{**error.data, "item": item}) from error
