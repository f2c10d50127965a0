"""What is wrong with a configuration: every problem at once, each with its place, its key and its remedy."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from pydantic import ValidationError
from pydantic_core import ErrorDetails


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong: `place` is a file or "environment", `key` the setting in it."""

    place: str
    key: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.key}: {self.reason}" if self.key else f"{self.place}: {self.reason}"


class ConfigurationError(Exception):
    """The configuration cannot be used. `problems` holds all that is wrong with it, not only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))

    @classmethod
    def single(cls, place: str, key: str, reason: str) -> Self:
        return cls([Problem(place, key, reason)])


def problems_of(error: ValidationError, *, place: str, show_values: bool = True) -> list[Problem]:
    """One `Problem` per error that pydantic found, with the offending value where it is short and no secret."""
    return [
        Problem(place, _key(detail), _reason(detail, show_value=show_values))
        for detail in error.errors(include_url=False)
    ]


def _key(detail: ErrorDetails) -> str:
    return ".".join(str(part) for part in detail["loc"])


def _reason(detail: ErrorDetails, *, show_value: bool) -> str:
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "missing":
        return "is missing"
    if detail["type"] == "extra_forbidden":
        return "is not a key known here; is it misspelt?"
    given = detail["input"]
    if show_value and isinstance(given, str | int | float | bool) and len(str(given)) <= 60:  # noqa: PLR2004 - fits a line
        return f"{message} (got {given!r})"
    return message
