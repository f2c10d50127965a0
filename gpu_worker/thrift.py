"""How a picture is drawn with less memory than usual: slower, and the same but for the last bits."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import torch

_TILE_PIXELS = 512


@contextmanager
def thrifty(vae: Any, networks: Iterable[Any]) -> Iterator[None]:
    """The VAE works in tiles, and each network computes the samples of its batch one after the other."""
    with ExitStack() as stack:
        stack.enter_context(tiled(vae))
        for network in dict.fromkeys(networks):  # a job may follow one ControlNet twice
            stack.enter_context(one_by_one(network))
        yield


@contextmanager
def tiled(vae: Any) -> Iterator[None]:
    """Tiles of 512 pixels. diffusers' own are as large as the VAE was trained on: 1024, all of a usual picture."""
    before = {name: getattr(vae, name) for name in ("use_tiling", "tile_sample_min_size", "tile_latent_min_size")}
    scale = vae.tile_sample_min_size // vae.tile_latent_min_size
    vae.tile_sample_min_size = min(_TILE_PIXELS, vae.tile_sample_min_size)
    vae.tile_latent_min_size = vae.tile_sample_min_size // scale
    vae.enable_tiling()
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(vae, name, value)


@contextmanager
def one_by_one(network: Any) -> Iterator[None]:
    """With guidance a network sees each step's latents twice, with and without the prompt: that is its batch.

    Only what one sample needs is in memory at a time. `network` is any of diffusers' whose first argument is the
    batch and which returns tensors, lists or tuples of them; nobody else may use it meanwhile.
    """
    network.forward = partial(_each_alone, network.forward)  # hides the class' own
    try:
        yield
    finally:
        del network.forward


def _each_alone(forward: Any, *args: Any, **options: Any) -> Any:
    size = len(args[0])
    if size == 1:
        return forward(*args, **options)
    return _joined([forward(*_sample(args, number, size), **_sample(options, number, size)) for number in range(size)])


def _sample(value: Any, number: int, size: int) -> Any:
    """What belongs to one sample; what is no batch belongs to all."""
    if isinstance(value, torch.Tensor):
        return value[number : number + 1] if value.ndim > 0 and len(value) == size else value
    if isinstance(value, list | tuple):
        return type(value)(_sample(each, number, size) for each in value)
    if isinstance(value, dict):
        return {name: _sample(each, number, size) for name, each in value.items()}
    return value


def _joined(parts: list[Any]) -> Any:
    if isinstance(parts[0], torch.Tensor):
        return torch.cat(parts)
    return type(parts[0])(_joined(list(each)) for each in zip(*parts, strict=True))
