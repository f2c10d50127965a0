"""What becomes of an order that the house calls adult, by the place where it would be shown. Pure.

The verdict comes from the house's own words on the prompt, and from the safety checker on each finished picture.
"""

from enum import StrEnum


class Policy(StrEnum):
    """A channel's rule, as a moderator set it."""

    BLOCK = "block"
    SPOILER = "spoiler"
    AGE_RESTRICTED = "age_restricted"


class Showing(StrEnum):
    """How the pictures may be shown."""

    OPEN = "open"
    SPOILER = "spoiler"
    NOT = "not"


def showing(policy: Policy, *, adult: bool, age_restricted: bool) -> Showing:
    """The table: a harmless order is shown everywhere, an adult one never bare where minors may look."""
    if not adult:
        return Showing.OPEN
    return {
        Policy.BLOCK: Showing.NOT,
        Policy.SPOILER: Showing.SPOILER,
        Policy.AGE_RESTRICTED: Showing.OPEN if age_restricted else Showing.NOT,
    }[policy]
