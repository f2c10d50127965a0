"""Tokens of any number → chunks of as many as CLIP takes at once. Pure."""

from collections.abc import Callable, Iterable, Sequence

from gpu_worker.prompts.attention import Fragment

CHUNK_TOKENS = 75  # of 77: each chunk has a start and an end mark
MAX_CHUNKS = 20

# Token ids with their weights.
Chunk = list[tuple[int, float]]


class TooManyChunks(Exception):  # noqa: N818 - reads as the sentence "except TooManyChunks"
    """The prompt is longer than anything that a UNet can attend to with sense."""


def split(fragments: Iterable[Fragment], tokens_of: Callable[[str], Sequence[int]]) -> list[Chunk]:
    """At least one chunk; a `BREAK` begins a new one where the last is not empty.

    Raises:
        TooManyChunks: more than 20.
    """
    chunks: list[Chunk] = [[]]
    for fragment in fragments:
        if fragment.is_break:
            if chunks[-1]:
                chunks.append([])
            continue
        for token in tokens_of(fragment.text):
            if len(chunks[-1]) == CHUNK_TOKENS:
                chunks.append([])
            chunks[-1].append((token, fragment.weight))
    if len(chunks) > 1 and not chunks[-1]:
        chunks.pop()
    if len(chunks) > MAX_CHUNKS:
        raise TooManyChunks(str(len(chunks)))
    return chunks
