"""What is pushed to workers: our code for them and the registry as it is now, as one archive without any secret."""

import gzip
import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
# As in the image: the ledger is not even there.
_PACKAGES = ("config", "tasks", "gpu_worker")
_CLOSED = ("tasks/ledger/",)
_FOLDERS = ("models", "controlnets", "loras", "preprocessors", "lora_sets", "profiles")
MAX_BYTES = 16 * 2**20


@dataclass(frozen=True)
class Bundle:
    """The archive, and how many files of each kind are in it."""

    content: bytes
    code_files: int
    registry_files: int


def build(config_dir: Path, *, profile: str) -> Bundle:
    """The same files give the same bytes, so that the name of a release says what is in it.

    Raises:
        ValueError: where it is larger than what is sent through Redis.
    """
    code = {str(path.relative_to(ROOT)): path.read_bytes() for path in _code()}
    registry = {f"registry/{path.relative_to(config_dir)}": path.read_bytes() for path in _registry(config_dir)}
    # Caps and instances of one's own are nobody's business there.
    registry["registry/fleet.toml"] = f'profile = "{profile}"\n'.encode()
    content = _archive(code | registry)
    if len(content) > MAX_BYTES:
        message = f"code and registry are {len(content) / 2**20:.0f} MB packed; at most {MAX_BYTES // 2**20} are pushed"
        raise ValueError(message)
    return Bundle(content, len(code), len(registry))


def _code() -> Iterator[Path]:
    for package in _PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if path.suffix in {".py", ".toml"} and not name.startswith(_CLOSED):
                yield path


def _registry(config_dir: Path) -> Iterator[Path]:
    for folder in _FOLDERS:
        yield from sorted((config_dir / folder).rglob("*.toml"))


def _archive(files: dict[str, bytes]) -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(plain.getvalue(), mtime=0)
