"""What the Hugging Face Hub says of a repository or of one file in it. Source: its API's `models/…/revision/…`."""

from typing import Any
from urllib.parse import quote

from bot.publishing.findings import Finding, Kind, Reason, UnpublishableError
from bot.publishing.links import HubLink
from bot.publishing.web import Site
from config.registry import Weights
from tasks.wanted import weight_paths

_PIPELINE = "StableDiffusionXLPipeline"
_SHOWN_FILES = 6
_SUFFIX = ".safetensors"

_Files = dict[str, dict[str, Any]]


def look(site: Site, link: HubLink, wanted: Kind) -> Finding:
    """A file, the only weights of a repository, or a whole diffusers pipeline; pinned to the commit of this moment.

    Raises:
        UnpublishableError: it cannot be had, it is not clear which file is meant, or it is no safetensors file.
    """
    revision = quote(link.revision, safe="")
    told = site.json(f"/api/models/{link.repository}/revision/{revision}?blobs=true")
    files: _Files = {str(each.get("rfilename")): each for each in told.get("siblings") or []}
    card: dict[str, Any] = told.get("cardData") or {}
    commit = str(told.get("sha") or link.revision)
    found = _Repository(site, link.repository, commit, files, card)
    if link.file is None and wanted is Kind.MODEL and "model_index.json" in files:
        return found.pipeline()
    return found.file(link.file or _only(files))


class _Repository:
    def __init__(self, site: Site, name: str, commit: str, files: _Files, card: dict[str, Any]) -> None:
        self._site, self._name, self._commit, self._files, self._card = site, name, commit, files, card

    def file(self, path: str) -> Finding:
        if not path.endswith(_SUFFIX):
            raise UnpublishableError(Reason.NOT_SAFETENSORS)
        if path not in self._files:
            raise UnpublishableError(Reason.NOT_FOUND, site=self._site.name)
        sha256 = (self._files[path].get("lfs") or {}).get("sha256")
        if not sha256:
            raise UnpublishableError(Reason.NO_HASH, site=self._site.name)
        header, total = self._site.header(self._resolve(path))
        title = header.metadata.get("modelspec.title") or self._name.rpartition("/")[2]
        weights = Weights(
            source=f"huggingface:{self._name}", revision=self._commit, file=path, sha256=str(sha256).lower()
        )
        return self._finding(title, weights, total or _size(self._files[path]), header=header)

    def pipeline(self) -> Finding:
        """A diffusers folder: the half-precision files where there are some, as all of SDXL draws with them."""
        kind = self._site.json(self._resolve("model_index.json")).get("_class_name")
        if kind != _PIPELINE:
            raise UnpublishableError(Reason.WRONG_FAMILY, why=f"a {kind} pipeline")
        halves = weight_paths("fp16")
        variant = "fp16" if all(path in self._files for path in halves) else None
        paths = weight_paths(variant)
        if not all(path in self._files for path in paths):
            raise UnpublishableError(Reason.NOT_SAFETENSORS)
        header, _ = self._site.header(self._resolve(paths[0]))
        weights = Weights(source=f"huggingface:{self._name}", revision=self._commit)
        size = sum(_size(self._files[path]) for path in paths)
        return self._finding(self._name.rpartition("/")[2], weights, size, header=header, folder=True, variant=variant)

    def _finding(self, name: str, weights: Weights, size_bytes: int, **facts: Any) -> Finding:
        words = str(self._card.get("instance_prompt") or "").strip()
        return Finding(
            name=name,
            weights=weights,
            size_bytes=size_bytes,
            licence=_licence(self._card),
            licence_url=f"https://huggingface.co/{self._name}",
            trigger_words=(words,) if words else (),
            **facts,
        )

    def _resolve(self, path: str) -> str:
        return f"/{self._name}/resolve/{self._commit}/{quote(path)}"


def _only(files: _Files) -> str:
    """The only weights at the top of a repository."""
    found = [path for path in files if path.endswith(_SUFFIX) and "/" not in path]
    if len(found) == 1:
        return found[0]
    if found:
        raise UnpublishableError(Reason.SEVERAL_FILES, files=", ".join(found[:_SHOWN_FILES]))
    if any(path.endswith((".ckpt", ".bin", ".pt", ".pth")) for path in files):
        raise UnpublishableError(Reason.NOT_SAFETENSORS)
    raise UnpublishableError(Reason.NO_FILE)


def _size(file: dict[str, Any]) -> int:
    return int((file.get("lfs") or {}).get("size") or file.get("size") or 0)


def _licence(card: dict[str, Any]) -> str:
    told = card.get("license")
    name = ", ".join(map(str, told)) if isinstance(told, list) else str(told or "")
    if name in {"", "other"}:
        return str(card.get("license_name") or "not named by its author")
    return name
