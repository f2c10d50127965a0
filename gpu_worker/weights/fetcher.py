"""Brings a checkpoint's files to this machine and checks them, once per process and checkpoint.

Sources: `file:` an absolute path, or one relative to the working directory (the checkout's root) or, where it is not
there, to the configuration folder; `huggingface:owner/repository`; `https://…` for single files.
"""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from config.registry import Weights
from gpu_worker.renderer import CheckpointFiles
from gpu_worker.weights import verification
from gpu_worker.weights.https import HttpsFiles
from gpu_worker.weights.huggingface import HuggingFace
from tasks.errors import ErrorCode, WeightsError
from tasks.schema import CheckpointRef

# What a single file's tensors mean, where its registry entry names no `config` of its own: SDXL's.
SDXL_CONFIG = Weights(
    source="huggingface:stabilityai/stable-diffusion-xl-base-1.0",
    revision="462165984030d82259a11f4367a4eed129e94a7b",
)


class WeightsFetcher:
    """Thread-safe; one download at a time, as several would only share the line."""

    def __init__(self, weights_dir: Path, *, roots: Sequence[Path] = (), hf_token: str | None = None) -> None:
        self._roots = (Path.cwd(), *roots)
        self._hub = HuggingFace(weights_dir / "huggingface", token=hf_token)
        self._web = HttpsFiles(weights_dir / "https")
        self._known: dict[str, CheckpointFiles] = {}
        self._known_paths: dict[str, Path] = {}
        self._lock = threading.Lock()

    def checkpoint(self, ref: CheckpointRef) -> CheckpointFiles:
        """Verified files of a checkpoint.

        Raises:
            WeightsError: unknown, unreachable or broken, with the file or source that is meant.
        """
        key = ref.model_dump_json()
        with self._lock:
            files = self._known.get(key)
            if files is None or not files.weights.exists():
                files = self._known[key] = self._fetch(ref)
            return files

    def file(self, weights: Weights) -> Path:
        """One verified safetensors file: a LoRA. Raises as `checkpoint` does."""
        return self._once(f"file {weights.model_dump_json()}", lambda: self._file(weights))

    def model(self, weights: Weights, *, variant: str | None) -> Path:
        """A verified diffusers folder of one model: a ControlNet. Raises as `checkpoint` does."""
        return self._once(f"model {variant} {weights.model_dump_json()}", lambda: self._model(weights, variant))

    def pinned(self, weights: Weights) -> Path:
        """One file of any format, of exactly the hash that the registry pins: an annotator's weights.

        Raises:
            WeightsError: as `checkpoint` does, and where no hash is pinned.
        """
        return self._once(f"pinned {weights.model_dump_json()}", lambda: self._pinned(weights))

    def _once(self, key: str, fetch: Callable[[], Path]) -> Path:
        with self._lock:
            path = self._known_paths.get(key)
            if path is None or not path.exists():
                path = self._known_paths[key] = fetch()
            return path

    def _model(self, weights: Weights, variant: str | None) -> Path:
        scheme, rest = _parts(weights)
        is_hub = scheme == "huggingface"
        folder = self._hub.model(rest, revision=weights.revision, variant=variant) if is_hub else self._local(weights)
        verification.check_model(folder, variant=variant)
        return folder

    def _pinned(self, weights: Weights) -> Path:
        scheme, rest = _parts(weights)
        if scheme == "huggingface":
            path = self._hub.file(rest, _required_file(weights), revision=weights.revision)
        else:
            path = self._web.file(weights.source) if scheme == "https" else self._local(weights)
        verification.check_pinned(path, sha256=weights.sha256)
        return path

    def _fetch(self, ref: CheckpointRef) -> CheckpointFiles:
        is_folder = ref.format == "folder"
        return CheckpointFiles(
            weights=self._pipeline(ref) if is_folder else self._file(ref.weights),
            config=None if is_folder else self._configs(ref.config or SDXL_CONFIG),
            vae=self._vae(ref.vae) if ref.vae else None,
            fused_lora=self._file(ref.fused_lora) if ref.fused_lora else None,
        )

    def _pipeline(self, ref: CheckpointRef) -> Path:
        scheme, rest = _parts(ref.weights)
        if scheme == "huggingface":
            folder = self._hub.pipeline(rest, revision=ref.weights.revision, variant=ref.variant)
        else:
            folder = self._local(ref.weights)
        verification.check_folder(folder, variant=ref.variant)
        return folder

    def _configs(self, weights: Weights) -> Path:
        scheme, rest = _parts(weights)
        return self._hub.configs(rest, revision=weights.revision) if scheme == "huggingface" else self._local(weights)

    def _vae(self, weights: Weights) -> Path:
        scheme, rest = _parts(weights)
        if weights.file is not None:
            return self._file(weights)
        is_hub = scheme == "huggingface"
        folder = self._hub.model(rest, revision=weights.revision) if is_hub else self._local(weights)
        if folder.is_dir():
            for path in verification.weight_files(folder, variant=None):
                verification.check_file(path)
        return folder

    def _file(self, weights: Weights) -> Path:
        """One file, checked for its hash."""
        scheme, rest = _parts(weights)
        if scheme == "huggingface":
            path = self._hub.file(rest, _required_file(weights), revision=weights.revision)
        elif scheme == "https":
            path = self._web.file(weights.source)
        else:
            path = self._local(weights)
        try:
            verification.check_file(path, sha256=weights.sha256)
        except WeightsError:
            if scheme == "https":
                path.unlink()  # fetched again next time; broken bytes would stay for ever
            raise
        return path

    def _local(self, weights: Weights) -> Path:
        scheme, rest = _parts(weights)
        if scheme != "file":
            raise WeightsError(
                ErrorCode.WEIGHTS_UNREACHABLE,
                f"{scheme}: is no source for this; a worker takes huggingface:, file: and, for single files, https:",
                source=f"{scheme}:",
            )
        wanted = Path(rest) / weights.file if weights.file else Path(rest)
        for root in self._roots:
            if (root / wanted).exists():
                return root / wanted
        raise WeightsError(
            ErrorCode.UNKNOWN_MODEL, f"file:{wanted} is not on this machine", source=f"file:{wanted}", file=wanted.name
        )


def _parts(weights: Weights) -> tuple[str, str]:
    scheme, _, rest = weights.source.partition(":")
    return scheme, rest


def _required_file(weights: Weights) -> str:
    if weights.file is None:
        raise WeightsError(
            ErrorCode.UNKNOWN_MODEL,
            f"{weights.source}: a single file is wanted, but the entry names no `file`",
            source=weights.source,
        )
    return weights.file
