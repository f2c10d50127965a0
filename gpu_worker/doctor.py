"""`python -m gpu_worker doctor`: what works on this machine and what does not, with the remedy."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TextIO

from redis.exceptions import RedisError

from config.loading import Registry
from config.registry import Checkpoint, DeviceOptions
from config.settings import WorkerSettings
from gpu_worker import exit_codes
from gpu_worker.weights.fetcher import WeightsFetcher
from tasks.connections import connect

_GB = 1e9
_LIBRARIES = ("torch", "torchvision", "diffusers", "transformers", "peft", "safetensors", "controlnet-aux")
_PROBLEMS = 1


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `remedy` is empty where it works. `exit_code` is what the worker would end with."""

    name: str
    says: str
    remedy: str = ""
    exit_code: int = exit_codes.DONE

    @property
    def line(self) -> str:
        """For a terminal."""
        mark = "--" if self.remedy else "ok"
        return f"{mark}  {self.name:<10} {self.says}" + (f"\n    {'':<10} → {self.remedy}" if self.remedy else "")


def main(settings: WorkerSettings, registry: Registry, *, out: TextIO = sys.stdout) -> int:
    """Print all findings. The exit code: 0 where all works, 69 where the worker would end with it, else 1."""
    found = []
    for finding in examine(settings, registry):
        out.write(f"{finding.line}\n")
        out.flush()
        found.append(finding)
    codes = [each.exit_code or _PROBLEMS for each in found if each.remedy]
    return max(codes, default=exit_codes.DONE)


def examine(settings: WorkerSettings, registry: Registry) -> Iterator[Finding]:
    """One after the other, what is quick first."""
    profile = registry.profiles.get(settings.profile) if settings.profile else registry.profile
    options = profile.device if profile else DeviceOptions()
    warm = [registry.checkpoints[name] for name in (profile.warm if profile else ()) if name in registry.checkpoints]
    folder = settings.weights_dir or settings.data_dir / "weights"
    yield Finding("settings", f"worker {settings.worker_id}, profile {profile.id if profile else 'none'}")
    yield _redis(settings.broker_url)
    yield _disk(folder, sum(each.download_gb for each in warm))
    yield from _weights(WeightsFetcher(folder, roots=(settings.config_dir,)), warm)
    yield _libraries()
    yield from _device(options, is_rented=settings.container_id is not None)


def _redis(url: str) -> Finding:
    try:
        connect(url).ping()
    except (RedisError, OSError) as error:
        remedy = (
            "start it, or mend REDIS_URL (EASEL_WORKER_REDIS_URL on a rented machine); its user and password count too"
        )
        return Finding("redis", f"does not answer: {type(error).__name__}", remedy)
    return Finding("redis", "answers")


def _disk(folder: Path, needed_gb: float) -> Finding:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            free_gb = shutil.disk_usage(folder).free / _GB
    except OSError as error:
        remedy = "give this user the right to write there, or name another folder in EASEL_WEIGHTS_DIR"
        return Finding("disk", f"{folder} cannot be written to: {error.strerror}", remedy)
    says = f"{free_gb:.0f} GB free in {folder}"
    if free_gb < needed_gb:
        return Finding("disk", f"{says}; the profile's checkpoints take {needed_gb:.0f} GB", "make room, or warm fewer")
    return Finding("disk", says)


def _weights(fetcher: WeightsFetcher, warm: Iterable[Checkpoint]) -> Iterator[Finding]:
    for entry in warm:
        is_here = fetcher.is_here(entry)
        if not is_here and entry.source.startswith("file:"):
            yield Finding("weights", f"{entry.id}: {entry.source} is not on this machine", "put it there")
        else:
            place = "here" if is_here else f"not here yet, {entry.download_gb:g} GB will be fetched"
            yield Finding("weights", f"{entry.id}: {place}")


def _libraries() -> Finding:
    try:
        return Finding("libraries", ", ".join(f"{name} {version(name)}" for name in _LIBRARIES))
    except PackageNotFoundError as error:
        return Finding("libraries", f"{error.name} is not installed", "pip install -r requirements/gpu.in")


def _device(options: DeviceOptions, *, is_rented: bool) -> Iterator[Finding]:
    import torch  # noqa: PLC0415 - takes seconds

    from gpu_worker.device import Device, cuda_trouble  # noqa: PLC0415
    from gpu_worker.renderer import NoDevice  # noqa: PLC0415

    try:
        device = Device.best(options, is_rented=is_rented)
    except NoDevice as error:
        reason, _, remedy = str(error).partition("; ")
        yield Finding("device", reason, remedy or "take another machine", exit_codes.NO_DEVICE)
        return
    state = device.state()
    trouble = f" ({cuda_trouble()})" if device.kind == "cpu" else ""
    memory = f"{state.memory_used_gb:.1f} of {state.memory_total_gb:.1f} GB in use"
    yield Finding("device", f"{state.name}, {memory}{trouble}")
    yield _works(f"{str(device.dtype).removeprefix('torch.')}", lambda: _compute(torch, device.kind, device.dtype))


def _works(what: str, attempt: Callable[[], None]) -> Finding:
    try:
        attempt()
    except (RuntimeError, NotImplementedError) as error:
        says = f"{what} does not compute: {str(error).splitlines()[0][:150]}"
        return Finding("dtype", says, "choose another `dtype` under `[device]` in the profile")
    return Finding("dtype", f"{what} computes")


def _compute(torch: Any, kind: str, dtype: Any) -> None:
    """What a UNet is made of: a product of matrices, a convolution, attention."""
    one = torch.ones(1, 8, 16, 16, device=kind, dtype=dtype)
    torch.nn.functional.conv2d(one, torch.ones(8, 8, 3, 3, device=kind, dtype=dtype))
    torch.nn.functional.scaled_dot_product_attention(one, one, one)
    (one @ one).sum().item()
