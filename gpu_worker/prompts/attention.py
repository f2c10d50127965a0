r"""AUTOMATIC1111's prompt weights: `(word:1.2)`, `(word)`, `[word]`, `BREAK`, and `\(` for a bracket that is one.

Source: AUTOMATIC1111's wiki, "Attention/emphasis". Wildcards and everything else stay as they are typed. Pure.
"""

import re
from dataclasses import dataclass

_ROUND = 1.1
_SQUARE = 1 / 1.1
_MOST = 10.0  # beyond this an embedding is noise, and far beyond it not a number

_TOKEN = re.compile(
    r"""
    \\(?P<escaped>[()\[\]\\])
    |:\s*(?P<weight>[+-]?(?:\d+\.?\d*|\.\d+))\s*\)
    |(?P<bracket>[()\[\]])
    |\b(?P<stop>BREAK)\b
    |(?P<text>[^\\()\[\]:B]+|.)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Fragment:
    """A piece of text and its weight; `is_break` ends the chunk of tokens that it stands behind."""

    text: str
    weight: float = 1.0
    is_break: bool = False


BREAK = Fragment("", is_break=True)


def parse(prompt: str) -> list[Fragment]:
    """The prompt's pieces in order. Brackets that are never closed count to the end; stray closing ones are text."""
    pieces: list[Fragment] = []
    opened: list[tuple[str, int]] = []
    for match in _TOKEN.finditer(prompt):
        kind, value = match.lastgroup, match.group(match.lastgroup or 0)
        if kind == "stop":
            pieces.append(BREAK)
        elif kind == "bracket" and value in "([":
            opened.append((value, len(pieces)))
        elif kind == "bracket" and opened and opened[-1][0] == ("(" if value == ")" else "["):
            _, start = opened.pop()
            _weigh(pieces, start, _ROUND if value == ")" else _SQUARE)
        elif kind == "weight" and opened and opened[-1][0] == "(":
            _, start = opened.pop()
            _weigh(pieces, start, float(value))
        else:
            pieces.append(Fragment(value if kind == "escaped" else match.group()))
    for bracket, start in reversed(opened):
        _weigh(pieces, start, _ROUND if bracket == "(" else _SQUARE)
    return _joined(pieces)


def _weigh(pieces: list[Fragment], start: int, factor: float) -> None:
    for number in range(start, len(pieces)):
        piece = pieces[number]
        weight = max(-_MOST, min(piece.weight * factor, _MOST))
        pieces[number] = piece if piece.is_break else Fragment(piece.text, weight)


def _joined(pieces: list[Fragment]) -> list[Fragment]:
    """Neighbours of one weight are one piece: words are not to be cut where a bracket stood."""
    joined: list[Fragment] = []
    for piece in pieces:
        if joined and not (piece.is_break or joined[-1].is_break) and joined[-1].weight == piece.weight:
            joined[-1] = Fragment(joined[-1].text + piece.text, piece.weight)
        else:
            joined.append(piece)
    return joined
