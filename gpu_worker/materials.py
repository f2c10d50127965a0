"""Gathers what a job needs beside its checkpoint, while another job may have the device."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from PIL import Image
from redis import Redis

from config.registry import Weights
from gpu_worker import inputs
from gpu_worker.renderer import Materials
from tasks import blobs
from tasks.errors import BadSpec, ErrorCode, WeightsError
from tasks.schema import ControlRef, InputRef, JobSpec, LoraRef

FAMILY = "sdxl"
_SAFE = (".safetensors", "")


class Companions(Protocol):
    """Brings checked files to this machine."""

    def file(self, weights: Weights) -> Path: ...

    def model(self, weights: Weights, *, variant: str | None) -> Path: ...

    def pinned(self, weights: Weights) -> Path: ...


def gather(spec: JobSpec, redis: Redis, fetcher: Companions) -> Materials:
    """Pictures from Redis, decoded, and files on disk. What has weight 0 is not there and is not fetched.

    Raises:
        BadSpec: a picture is gone, broken or too large, or a map cannot be made.
        WeightsError: a LoRA or ControlNet is unknown, unreachable, broken, unsafe or of another family; `data["item"]`
            names it.
    """
    controls = [control for control in spec.controls if control.weight > 0 or spec.show_maps]
    return Materials(
        inputs={ref.sha256: _picture(redis, ref) for ref in spec.inputs},
        loras={lora.id: _lora(lora, fetcher) for lora in spec.loras if lora.weight != 0},
        controlnets={control.id: _controlnet(control, fetcher) for control in controls if control.weight > 0},
        annotators=dict(_annotators(controls, fetcher)),
    )


def _picture(redis: Redis, ref: InputRef) -> Image.Image:
    try:
        data = blobs.get_input(redis, ref)
    except blobs.BlobMissing as error:
        raise BadSpec(ErrorCode.INPUT_MISSING, f"{error} is gone") from None
    except blobs.BlobRejected as error:
        raise BadSpec(ErrorCode.INPUT_BROKEN, str(error)) from None
    return inputs.decode(data, ref)


def _lora(lora: LoraRef, fetcher: Companions) -> Path:
    with _blaming(lora.id):
        _check_safe(lora.weights)
        _check_family(lora.base)
        return fetcher.file(lora.weights)


def _controlnet(control: ControlRef, fetcher: Companions) -> Path:
    with _blaming(control.id):
        _check_safe(control.weights)
        _check_family(control.base)
        return fetcher.model(control.weights, variant=control.variant)


def _annotators(controls: Sequence[ControlRef], fetcher: Companions) -> Iterator[tuple[str, Sequence[Path]]]:
    for control in controls:
        if control.preprocess and control.preprocessor is not None:
            with _blaming(control.id):
                yield control.preprocessor.id, [fetcher.pinned(each) for each in control.preprocessor.files]


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
    """Says which LoRA or ControlNet it was."""
    try:
        yield
    except WeightsError as error:
        raise WeightsError(error.code, f"{item}: {error.detail}", **{**error.data, "item": item}) from error
