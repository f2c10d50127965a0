"""What the safety checker's verdict does to the pictures of a result. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.courier.inspection import Picture
from bot.house.adult import Showing


@dataclass(frozen=True)
class Shown:
    """A result as it may be shown: None stands where a picture is withheld, so that the others keep their numbers."""

    pictures: tuple[Picture | None, ...]
    spoiler: bool = False

    @property
    def numbers(self) -> tuple[int, ...]:
        """Which are shown, counted from 1."""
        return tuple(number for number, each in enumerate(self.pictures, start=1) if each is not None)

    @property
    def withheld(self) -> int:
        """How many are not shown."""
        return self.pictures.count(None)


def shown(pictures: Sequence[Picture], showing: str) -> Shown:
    """`showing` is what the channel's rule made of adult pictures when the order came: a `Showing`."""
    if showing == Showing.NOT:
        return Shown(tuple(None if each.adult else each for each in pictures))
    return Shown(tuple(pictures), spoiler=showing == Showing.SPOILER and any(each.adult for each in pictures))
