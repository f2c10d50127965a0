"""A CLIP tokenizer for the small world: every known word is one token, anything else falls into letters."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from transformers import CLIPTokenizer

from sandbox.tiny_sdxl.world.captions import words

LENGTH: Final = 77
START, END = "<|startoftext|>", "<|endoftext|>"
_WORD_END: Final = "</w>"
Pair = tuple[str, str]


def _alphabet() -> list[str]:
    """The 256 printable stand-ins for bytes of byte-level BPE, as GPT-2 and CLIP define them."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    return [chr(code) for code in (*plain, *(256 + n for n in range(len(others))))]


def _merged(pieces: list[str], pair: Pair) -> list[str]:
    out: list[str] = []
    for piece in pieces:
        if out and (out[-1], piece) == pair:
            out[-1] += piece
        else:
            out.append(piece)
    return out


def _pieces(word: str, merges: Iterable[Pair]) -> list[str]:
    pieces = [*word[:-1], word[-1] + _WORD_END]
    for pair in merges:
        pieces = _merged(pieces, pair)
    return pieces


def merges_for(known: Sequence[str]) -> list[Pair]:
    """Byte-pair merges, in order of priority, that make one token of each known word."""
    merges: list[Pair] = []
    for word in known:
        while len(pieces := _pieces(word, merges)) > 1:
            merges.append((pieces[0], pieces[1]))
    return merges


def new_tokenizer() -> Any:
    """The tokenizer; the end token pads, as in SDXL's first one, and has the last id."""
    merges = merges_for(words())
    letters = _alphabet()
    entries = [*letters, *(letter + _WORD_END for letter in letters), *map("".join, merges), START, END]
    vocabulary = {entry: n for n, entry in enumerate(dict.fromkeys(entries))}
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=LENGTH)
