"""What Civitai says of a model's version. Source: developer.civitai.com, "Model versions" and "Models"."""

from typing import Any

from bot.publishing.findings import Finding, Kind, Reason, UnpublishableError
from bot.publishing.links import CivitaiLink
from bot.publishing.web import Site
from config.registry import Weights

_KINDS = {"checkpoint": Kind.MODEL, "lora": Kind.LORA, "locon": Kind.LORA, "dora": Kind.LORA}


def look(site: Site, link: CivitaiLink) -> Finding:
    """The version that a link means, of a model the newest, with the header of its file.

    Raises:
        UnpublishableError: it cannot be had, or what it downloads is no safetensors file.
    """
    version_id = link.version or _newest(site, link.model or 0)
    version = site.json(f"/api/v1/model-versions/{version_id}")
    model_id = int(version.get("modelId") or link.model or 0)
    model = site.json(f"/api/v1/models/{model_id}") if model_id else {}
    file = _file(version)
    header, total = site.header(f"/api/download/models/{version_id}")
    about: dict[str, Any] = version.get("model") or {}
    return Finding(
        name=str(about.get("name") or model.get("name") or f"Civitai {version_id}"),
        weights=Weights(
            source=f"civitai:{model_id}@{version_id}" if model_id else f"civitai:{version_id}",
            sha256=_sha256(file),
        ),
        size_bytes=total or int(float(file.get("sizeKB") or 0) * 1024),
        licence=_terms(model),
        licence_url=f"https://civitai.com/models/{model_id}" if model_id else None,
        told_base=str(version.get("baseModel") or ""),
        told_kind=_KINDS.get(str(about.get("type") or model.get("type") or "").casefold()),
        trigger_words=_words(version),
        header=header,
    )


def _newest(site: Site, model_id: int) -> int:
    versions = site.json(f"/api/v1/models/{model_id}").get("modelVersions") or []
    if not versions:
        raise UnpublishableError(Reason.NOT_FOUND, site=site.name)
    return int(versions[0]["id"])


def _file(version: dict[str, Any]) -> dict[str, Any]:
    """The file that the version's download address gives."""
    files: list[dict[str, Any]] = version.get("files") or []
    primary = next((each for each in files if each.get("primary")), files[0] if files else None)
    if primary is None:
        raise UnpublishableError(Reason.NO_FILE)
    told = str((primary.get("metadata") or {}).get("format") or "")
    if told.casefold() != "safetensor" and not str(primary.get("name", "")).endswith(".safetensors"):
        raise UnpublishableError(Reason.NOT_SAFETENSORS)
    return primary


def _sha256(file: dict[str, Any]) -> str:
    told = str((file.get("hashes") or {}).get("SHA256") or "").lower()
    if not told:
        raise UnpublishableError(Reason.NO_HASH, site="Civitai")
    return told


def _words(version: dict[str, Any]) -> tuple[str, ...]:
    told = version.get("trainedWords") or []
    return tuple(str(word).strip(" ,") for word in told if str(word).strip(" ,"))


def _terms(model: dict[str, Any]) -> str:
    """The permissions that its author gave."""
    allowed = model.get("allowCommercialUse")
    uses = allowed if isinstance(allowed, list) else [allowed] if allowed else []
    commerce = ", ".join(str(use) for use in uses if str(use).casefold() != "none") or "none"
    credit = "" if model.get("allowNoCredit", False) else "; credit wanted"
    return f"Civitai, commercial use: {commerce}{credit}"
