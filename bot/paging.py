"""A long list, a page at a time. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Line = TypeVar("Line")


@dataclass(frozen=True)
class Page(Generic[Line]):
    """Some lines of a list; pages are counted from 1."""

    lines: Sequence[Line]
    number: int
    of: int


def pages(total: int, *, per_page: int) -> int:
    """How many pages `total` lines take; an empty list has one."""
    return max(1, -(-total // per_page))


def page_of(found: Sequence[Line], wanted: int, *, per_page: int) -> Page[Line]:
    """The page that is asked for, or the last one."""
    last = pages(len(found), per_page=per_page)
    number = max(1, min(wanted, last))
    return Page(found[(number - 1) * per_page : number * per_page], number, last)
