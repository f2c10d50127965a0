"""`huggingface:owner/repository` through huggingface_hub, into one cache folder; a second look is free."""

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from httpx2 import HTTPError
from huggingface_hub import hf_hub_download, snapshot_download
from huggingface_hub.errors import (
    DryRunError,
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from tqdm import tqdm  # type: ignore[import-untyped]

from gpu_worker.weights.addresses import Endpoints
from gpu_worker.weights.download import Listener
from gpu_worker.weights.store import Store
from gpu_worker.weights.verification import PARTS
from gpu_worker.weights.web import Errand
from tasks.errors import ErrorCode, WeightsError

CONFIG_PATTERNS = (
    "model_index.json",
    "scheduler/*.json",
    "tokenizer*/*.json",
    "tokenizer*/*.txt",
    *(f"{part}/config.json" for part in PARTS),
)
_INDEXES = tuple(f"{part}/*.index*.json" for part in PARTS)


@dataclass(frozen=True)
class HuggingFace:
    """Downloads into the store's Hub cache; a token is only ever there on the owner's own machines."""

    store: Store
    endpoints: Endpoints

    def pipeline(self, repository: str, *, revision: str | None, variant: str | None, errand: Errand) -> Path:
        """A whole diffusers pipeline, safetensors of one variant only."""
        suffix = f"{variant}*.safetensors" if variant else "safetensors"
        weights = [f"{part}/*.{suffix}" for part in PARTS]
        ignored = [] if variant else ["*.fp16.safetensors", "*.fp16-*.safetensors"]
        return self._snapshot(repository, revision, [*CONFIG_PATTERNS, *_INDEXES, *weights], ignored, errand)

    def configs(self, repository: str, *, revision: str | None, errand: Errand) -> Path:
        """A pipeline's configs and tokenizers, a few megabytes."""
        return self._snapshot(repository, revision, CONFIG_PATTERNS, (), errand)

    def model(self, repository: str, *, revision: str | None, errand: Errand, variant: str | None = None) -> Path:
        """One model at the root of its repository (a VAE, a ControlNet)."""
        name = f"diffusion_pytorch_model.{variant}.safetensors" if variant else "diffusion_pytorch_model.safetensors"
        return self._snapshot(repository, revision, ("config.json", name), (), errand)

    def safety_checker(self, repository: str, *, revision: str | None, errand: Errand) -> Path:
        """A transformers model at the root of its repository, with its image processor."""
        return self._snapshot(
            repository, revision, ("config.json", "preprocessor_config.json", "model.safetensors"), (), errand
        )

    def file(self, repository: str, name: str, *, revision: str | None, errand: Errand) -> Path:
        """One file."""

        def ask(**options: Any) -> Any:
            return hf_hub_download(repository, name, revision=revision, **self._options, **options)

        return self._fetched(repository, ask, errand)

    @property
    def _options(self) -> dict[str, Any]:
        return {
            "cache_dir": self.store.hub_dir,
            "token": self.endpoints.tokens.get("huggingface", False),  # False: never one that lies about here
            "endpoint": self.endpoints.urls.get("huggingface"),
        }

    def _snapshot(
        self, repository: str, revision: str | None, allowed: Sequence[str], ignored: Sequence[str], errand: Errand
    ) -> Path:
        def ask(**options: Any) -> Any:
            return snapshot_download(
                repository,
                revision=revision,
                allow_patterns=list(allowed),
                ignore_patterns=list(ignored),
                **self._options,
                **options,
            )

        return self._fetched(repository, ask, errand)

    def _fetched(self, repository: str, ask: Callable[..., Any], errand: Errand) -> Path:
        errand.pins.append(self.store.pin(self.store.hub_unit(repository)))
        with _own_errors(f"huggingface:{repository}"):
            self._make_room(ask)
            return Path(ask(tqdm_class=listening_bar(errand.listen)))

    def _make_room(self, ask: Callable[..., Any]) -> None:
        """What is not here yet needs as much room as the Hub says; where it does not say, the disk's end will."""
        try:
            found = ask(dry_run=True)
        except (DryRunError, HfHubHTTPError, OfflineModeIsEnabled, LocalEntryNotFoundError, HTTPError):
            return  # it may be here already
        files = found if isinstance(found, list) else [found]
        missing = sum(each.file_size or 0 for each in files if each.will_download)
        if missing:
            self.store.make_room(missing)


def listening_bar(listen: Listener) -> type[Any]:
    """A progress bar's class that shows nothing and tells `listen` of each bar that counts bytes.

    Not the Hub's own class: HF_HUB_DISABLE_PROGRESS_BARS, which the worker sets, leaves that one without its figures.
    """

    class Bar(tqdm):  # type: ignore[misc]  # tqdm has no types
        def __init__(self, *args: Any, **options: Any) -> None:
            options.pop("name", None)
            super().__init__(*args, **(options | {"disable": False, "file": io.StringIO()}))

        def update(self, n: float | None = 1) -> None:
            super().update(n)
            if self.unit == "B":
                listen(int(self.n), int(self.total) if self.total else None)

    return Bar


@contextmanager
def _own_errors(source: str) -> Iterator[None]:
    try:
        yield
    except WeightsError:
        raise
    except LocalEntryNotFoundError as error:  # also an EntryNotFoundError, but it means: no answer
        raise _unreachable(source, error) from error
    except GatedRepoError as error:
        raise _unreachable(source, error) from error
    except (RepositoryNotFoundError, RevisionNotFoundError, EntryNotFoundError) as error:
        raise WeightsError(ErrorCode.UNKNOWN_MODEL, f"{source}: {type(error).__name__}", source=source) from error
    except (HfHubHTTPError, OfflineModeIsEnabled, HTTPError, OSError) as error:
        raise _unreachable(source, error) from error


def _unreachable(source: str, error: Exception) -> WeightsError:
    return WeightsError(ErrorCode.WEIGHTS_UNREACHABLE, f"{source}: {type(error).__name__}", source=source)
