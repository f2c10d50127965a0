"""Where a registry source is on the web, and what its place on disk is called. Pure."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from types import MappingProxyType
from urllib.parse import quote, urlsplit, urlunsplit

from config.registry import Weights
from tasks.errors import ErrorCode, WeightsError

DEFAULT_ENDPOINTS: Mapping[str, str] = MappingProxyType(
    {
        "huggingface": "https://huggingface.co",
        "civitai": "https://civitai.com",
        "gs": "https://storage.googleapis.com",
        "s3": "",  # Amazon's own, with the bucket in the host's name
    }
)
_CIVITAI_VERSION = re.compile(r"(?:\d+@)?(\d+)")


@dataclass(frozen=True)
class Endpoints:
    """Where the services are; tests and mirrors change it. Tokens are only ever there on the owner's own machines."""

    urls: Mapping[str, str] = field(default_factory=dict)
    tokens: Mapping[str, str] = field(default_factory=dict, repr=False)

    def url(self, scheme: str) -> str:
        """The base address of a service."""
        return {**DEFAULT_ENDPOINTS, **self.urls}[scheme].rstrip("/")


def place_key(source: str, *, revision: str | None, path: str) -> str:
    """What a file's place on disk is called: the same for the same file, whatever signature its address carries."""
    parts = urlsplit(source)
    bare = urlunsplit(parts._replace(query="", fragment="")) if parts.scheme in {"https", "http"} else source
    return hashlib.sha256("\n".join((bare, revision or "", path)).encode()).hexdigest()[:16]


def public_address(weights: Weights, path: str, endpoints: Endpoints) -> str:
    """The address under which anybody, or the owner with a token, gets a file.

    Raises:
        WeightsError: the source is not of its scheme's form.
    """
    scheme, _, rest = weights.source.partition(":")
    if scheme in {"https", "upload"}:
        return weights.source
    if scheme == "huggingface":
        revision = quote(weights.revision or "main", safe="")
        return f"{endpoints.url(scheme)}/{rest}/resolve/{revision}/{quote(path)}"
    if scheme == "civitai":
        return f"{endpoints.url(scheme)}/api/download/models/{_version(weights.source, rest)}"
    bucket, _, folder = rest.strip("/").partition("/")
    key = quote(str(PurePosixPath(folder) / path) if path else folder)
    if scheme == "s3" and not endpoints.url(scheme):
        return f"https://{bucket}.s3.amazonaws.com/{key}"
    return f"{endpoints.url(scheme)}/{bucket}/{key}"


def shown(weights: Weights) -> str:
    """A source for logs and errors: of an address only the host, for the rest may be secret."""
    scheme, _, rest = weights.source.partition(":")
    return f"{scheme}:{urlsplit(weights.source).hostname}" if scheme == "https" else f"{scheme}:{rest}"


def file_name(weights: Weights) -> str:
    """The name of a single file: the entry's `file`, else the end of its address."""
    if weights.file:
        return PurePosixPath(weights.file).name
    return PurePosixPath(urlsplit(weights.source).path).name


def _version(source: str, rest: str) -> str:
    found = _CIVITAI_VERSION.fullmatch(rest)
    if found is None:
        raise WeightsError(
            ErrorCode.UNKNOWN_MODEL,
            f"{source}: must be civitai:<version> or civitai:<model>@<version>, both numbers",
            source=source,
        )
    return found.group(1)
