"""Reads a render message: first who it is about, then, under the lease, what is asked for."""

import contextlib
from collections.abc import Mapping
from typing import Any

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails

from tasks import schema
from tasks.errors import BadSpec, ErrorCode
from tasks.schema import JobSpec, SignedLink, UpscaleSpec, Wire
from tasks.specs import CONTROL_WITHOUT_IMAGE, KINDS, MASK_SIZE

_SIZES = frozenset({"width", "height"})
_TEXTS = frozenset({"prompt", "negative_prompt"})
_INPUTS = frozenset({"image", "mask"})
_TOLD_BY_WORD = {
    MASK_SIZE: ErrorCode.MASK_SIZE,
    CONTROL_WITHOUT_IMAGE: ErrorCode.CONTROL_WITHOUT_IMAGE,
}


class Envelope(Wire):
    """The part of a render task that must be right for anybody to be told about the rest."""

    job_id: str = Field(min_length=1)
    epoch: int = Field(ge=1)


def read_envelope(message: Mapping[str, Any]) -> Envelope:
    """Job and epoch of a message.

    Raises:
        pydantic.ValidationError: it is no render task.
    """
    return Envelope.read(dict(message))


def read_spec(message: Mapping[str, Any]) -> JobSpec:
    """What is to be drawn.

    Raises:
        BadSpec: an option is unknown or outside its range, named in `data["option"]`.
    """
    try:
        spec = schema.read_spec(dict(message.get("spec") or {}))
    except ValidationError as error:
        raise _bad_spec(error.errors(include_input=False, include_url=False)[0]) from None
    if not isinstance(spec, UpscaleSpec) and spec.width * spec.height > spec.checkpoint.max_pixels:
        limit = spec.checkpoint.max_pixels
        raise BadSpec(
            ErrorCode.SIZE_OUT_OF_LIMITS,
            f"{spec.width}x{spec.height} is more than {limit} pixels",
            width=spec.width,
            height=spec.height,
            max_pixels=limit,
            checkpoint=spec.checkpoint.id,
        )
    return spec


def read_links(message: Mapping[str, Any]) -> list[SignedLink]:
    """The signed links that came with a message; one that cannot be read is none, and says nothing of itself."""
    links = []
    for entry in message.get("links") or ():
        with contextlib.suppress(ValidationError):
            links.append(SignedLink.read(entry))
    return links


def _bad_spec(error: ErrorDetails) -> BadSpec:
    """The location begins with the kind, where there is one: a member knows it anyway."""
    place = [str(part) for part in error["loc"]]
    option = ".".join(place[1:] if place and place[0] in KINDS else place)
    return BadSpec(_code(option, error), f"{option}: {error['msg']}", option=option, reason=error["msg"])


def _code(option: str, error: ErrorDetails) -> ErrorCode:
    if option in _SIZES:
        return ErrorCode.SIZE_OUT_OF_LIMITS
    if option in _TEXTS and error["type"] == "string_too_long":
        return ErrorCode.PROMPT_TOO_LONG
    for word, code in _TOLD_BY_WORD.items():
        if word in error["msg"]:
            return code
    if option.rsplit(".", maxsplit=1)[-1] in _INPUTS and error["type"] == "value_error":
        return ErrorCode.INPUT_TOO_LARGE
    return ErrorCode.BAD_OPTION
