"""The device that torch sees: which one, in what precision, how full."""

import gc
import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog
import torch

from config.registry import DeviceOptions
from gpu_worker.renderer import DeviceState, NoDevice

log = structlog.get_logger()

_GB = 1e9
_DTYPES = {"float16": torch.float16, "bfloat16": torch.bfloat16, "float32": torch.float32}
_DRIVER = Path("/proc/driver/nvidia/version")
# How CUDA and its libraries say it where torch's allocator does not.
_FULL = ("CUDA error: out of memory", "_ALLOC_FAILED", "ALLOCATION_FAILED")
_WORKING_MEMORY_BYTES = 5 * 10**9  # a VAE decode of two megapixels and the CUDA context


@dataclass(frozen=True)
class Device:
    """fp16 on CUDA, fp32 on the CPU (where fp16 is slow and exactness is what tests want)."""

    kind: str
    dtype: torch.dtype
    options: DeviceOptions = field(default_factory=DeviceOptions)

    @classmethod
    def best(cls, options: DeviceOptions | None = None, *, is_rented: bool = False) -> "Device":
        """The first CUDA device, or the CPU, as the profile wants it used.

        Raises:
            NoDevice: a GPU is wanted, or paid for, and cannot be used.
        """
        options = options or DeviceOptions()
        kind = options.kind
        if kind == "auto":
            kind = "cuda" if is_rented or torch.cuda.is_available() else "cpu"
            if kind == "cpu" and _driver_version() is not None:
                log.warning("drawing on the CPU though a GPU is here", reason=cuda_trouble())
        reason = cuda_trouble() if kind == "cuda" else None
        if reason is not None:
            raise NoDevice(reason)
        usual = torch.float16 if kind == "cuda" else torch.float32
        return cls(kind, _DTYPES.get(options.dtype, usual), options)

    @property
    def cache_budget_bytes(self) -> int:
        """Memory that checkpoints may fill."""
        if self.options.cache_gb is not None:
            return int(self.options.cache_gb * _GB)
        if self.kind == "cuda":
            total: int = torch.cuda.get_device_properties(0).total_memory
            return max(total - _WORKING_MEMORY_BYTES, total // 2)
        return _machine_memory_bytes() // 2

    def state(self) -> DeviceState:
        """Name and memory for the heartbeat."""
        if self.kind == "cuda":
            free, total = torch.cuda.mem_get_info()
            name = torch.cuda.get_device_name(0)
            return DeviceState(name, is_cpu=False, memory_total_gb=total / _GB, memory_used_gb=(total - free) / _GB)
        used = _own_memory_bytes()
        return DeviceState("CPU", is_cpu=True, memory_total_gb=_machine_memory_bytes() / _GB, memory_used_gb=used / _GB)

    def free_unused(self) -> None:
        """Give memory that nobody uses back to the device, also what only cycles of dead objects hold."""
        gc.collect()
        if self.kind == "cuda":
            torch.cuda.empty_cache()


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether it did not fit; then less may fit, and the CUDA context lives."""
    return isinstance(error, torch.OutOfMemoryError) or any(words in str(error) for words in _FULL)


def cuda_trouble() -> str | None:
    """Why the GPU cannot be used, with the remedy; None where it can."""
    version, driver = torch.version.cuda, _driver_version()
    if version is None:
        return f"this PyTorch ({torch.__version__}) is built for the CPU alone; install the one for CUDA"
    if not torch.cuda.is_available():
        if driver is None:
            return "no NVIDIA driver is here; take a machine with one, and a container that may see the GPU"
        return (
            f"this PyTorch is built for CUDA {version} and NVIDIA driver {driver} is too old for it or broken; take a "
            "machine with a newer one (`min_cuda` in the profile)"
        )
    try:
        torch.ones(8, device="cuda").sum().item()
    except RuntimeError as error:  # a card that this build has no kernels for
        return f"{torch.cuda.get_device_name(0)} does not compute with this PyTorch: {str(error).splitlines()[0][:200]}"
    return None


def _driver_version() -> str | None:
    with suppress(OSError):
        found = re.search(r"\b\d{3}\.\d+(\.\d+)?\b", _DRIVER.read_text(encoding="ascii"))
        return found[0] if found else None
    return None


def _machine_memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _own_memory_bytes() -> int:
    resident_pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return resident_pages * os.sysconf("SC_PAGE_SIZE")
