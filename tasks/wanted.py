"""Which files an order needs, by where its weights come from. Pure."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from config.registry import Weights
from tasks.schema import CheckpointRef

_TOKENIZER = ("vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json", "tokenizer.json")
_WEIGHTS = {
    "unet": "diffusion_pytorch_model",
    "vae": "diffusion_pytorch_model",
    "text_encoder": "model",
    "text_encoder_2": "model",
}
CONFIG_FILES = (
    "model_index.json",
    "scheduler/scheduler_config.json",
    *(f"{part}/config.json" for part in _WEIGHTS),
    *(f"{folder}/{name}" for folder in ("tokenizer", "tokenizer_2") for name in _TOKENIZER),
)


def weight_paths(variant: str | None) -> tuple[str, ...]:
    """The weights of a diffusers pipeline's folder; one that is split into shards has other names and is not known."""
    suffix = f".{variant}.safetensors" if variant else ".safetensors"
    return tuple(f"{part}/{name}{suffix}" for part, name in _WEIGHTS.items())


def files_of(order: Any) -> Iterator[tuple[Weights, tuple[str, ...]]]:
    """(source, paths inside it) of everything that an order draws with; an empty path is the source itself.

    `config` folders are public and left out, and so are folders that are no whole pipeline.
    """
    if isinstance(order, CheckpointRef) and order.format == "folder":
        yield order.weights, (*weight_paths(order.variant), *CONFIG_FILES)
        yield from _inside(order, leave_out={"weights", "config"})
    elif isinstance(order, CheckpointRef):
        yield from _inside(order, leave_out={"config"})
    elif isinstance(order, Weights):
        if order.file is not None or not order.source.startswith("huggingface:"):
            yield order, (order.file or "",)
    elif isinstance(order, BaseModel):
        yield from _inside(order, leave_out=set())
    elif isinstance(order, list | tuple):
        for each in order:
            yield from files_of(each)


def _inside(model: BaseModel, *, leave_out: set[str]) -> Iterator[tuple[Weights, tuple[str, ...]]]:
    for name in type(model).model_fields:
        if name not in leave_out:
            yield from files_of(getattr(model, name))
