"""Brings a checkpoint's files to this machine and checks them.

Sources: `huggingface:owner/repository`, `civitai:<version>`, `https://…`, `s3:bucket/key`, `gs:bucket/key`,
`upload:<sha256>` (through Redis) and `file:` (an absolute path, or one relative to the working directory, the
checkout's root, or, where it is not there, to the configuration folder). A signed link that came with a job is
preferred to all of these but the last two.
"""

import shutil
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from config.registry import Weights
from gpu_worker.renderer import CheckpointFiles
from gpu_worker.weights import addresses, verification
from gpu_worker.weights.addresses import Endpoints
from gpu_worker.weights.answers import Remote
from gpu_worker.weights.download import Downloader, Listener
from gpu_worker.weights.huggingface import HuggingFace
from gpu_worker.weights.links import LinkBook
from gpu_worker.weights.names import SAFETENSORS, check_name, stored_name
from gpu_worker.weights.store import Pin, Store
from gpu_worker.weights.uploads import NoUploads
from gpu_worker.weights.web import Downloads, Errand, WebFiles, unheard
from tasks.errors import ErrorCode, WeightsError
from tasks.schema import CheckpointRef, SignedLink

# What a single file's tensors mean, where its registry entry names no `config` of its own: SDXL's.
SDXL_CONFIG = Weights(
    source="huggingface:stabilityai/stable-diffusion-xl-base-1.0",
    revision="462165984030d82259a11f4367a4eed129e94a7b",
)
_COMPLETE = ".complete"
_RECENT = 32


