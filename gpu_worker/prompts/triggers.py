"""Adds the words that call a LoRA, where that was asked for. Pure."""

from collections.abc import Iterable

from tasks.schema import LoraRef


def with_trigger_words(prompt: str, loras: Iterable[LoraRef]) -> str:
    """The prompt and, behind it, what it does not contain yet. A LoRA of weight 0 is not there and adds nothing."""
    words = [
        word for lora in loras if lora.add_trigger_words and lora.weight != 0 for word in lora.trigger_words if word
    ]
    parts = [prompt] if prompt else []
    for word in dict.fromkeys(words):
        if word.casefold() not in ", ".join(parts).casefold():
            parts.append(word)
    return ", ".join(parts)
