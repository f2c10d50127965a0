"""Reads a render message: first who it is about, then, under the lease, what is asked for."""

import contextlib
from collections.abc import Mapping
from typing import Any

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails

from tasks.errors import BadSpec, ErrorCode
from tasks.schema import JobSpec, SignedLink, Wire

_SIZES = frozenset({"width", "height"})


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
        spec = JobSpec.read(dict(message.get("spec") or {}))
    except ValidationError as error:
        raise _bad_spec(error.errors(include_input=False, include_url=False)[0]) from None
    if spec.width * spec.height > spec.checkpoint.max_pixels:
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
    option = ".".join(str(part) for part in error["loc"])
    code = ErrorCode.SIZE_OUT_OF_LIMITS if option in _SIZES else ErrorCode.BAD_OPTION
    return BadSpec(code, f"{option}: {error['msg']}", option=option, reason=error["msg"])
