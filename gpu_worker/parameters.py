"""Our own JSON in a picture's file, beside A1111's `parameters` (`tasks.infotext`). Pure."""

import json
from collections.abc import Iterable
from typing import Any

from config.registry import Weights
from tasks.schema import SCHEMA_VERSION, JobSpec


def easel_text(spec: JobSpec, *, seed: int) -> str:
    """Our JSON: all that draws this picture again.

    Checkpoint, LoRAs and ControlNets go by id and hash: where their weights are fetched from may be a private place or
    a signed address, and pictures travel far.
    """
    options = spec.model_dump(mode="json", exclude={"checkpoint", "seeds"})
    options["checkpoint"] = {"id": spec.checkpoint.id, **_identity(spec.checkpoint.weights)}
    _name_by_identity(options.get("loras", ()), [lora.weights for lora in spec.loras])
    _name_by_identity(options.get("controls", ()), [control.weights for control in spec.controls])
    return json.dumps({"schema_version": SCHEMA_VERSION, "seed": seed, "spec": options}, ensure_ascii=False)


def _name_by_identity(written: Iterable[dict[str, Any]], weights: Iterable[Weights]) -> None:
    for entry, each in zip(written, weights, strict=True):
        entry["weights"] = _identity(each)
        entry.pop("preprocessor", None)


def _identity(weights: Weights) -> dict[str, Any]:
    return {"revision": weights.revision, "sha256": weights.sha256}