class WeightsFetcher:
    """Thread-safe, and safe beside other workers on the same folder.

    What it returns stays on disk as long as somebody holds the returned object.
    """

    def __init__(
        self,
        weights_dir: Path,
        *,
        roots: Sequence[Path] = (),
        endpoints: Endpoints | None = None,
        limit_bytes: int | None = None,
        downloader: Downloader | None = None,
        uploads: Downloads | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._roots = (Path.cwd(), *roots)
        self._endpoints = endpoints or Endpoints()
        self._store = Store(weights_dir, limit_bytes=limit_bytes)
        self._hub = HuggingFace(self._store, self._endpoints)
        self._web = WebFiles(self._store, downloader or Downloader())
        self._uploaded = WebFiles(self._store, uploads or NoUploads(), self._web.line)
        self._links = LinkBook(now=now)
        self._recent_pins: deque[Pin] = deque(maxlen=_RECENT)
        self._known: weakref.WeakValueDictionary[str, CheckpointFiles] = weakref.WeakValueDictionary()

    def learn(self, links: Iterable[SignedLink]) -> None:
        """Use these links where they lead to what is asked for."""
        self._links.learn(links)

    def checkpoint(self, ref: CheckpointRef, *, listen: Listener = unheard, is_ahead: bool = False) -> CheckpointFiles:
        """Verified files of a checkpoint. What is fetched ahead gives way to what a job waits for.

        Raises:
            WeightsError: unknown, unreachable or broken, with the file or source that is meant.
        """
        key = ref.model_dump_json()
        files = self._known.get(key)
        if files is None or not files.weights.exists():
            with _disk_errors(ref.weights):
                files = self._known[key] = self._fetch(ref, Errand(listen, is_ahead))
        return files

    def file(self, weights: Weights, *, listen: Listener = unheard, is_ahead: bool = False) -> Path:
        """One verified safetensors file: a LoRA. Raises as `checkpoint` does."""
        with _disk_errors(weights):
            return self._recent(lambda errand: self._file(weights, errand), Errand(listen, is_ahead))

    def model(
        self, weights: Weights, *, variant: str | None = None, listen: Listener = unheard, is_ahead: bool = False
    ) -> Path:
        """A verified diffusers folder of one model: a ControlNet. Raises as `checkpoint` does."""
        with _disk_errors(weights):
            return self._recent(lambda errand: self._model(weights, variant, errand), Errand(listen, is_ahead))

    def pinned(self, weights: Weights, *, listen: Listener = unheard, is_ahead: bool = False) -> Path:
        """One file of any format, of exactly the hash that the registry pins: an annotator's weights.

        Raises:
            WeightsError: as `checkpoint` does, and where no hash is pinned.
        """
        with _disk_errors(weights):
            return self._recent(lambda errand: self._pinned(weights, errand), Errand(listen, is_ahead))

    def safety_checker(self, weights: Weights, *, listen: Listener = unheard, is_ahead: bool = False) -> Path:
        """A verified folder of a safety checker with its image processor. Raises as `checkpoint` does."""
        with _disk_errors(weights):
            return self._recent(lambda errand: self._safety_checker(weights, errand), Errand(listen, is_ahead))

    def is_here(self, weights: Weights) -> bool:
        """Whether something of it is on this machine's disk already; whole or not only fetching it tells."""
        scheme, rest = _parts(weights)
        if scheme == "file":
            return any((root / rest / (weights.file or "")).exists() for root in self._roots)
        if scheme == "huggingface" and (self._store.directory / self._store.hub_unit(rest)).exists():
            return True
        key = addresses.place_key(weights.source, revision=weights.revision, path=weights.file or "")
        return self._store.place(key)[1].exists()

    def _recent(self, fetch: Callable[[Errand], Path], errand: Errand) -> Path:
        """Nobody holds these files; the last few fetched stay on disk, which is more than the jobs in hand use."""
        try:
            return fetch(errand)
        finally:
            self._recent_pins.extend(errand.pins)

    def _model(self, weights: Weights, variant: str | None, errand: Errand) -> Path:
        scheme, rest = _parts(weights)
        if scheme == "huggingface":
            folder = self._hub.model(rest, revision=weights.revision, variant=variant, errand=errand)
        else:
            folder = self._local(weights)
        verification.check_model(folder, variant=variant)
        return folder

    def _safety_checker(self, weights: Weights, errand: Errand) -> Path:
        scheme, rest = _parts(weights)
        if scheme == "huggingface":
            folder = self._hub.safety_checker(rest, revision=weights.revision, errand=errand)
        else:
            folder = self._local(weights)
        verification.check_safety_checker(folder, sha256=weights.sha256)
        return folder

    def _pinned(self, weights: Weights, errand: Errand) -> Path:
        scheme, rest = _parts(weights)
        if scheme == "huggingface":
            path = self._hub.file(rest, _required_file(weights), revision=weights.revision, errand=errand)
        elif scheme == "file":
            path = self._local(weights)
        else:
            key = addresses.place_key(weights.source, revision=weights.revision, path=weights.file or "")
            remote = lambda: self._remote(weights, weights.file or "", any_kind=True)  # noqa: E731 - as below
            files = self._uploaded if scheme == "upload" else self._web
            path = files.file(key, addresses.file_name(weights), remote, errand, is_safetensors=False)
        verification.check_pinned(path, sha256=weights.sha256)
        return path

    def _file(self, weights: Weights, errand: Errand) -> Path:
        """One safetensors file, checked for its hash; it stays on disk as long as the errand's pins live."""
        scheme, rest = _parts(weights)
        if scheme == "file":
            path = self._local(weights)
            verification.check_file(path, sha256=weights.sha256)
            return path
        name = addresses.file_name(weights)
        check_name(name, shown=addresses.shown(weights))
        if scheme == "huggingface" and not self._is_linked(weights, _required_file(weights)):
            path = self._hub.file(rest, _required_file(weights), revision=weights.revision, errand=errand)
            verification.check_file(path, sha256=weights.sha256)
            return path
        key = addresses.place_key(weights.source, revision=weights.revision, path=weights.file or "")
        remote = lambda: self._remote(weights, weights.file or "")  # noqa: E731 - asked only if it is not here
        if scheme == "upload":
            return self._uploaded.file(key, stored_name(name), remote, errand, sha256=rest)
        return self._web.file(key, stored_name(name), remote, errand, sha256=weights.sha256)

    def _fetch(self, ref: CheckpointRef, errand: Errand) -> CheckpointFiles:
        is_folder = ref.format == "folder"
        return CheckpointFiles(
            weights=self._pipeline(ref, errand) if is_folder else self._file(ref.weights, errand),
            config=None if is_folder else self._configs(ref.config or SDXL_CONFIG, errand),
            vae=self._vae(ref.vae, errand) if ref.vae else None,
            fused_lora=self._file(ref.fused_lora, errand) if ref.fused_lora else None,
            pins=tuple(errand.pins),
        )

    def _pipeline(self, ref: CheckpointRef, errand: Errand) -> Path:
        scheme, rest = _parts(ref.weights)
        if scheme == "file":
            folder = self._local(ref.weights)
        elif linked := self._linked_folder(ref, errand):
            folder = linked
        elif scheme == "huggingface":
            folder = self._hub.pipeline(rest, revision=ref.weights.revision, variant=ref.variant, errand=errand)
        else:
            raise _no_folder(scheme)
        verification.check_folder(folder, variant=ref.variant)
        return folder

    def _configs(self, weights: Weights, errand: Errand) -> Path:
        scheme, rest = _parts(weights)
        if scheme == "huggingface":
            return self._hub.configs(rest, revision=weights.revision, errand=errand)
        return self._local(weights)

    def _vae(self, weights: Weights, errand: Errand) -> Path:
        scheme, rest = _parts(weights)
        if weights.file is not None or scheme not in {"huggingface", "file"}:
            return self._file(weights, errand)
        is_hub = scheme == "huggingface"
        folder = self._hub.model(rest, revision=weights.revision, errand=errand) if is_hub else self._local(weights)
        if folder.is_dir():
            for path in verification.weight_files(folder, variant=None):
                verification.check_file(path)
        return folder

    def _linked_folder(self, ref: CheckpointRef, errand: Errand) -> Path | None:
        """A pipeline's folder from signed links; None where there are none, and none were there before."""
        weights = ref.weights
        key = addresses.place_key(weights.source, revision=weights.revision, path="")
        _, folder = self._store.place(key)
        paths = self._links.paths(weights)
        is_complete = (folder / _COMPLETE).exists()
        if not paths and not is_complete:
            return None
        for path in [] if is_complete else paths:
            self._optional_file(weights, key, path, errand)
        if not (folder / "model_index.json").exists():  # the Hub signs only what lies in its large-file store
            configs = self._configs(ref.config or SDXL_CONFIG, errand)
            shutil.copytree(configs, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.safetensors"))
        errand.pins.append(self._store.pin(self._store.place(key)[0]))
        (folder / _COMPLETE).touch()
        return folder

    def _optional_file(self, weights: Weights, key: str, path: str, errand: Errand) -> None:
        """Links are made for every file that a pipeline may have; check_folder finds what is missing."""
        try:
            is_safetensors = path.endswith(SAFETENSORS)
            self._web.file(key, path, lambda: self._remote(weights, path), errand, is_safetensors=is_safetensors)
        except WeightsError as error:
            if error.code is not ErrorCode.UNKNOWN_MODEL:
                raise

    def _is_linked(self, weights: Weights, path: str) -> bool:
        key = addresses.place_key(weights.source, revision=weights.revision, path=path)
        stored = self._store.place(key)[1] / stored_name(addresses.file_name(weights))
        return stored.exists() or self._links.url(weights, path) is not None

    def _remote(self, weights: Weights, path: str, *, any_kind: bool = False) -> Remote:
        shown = addresses.shown(weights)
        link = self._links.url(weights, path)
        if link is not None:
            return Remote(link, shown, any_kind=any_kind)
        scheme = _parts(weights)[0]
        address = addresses.public_address(weights, path, self._endpoints)
        return Remote(address, shown, self._endpoints.tokens.get(scheme), any_kind=any_kind)

    def _local(self, weights: Weights) -> Path:
        scheme, rest = _parts(weights)
        if scheme != "file":
            raise _no_folder(scheme)
        wanted = Path(rest) / weights.file if weights.file else Path(rest)
        for root in self._roots:
            if (root / wanted).exists():
                return root / wanted
        raise WeightsError(
            ErrorCode.UNKNOWN_MODEL, f"file:{wanted} is not on this machine", source=f"file:{wanted}", file=wanted.name
        )


@contextmanager
def _disk_errors(weights: Weights) -> Iterator[None]:
    """A folder without rights, a disk that fails: another machine may do better, and this one goes on."""
    try:
        yield
    except OSError as error:
        shown, reason = addresses.shown(weights), error.strerror or type(error).__name__
        raise WeightsError(
            ErrorCode.WEIGHTS_UNREACHABLE,
            f"{shown}: this machine's disk says: {reason}: {error.filename or 'no file named'}",
            source=shown,
            reason=reason,
        ) from error


def _parts(weights: Weights) -> tuple[str, str]:
    scheme, _, rest = weights.source.partition(":")
    return scheme, rest


def _no_folder(scheme: str) -> WeightsError:
    return WeightsError(
        ErrorCode.WEIGHTS_UNREACHABLE,
        f"{scheme}: gives folders only through signed links; without them a folder comes from huggingface: or file:, "
        "and other sources hold single files",
        source=f"{scheme}:",
    )


def _required_file(weights: Weights) -> str:
    if weights.file is None:
        raise WeightsError(
            ErrorCode.UNKNOWN_MODEL,
            f"{weights.source}: a single file is wanted, but the entry names no `file`",
            source=weights.source,
        )
    return weights.file
