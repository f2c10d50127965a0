"""Text of strangers made harmless: no markdown, no mention, no link preview, no direction tricks. Pure."""

import re
import unicodedata

# Discord drops a backslash before any punctuation; the colon keeps "https://" from becoming a link.
_MARKDOWN = re.compile(r"([\\*_~`|<>\[\]()#:+\-])")
_ZERO_WIDTH_SPACE = "\u200b"
_DIRECTION_MARKS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
ELLIPSIS = "…"


def harmless(text: str, *, most: int) -> str:
    """`text` on one line, cut to `most` characters of the original, shown as it was typed and doing nothing."""
    return _MARKDOWN.sub(r"\\\1", plain(text, most=most)).replace("@", f"@{_ZERO_WIDTH_SPACE}")


def plain(text: str, *, most: int) -> str:
    """`text` on one line without control characters, cut to `most` characters: for places without markdown."""
    visible = "".join(c if unicodedata.category(c) not in ("Cc", "Cs") else " " for c in text)
    line = " ".join(_DIRECTION_MARKS.sub("", visible).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + ELLIPSIS
