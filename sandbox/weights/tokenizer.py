"""A CLIP tokenizer with a local vocabulary of bytes: it reads any text and needs no download."""

import json
from pathlib import Path

from transformers import CLIPTokenizer
from transformers.convert_slow_tokenizer import bytes_to_unicode

START = "<|startoftext|>"
END = "<|endoftext|>"
MAX_TOKENS = 77


def vocabulary() -> dict[str, int]:
    """Token → id: every byte, every byte at the end of a word, and CLIP's two marks (514 in all)."""
    letters = list(bytes_to_unicode().values())
    return {token: number for number, token in enumerate([*letters, *(f"{a}</w>" for a in letters), START, END])}


def build(folder: Path, *, pad_token: str) -> None:
    """Write a tokenizer. SDXL pads with the end mark in its first encoder and with `!` in its second."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(vocabulary(), ensure_ascii=False), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    settings = {
        "tokenizer_class": "CLIPTokenizer",
        "model_max_length": MAX_TOKENS,
        "bos_token": START,
        "eos_token": END,
        "unk_token": END,
        "pad_token": pad_token,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    CLIPTokenizer.from_pretrained(folder).save_pretrained(folder)
