"""A registry with LoRAs and ControlNets for the bot's tests; what it names is never loaded."""

from dataclasses import replace
from typing import Any

from config.loading import Registry
from config.registry import ControlNet, Lora, LoraSet, Preprocessor
from tests.unit.bot.registries import registry

_COMMON = {"source": "file:var/weights", "licence": "MIT"}


def lora(**changes: Any) -> Lora:
    values = {"id": "ink", "name": "Ink drawing", "trigger_words": ["ink style"], "download_gb": 0.1}
    return Lora.model_validate(_COMMON | values | changes)


def controlnet(**changes: Any) -> ControlNet:
    values = {"id": "edges", "name": "Edges", "control": "canny", "vram_gb": 1, "download_gb": 1}
    return ControlNet.model_validate(_COMMON | values | changes)


def drawing_registry() -> Registry:
    loras = [lora(), lora(id="gold", name="Gold leaf", trigger_words=[], weight=0.5)]
    midas = Preprocessor(id="midas", name="MiDaS", detector="mock", licence="MIT")
    controlnets = [
        controlnet(),
        controlnet(id="depths", name="Depth", control="depth", preprocessor="midas"),
        controlnet(id="tiles", name="Keep the composition", control="tile"),
    ]
    inkwell = LoraSet.model_validate(
        {"id": "inkwell", "name": "The inkwell years", "loras": [{"lora": "ink", "weight": 0.3}, {"lora": "gold"}]}
    )
    return replace(
        registry(),
        loras={each.id: each for each in loras},
        controlnets={each.id: each for each in controlnets},
        preprocessors={midas.id: midas},
        lora_sets={inkwell.id: inkwell},
    )
