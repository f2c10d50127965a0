"""`huggingface:owner/repository` through huggingface_hub, into one cache folder; a second look is free."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import hf_hub_download, snapshot_download
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from requests import RequestException

from gpu_worker.weights.verification import PARTS
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
    """Downloads into `cache_dir`; `token` is only ever there on the owner's own machines."""

    cache_dir: Path
    token: str | None = None

    def pipeline(self, repository: str, *, revision: str | None, variant: str | None) -> Path:
        """A whole diffusers pipeline, safetensors of one variant only."""
        suffix = f"{variant}*.safetensors" if variant else "safetensors"
        weights = [f"{part}/*.{suffix}" for part in PARTS]
        ignored = [] if variant else ["*.fp16.safetensors", "*.fp16-*.safetensors"]
        return self._snapshot(repository, revision, [*CONFIG_PATTERNS, *_INDEXES, *weights], ignored)

    def configs(self, repository: str, *, revision: str | None) -> Path:
        """A pipeline's configs and tokenizers, a few megabytes."""
        return self._snapshot(repository, revision, CONFIG_PATTERNS, ())

    def model(self, repository: str, *, revision: str | None, variant: str | None = None) -> Path:
        """One model at the root of its repository (a VAE, a ControlNet)."""
        name = f"diffusion_pytorch_model.{variant}.safetensors" if variant else "diffusion_pytorch_model.safetensors"
        return self._snapshot(repository, revision, ("config.json", name), ())

    def file(self, repository: str, name: str, *, revision: str | None) -> Path:
        """One file."""
        return self._asking(
            repository,
            lambda: hf_hub_download(repository, name, revision=revision, cache_dir=self.cache_dir, token=self._token),
        )

    @property
    def _token(self) -> str | bool:
        return self.token or False  # False: never a token that lies about on the machine

    def _snapshot(self, repository: str, revision: str | None, allowed: Sequence[str], ignored: Sequence[str]) -> Path:
        return self._asking(
            repository,
            lambda: snapshot_download(
                repository,
                revision=revision,
                cache_dir=self.cache_dir,
                token=self._token,
                allow_patterns=list(allowed),
                ignore_patterns=list(ignored),
            ),
        )

    def _asking(self, repository: str, ask: Callable[[], str]) -> Path:
        source = f"huggingface:{repository}"
        try:
            return Path(ask())
        except LocalEntryNotFoundError as error:  # also an EntryNotFoundError, but it means: no answer
            raise _unreachable(source, error) from error
        except GatedRepoError as error:
            raise _unreachable(source, error) from error
        except (RepositoryNotFoundError, RevisionNotFoundError, EntryNotFoundError) as error:
            raise WeightsError(ErrorCode.UNKNOWN_MODEL, f"{source}: {type(error).__name__}", source=source) from error
        except (HfHubHTTPError, OfflineModeIsEnabled, RequestException, OSError) as error:
            raise _unreachable(source, error) from error


def _unreachable(source: str, error: Exception) -> WeightsError:
    return WeightsError(ErrorCode.WEIGHTS_UNREACHABLE, f"{source}: {type(error).__name__}", source=source)
