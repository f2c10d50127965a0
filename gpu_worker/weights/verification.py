"""Looks at weights before anything loads them: safetensors only, whole, and of the promised hash."""

import hashlib
import json
from pathlib import Path
from typing import BinaryIO

from tasks.errors import ErrorCode, WeightsError

PARTS = ("unet", "vae", "text_encoder", "text_encoder_2")

_HEADER_LIMIT_BYTES = 100 * 2**20  # as the safetensors library has it
_LENGTH_BYTES = 8
_CHUNK_BYTES = 4 * 2**20


def check_file(path: Path, *, sha256: str | None = None) -> None:
    """One weights file.

    Raises:
        WeightsError: it is no safetensors file, is cut short, or has another hash than promised.
    """
    if path.suffix != ".safetensors":
        raise _broken(path, "only .safetensors files are opened: other formats can carry code")
    with path.open("rb") as file:
        _check_length(path, file)
        if sha256 is not None:
            _check_hash(path, file, sha256)


def check_folder(folder: Path, *, variant: str | None) -> None:
    """A diffusers pipeline's folder.

    Raises:
        WeightsError: no pipeline is there, or one of its parts has no whole safetensors file.
    """
    if not (folder / "model_index.json").is_file():
        raise WeightsError(
            ErrorCode.UNKNOWN_MODEL, f"{folder} is no diffusers folder: it has no model_index.json", file=folder.name
        )
    for part in PARTS:
        files = weight_files(folder / part, variant=variant)
        if not files:
            suffix = f".{variant}.safetensors" if variant else ".safetensors"
            raise _broken(folder / part, f"holds no {suffix} file")
        for path in files:
            check_file(path)


def check_model(folder: Path, *, variant: str | None) -> None:
    """The folder of one diffusers model.

    Raises:
        WeightsError: no model is there, or it has no whole safetensors file.
    """
    if not (folder / "config.json").is_file():
        raise WeightsError(
            ErrorCode.UNKNOWN_MODEL, f"{folder} is no diffusers model: it has no config.json", file=folder.name
        )
    files = weight_files(folder, variant=variant)
    if not files:
        raise _broken(folder, "holds no .safetensors file of this variant")
    for path in files:
        check_file(path)


def check_safety_checker(folder: Path, *, sha256: str | None) -> None:
    """The folder of a safety checker; `sha256` is of its `model.safetensors`.

    Raises:
        WeightsError: something is missing, cut short, or has another hash than promised.
    """
    for name in ("config.json", "preprocessor_config.json", "model.safetensors"):
        if not (folder / name).is_file():
            raise _broken(folder / name, "a safety checker's folder must hold it")
    check_file(folder / "model.safetensors", sha256=sha256)


def check_pinned(path: Path, *, sha256: str | None) -> None:
    """A file of any format, known by its hash alone.

    Raises:
        WeightsError: it has another hash than promised, or none is promised.
    """
    if sha256 is None:
        raise _broken(path, "it is opened only where the registry pins its sha256")
    with path.open("rb") as file:
        _check_hash(path, file, sha256)


def weight_files(folder: Path, *, variant: str | None) -> list[Path]:
    """The weights of one part that a variant (None, "fp16") is loaded from; shards carry the variant in the middle."""
    files = sorted(folder.glob("*.safetensors"))
    with_variant = [path for path in files if ".fp16" in path.name]
    return with_variant if variant else [path for path in files if path not in with_variant]


def _check_length(path: Path, file: BinaryIO) -> None:
    """The header says where the last tensor ends; a download that stopped early is shorter.

    Source: github.com/huggingface/safetensors, "Format".
    """
    try:
        length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
        if not 0 < length <= _HEADER_LIMIT_BYTES:
            raise _broken(path, "its header is not that of a safetensors file")
        header = json.loads(file.read(length))
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        raise _broken(path, "its header is not that of a safetensors file") from None
    expected = _LENGTH_BYTES + length + max(ends, default=0)
    size = path.stat().st_size
    if size != expected:
        raise _broken(path, f"it has {size} bytes instead of {expected}")


def _check_hash(path: Path, file: BinaryIO, sha256: str) -> None:
    file.seek(0)
    digest = hashlib.sha256()
    while chunk := file.read(_CHUNK_BYTES):
        digest.update(chunk)
    if digest.hexdigest() != sha256:
        raise _broken(path, f"its sha256 is {digest.hexdigest()}, the registry promises {sha256}")


def _broken(path: Path, reason: str) -> WeightsError:
    return WeightsError(ErrorCode.WEIGHTS_BROKEN, f"{path}: {reason}", file=path.name, reason=reason)
