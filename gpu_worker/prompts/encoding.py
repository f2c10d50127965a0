"""Prompt and negative prompt → the four tensors that SDXL pipelines take, by both text encoders.

For a prompt without weights that fits into one chunk they are bit for bit those of diffusers' `encode_prompt`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from gpu_worker.prompts.attention import Fragment, parse
from gpu_worker.prompts.chunks import Chunk, TooManyChunks, split
from tasks.errors import BadSpec, ErrorCode

_ENCODERS = (("tokenizer", "text_encoder"), ("tokenizer_2", "text_encoder_2"))


@dataclass(frozen=True)
class _Encoded:
    """Embeddings of 1 x (77 per chunk) x width of both encoders, and the pooled ones of 1 x width of the second."""

    embeds: torch.Tensor
    pooled: torch.Tensor


def encode(
    parts: Mapping[str, Any], prompt: str, negative: str | None, *, with_negative: bool
) -> dict[str, torch.Tensor | None]:
    """Options for a pipeline's call.

    Args:
        parts: tokenizers and text encoders by diffusers' names.
        prompt: with A1111 weights.
        negative: the same; None stands for zeros.
        with_negative: False where guidance is off and the negative prompt not needed.

    Raises:
        BadSpec: it is longer than can be drawn with.
    """
    chunks = _chunks(parts, prompt)
    negatives = _chunks(parts, negative) if with_negative and negative is not None else []
    count = max(len(each) for each in (*chunks, *negatives))
    with torch.no_grad():
        positive = _encode(parts, chunks, count)
        unwanted = _encode(parts, negatives, count) if negatives else _zeros(positive)
    return {
        "prompt_embeds": positive.embeds,
        "pooled_prompt_embeds": positive.pooled,
        "negative_prompt_embeds": unwanted.embeds if with_negative else None,
        "negative_pooled_prompt_embeds": unwanted.pooled if with_negative else None,
    }


def _chunks(parts: Mapping[str, Any], prompt: str) -> list[list[Chunk]]:
    """For each of the two tokenizers. Their vocabularies agree in SDXL, but that is not for us to rely on."""
    fragments = parse(prompt)
    try:
        return [_split(fragments, parts[tokenizer]) for tokenizer, _ in _ENCODERS]
    except TooManyChunks as error:
        raise BadSpec(ErrorCode.PROMPT_TOO_LONG, f"the prompt has {error} chunks of tokens", option="prompt") from None


def _split(fragments: list[Fragment], tokenizer: Any) -> list[Chunk]:
    def tokens_of(text: str) -> list[int]:
        ids: list[int] = tokenizer(text, add_special_tokens=False, truncation=False, verbose=False).input_ids
        return ids

    return split(fragments, tokens_of)


def _encode(parts: Mapping[str, Any], chunks: list[list[Chunk]], count: int) -> _Encoded:
    """All chunks one by one, so that a chunk's embedding does not depend on how many there are."""
    widths: list[torch.Tensor] = []
    pooled: list[torch.Tensor] = []
    for (tokenizer, encoder), own in zip(_ENCODERS, chunks, strict=True):
        padded = own + [[]] * (count - len(own))
        outputs = [_encode_chunk(parts[tokenizer], parts[encoder], chunk) for chunk in padded]
        widths.append(torch.cat([embeds for embeds, _ in outputs], dim=1))
        pooled.append(outputs[0][1])
    dtype = parts["text_encoder_2"].dtype
    return _Encoded(torch.cat(widths, dim=-1).to(dtype=dtype), pooled[-1])


def _encode_chunk(tokenizer: Any, encoder: Any, chunk: Chunk) -> tuple[torch.Tensor, torch.Tensor]:
    """The last but one layer, as SDXL was trained, and the first output, which is the pooled one in encoder two."""
    ids = [tokenizer.bos_token_id, *(token for token, _ in chunk), tokenizer.eos_token_id]
    ids += [tokenizer.pad_token_id] * (tokenizer.model_max_length - len(ids))
    output = encoder(torch.tensor([ids], device=encoder.device), output_hidden_states=True)
    return _emphasise(output.hidden_states[-2], chunk), output[0]


def _emphasise(embeds: torch.Tensor, chunk: Chunk) -> torch.Tensor:
    """Each token times its weight; the mean of all is kept, as A1111 does, so that emphasis does not become noise."""
    if all(weight == 1.0 for _, weight in chunk):
        return embeds
    factors = torch.ones(embeds.shape[1], dtype=torch.float32)
    factors[1 : 1 + len(chunk)] = torch.tensor([weight for _, weight in chunk])
    exact = embeds.float()
    weighed = exact * factors.to(embeds.device)[None, :, None]
    mean = weighed.mean()
    return (weighed * (exact.mean() / mean) if mean != 0 else weighed).to(embeds.dtype)


def _zeros(like: _Encoded) -> _Encoded:
    return _Encoded(torch.zeros_like(like.embeds), torch.zeros_like(like.pooled))
