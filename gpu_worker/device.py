"""The device that torch sees: which one, in what precision, how full."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import torch

from config.registry import DeviceOptions
from gpu_worker.renderer import DeviceState

_GB = 1e9
_DTYPES = {"float16": torch.float16, "bfloat16": torch.bfloat16, "float32": torch.float32}
_WORKING_MEMORY_BYTES = 5 * 10**9  # a VAE decode of two megapixels and the CUDA context


@dataclass(frozen=True)
class Device:
    """fp16 on CUDA, fp32 on the CPU (where fp16 is slow and exactness is what tests want)."""

    kind: str
    dtype: torch.dtype
    options: DeviceOptions = field(default_factory=DeviceOptions)

    @classmethod
    def best(cls, options: DeviceOptions | None = None) -> "Device":
        """The first CUDA device, or the CPU, as the profile wants it used."""
        options = options or DeviceOptions()
        kind = "cuda" if torch.cuda.is_available() else "cpu"
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
        """Give memory that nobody uses back to the device."""
        if self.kind == "cuda":
            torch.cuda.empty_cache()


def _machine_memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _own_memory_bytes() -> int:
    resident_pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return resident_pages * os.sysconf("SC_PAGE_SIZE")
