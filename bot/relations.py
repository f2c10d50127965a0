"""How a job came from another one. Pure."""

from enum import StrEnum


class Relation(StrEnum):
    """Written to the ledger beside the parent's id."""

    RETRY = "retry"  # the same order, seeds included
    REROLL = "reroll"  # new seeds
    REMIX = "remix"  # words, steps or guidance rewritten
    UPSCALE = "upscale"  # one of its pictures, larger
    VARY_SUBTLE = "vary_subtle"  # one of its pictures, a little otherwise
    VARY_STRONG = "vary_strong"  # one of its pictures, quite otherwise
    REFERENCE = "reference"  # one of its pictures as the beginning of another order
    MAP = "map"  # what a ControlNet sees in one of its pictures
