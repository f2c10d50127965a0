"""What a profile's `device` options do to a loaded checkpoint and around each drawing.

Nothing here is on by default: each option may change a picture's last bits.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import structlog
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from config.registry import DeviceOptions
from gpu_worker import thrift

log = structlog.get_logger()

# diffusers' own switch (`set_attention_backend`) changes nothing in SDXL's UNet: its processor calls PyTorch directly.
# PyTorch's own switch does.
_BACKENDS = {
    "flash": SDPBackend.FLASH_ATTENTION,
    "efficient": SDPBackend.EFFICIENT_ATTENTION,
    "cudnn": SDPBackend.CUDNN_ATTENTION,
    "math": SDPBackend.MATH,
}


def prepare(parts: Mapping[str, Any], options: DeviceOptions, *, compiler: str = "inductor") -> None:
    """Once, after a checkpoint is on the device: memory layout and compilation.

    Regional: SDXL's transformer blocks share one compiled form, so it takes seconds and not minutes.
    """
    if options.channels_last:
        for name in ("unet", "vae"):
            parts[name].to(memory_format=torch.channels_last)
    if options.compile == "regional":
        parts["unet"].compile_repeated_blocks(backend=compiler, dynamic=None)


@contextmanager
def drawing(parts: Mapping[str, Any], options: DeviceOptions, *, pixels: int) -> Iterator[None]:
    """Around the drawing of one job: attention, and a tiled VAE for pictures of more than so many pixels."""
    with ExitStack() as stack:
        if options.attention != "auto":
            # The chosen one first; where it cannot do a shape, PyTorch's plain one can.
            backends = list(dict.fromkeys([_BACKENDS[options.attention], SDPBackend.MATH]))
            stack.enter_context(sdpa_kernel(backends, set_priority=True))
        if options.vae_tiling_above_pixels is not None and pixels > options.vae_tiling_above_pixels:
            stack.enter_context(thrift.tiled(parts["vae"]))
        yield
