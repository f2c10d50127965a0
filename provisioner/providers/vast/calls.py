"""One request by the SDK: its exceptions become one of ours, which still carries the body that the SDK throws away."""

from collections.abc import Callable
from typing import Any, TypeVar

import requests

_Answer = TypeVar("_Answer")


class Refused(Exception):  # noqa: N818 - never leaves this package
    """A call failed: `status` 0 where there was no answer, `body` None where it was not JSON."""

    def __init__(self, reason: str, *, status: int = 0, body: Any = None, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.body = body
        self.retry_after_s = retry_after_s


def call(request: Callable[[], _Answer]) -> _Answer:
    """Ask once.

    Raises:
        Refused: it failed, was refused, or was answered in another form than the SDK expects.
    """
    try:
        return request()
    except requests.HTTPError as error:
        raise _refused(error) from error
    except (requests.RequestException, TimeoutError, ValueError, KeyError, TypeError, AttributeError) as error:
        # No answer, no JSON, or JSON in another form than the SDK expects.
        raise Refused(f"{type(error).__name__}") from error


def _refused(error: requests.HTTPError) -> Refused:
    response = error.response
    if response is None:
        return Refused("HTTPError")
    try:
        body = response.json()
    except ValueError:
        body = None
    said = f" {body.get('error') or ''} {body.get('msg') or ''}".rstrip() if isinstance(body, dict) else ""
    return Refused(
        f"HTTP {response.status_code}{said}"[:300],
        status=response.status_code,
        body=body,
        retry_after_s=_seconds(response.headers.get("Retry-After")),
    )


def _seconds(value: str | None) -> float | None:
    try:
        return None if value is None else max(0.0, float(value))
    except ValueError:
        return None
