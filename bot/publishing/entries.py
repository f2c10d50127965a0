"""From a finding to the registry entry that it becomes, with defaults for what nobody said. Pure."""

import json
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from bot.publishing import families
from bot.publishing.findings import Finding, Header, Kind, Reason, UnpublishableError
from config.registry import Checkpoint, Lora

MOST_MODEL_BYTES = 16 * 10**9
MOST_LORA_BYTES = 2 * 10**9
MOST_WORDS = 8
_MOST_WORD = 60
_MOST_NAME = 80
_MOST_ID = 63
_GIGABYTE = 10**9
_VRAM_BESIDE_WEIGHTS_GB = 3.5  # activations of a 1024 px picture
_VAE = {"source": "huggingface:madebyollin/sdxl-vae-fp16-fix", "revision": "207b116dae70ace3637169f1ddd2434b91b3a8cd"}
# Few-step distillations, by the site's word for the base or by their name: (words, steps, cfg).
_FEW_STEPS = (("lightning", 6, 1.5), ("hyper", 8, 1.5), ("turbo", 6, 2.0), ("lcm", 8, 1.5), ("dmd", 6, 1.0))
# The site's words for bases that share SDXL's layout.
_SDXL_BASES = re.compile(r"sdxl|pony|illustrious|noobai|animagine", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What whoever publishes says beside the link; None leaves it to the finding."""

    name: str | None = None
    trigger_words: tuple[str, ...] | None = None
    weight: float | None = None
    steps: int | None = None
    cfg: float | None = None


def check(finding: Finding, wanted: Kind, *, cross_attention_dim: int = families.SDXL_CROSS_ATTENTION) -> None:
    """Raises `UnpublishableError` where it is not what was wanted, not for SDXL, or too big."""
    most = MOST_MODEL_BYTES if wanted is Kind.MODEL else MOST_LORA_BYTES
    if finding.told_kind not in (None, wanted):
        raise UnpublishableError(Reason.WRONG_KIND, found=str(finding.told_kind))
    if finding.size_bytes > most:
        raise UnpublishableError(Reason.TOO_BIG, size=_gigabytes(finding.size_bytes), most=_gigabytes(most))
    if finding.folder:
        families.check_unet(finding.header)
    else:
        families.check(finding.header, wanted, cross_attention_dim=cross_attention_dim)
    if finding.told_base and not _SDXL_BASES.search(finding.told_base):
        raise UnpublishableError(Reason.WRONG_FAMILY, why=finding.told_base)


def checkpoint(finding: Finding, wishes: Wishes) -> Checkpoint:
    """The entry of a model."""
    name = _name(finding, wishes)
    few = _few_steps(f"{finding.told_base} {finding.name} {finding.weights.file or ''}")
    steps, cfg = few or (28, 5.0)
    steps, cfg = wishes.steps or steps, cfg if wishes.cfg is None else wishes.cfg
    kind, is_ztsnr = families.prediction(finding.header)
    return Checkpoint.model_validate(
        {
            **finding.weights.model_dump(),
            "id": slug(name),
            "name": name,
            "format": "folder" if finding.folder else "single_file",
            "variant": finding.variant,
            "prediction": kind,
            "zero_terminal_snr": is_ztsnr,
            "timestep_spacing": "trailing" if few else "leading",
            "vae": _VAE,  # the original one, which most files carry, gives black pictures in half precision
            "licence": finding.licence,
            "licence_url": finding.licence_url,
            "vram_gb": round(finding.size_bytes / _GIGABYTE + _VRAM_BESIDE_WEIGHTS_GB, 1),
            "download_gb": _download_gb(finding),
            "defaults": {"steps": steps, "cfg": cfg, "sampler": "euler" if few else "euler_a"},
            "limits": {"min_steps": 1, "max_steps": max(60, steps), "min_cfg": 0.0, "max_cfg": max(15.0, cfg)},
        }
    )


def lora(finding: Finding, wishes: Wishes) -> Lora:
    """The entry of a LoRA."""
    name = _name(finding, wishes)
    told = finding.trigger_words or own_trigger_words(finding.header)
    words = told if wishes.trigger_words is None else wishes.trigger_words
    return Lora.model_validate(
        {
            **finding.weights.model_dump(),
            "id": slug(name),
            "name": name,
            "trigger_words": tuple(word[:_MOST_WORD] for word in words[:MOST_WORDS]),
            "weight": 0.8 if wishes.weight is None else wishes.weight,
            "licence": finding.licence,
            "download_gb": _download_gb(finding),
        }
    )


def own_trigger_words(header: Header) -> tuple[str, ...]:
    """What a LoRA's own file says calls it: the model spec's phrase, else what its pictures were all called.

    Source: github.com/Stability-AI/ModelSpec; kohya-ss/sd-scripts, `ss_tag_frequency` (folder → tag → count).
    """
    phrase = header.metadata.get("modelspec.trigger_phrase", "").strip()
    if phrase:
        return tuple(word.strip() for word in phrase.split(",") if word.strip())
    try:
        told = json.loads(header.metadata.get("ss_tag_frequency", "{}"))
        folders = {re.sub(r"^\d+_", "", str(folder)).strip() for folder in told}
        counts = [(str(tag).strip(), int(count)) for tags in told.values() for tag, count in tags.items()]
    except (ValueError, TypeError, AttributeError):
        return ()
    if not counts:
        return tuple(sorted(folders - {""}))
    top = max(count for _, count in counts)
    return tuple(dict.fromkeys(tag for tag, count in counts if count == top and tag))[:3]


def slug(name: str) -> str:
    """An id made of a name: it becomes a part of queue names and file names.

    Raises:
        UnpublishableError: nothing of the name can be used.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    made = re.sub(r"[^a-z0-9.]+", "-", plain).strip("-._")[:_MOST_ID].strip("-._")
    if not made:
        raise UnpublishableError(Reason.BAD_NAME, given=name[:_MOST_NAME])
    return made


def free(identifier: str, taken: Collection[str]) -> str:
    """Raises `UnpublishableError` with a name that is free where this one is not; returns it where it is."""
    if identifier not in taken:
        return identifier
    number = next(number for number in range(2, len(taken) + 3) if f"{identifier}-{number}" not in taken)
    raise UnpublishableError(Reason.NAME_TAKEN, given=identifier, free=f"{identifier}-{number}")


def _name(finding: Finding, wishes: Wishes) -> str:
    text = wishes.name or finding.name
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:_MOST_NAME] or "-"


def _few_steps(text: str) -> tuple[int, float] | None:
    low = text.casefold()
    return next(((steps, cfg) for word, steps, cfg in _FEW_STEPS if word in low), None)


def _download_gb(finding: Finding) -> float:
    return max(0.001, round(finding.size_bytes / _GIGABYTE, 3))


def _gigabytes(size_bytes: float) -> str:
    return f"{size_bytes / _GIGABYTE:.1f} GB"
