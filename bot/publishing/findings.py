"""What was found behind a link, and the reasons why something cannot be published. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from config.registry import Weights

Shapes = Mapping[str, tuple[int, ...]]


class Kind(StrEnum):
    """What can be published; the value is the ledger's word for it."""

    MODEL = "model"
    LORA = "lora"


class Reason(StrEnum):
    """Why not; each has a sentence."""

    CHOOSE_ONE = "choose_one"
    UNKNOWN_LINK = "unknown_link"
    DISCORD_FILE = "discord_file"
    NOT_FOUND = "not_found"
    NEEDS_KEY = "needs_key"
    KEY_REFUSED = "key_refused"
    SITE_AWAY = "site_away"
    FILE_GONE = "file_gone"
    FILE_AWAY = "file_away"
    FILE_CUT = "file_cut"
    FILE_TOO_BIG = "file_too_big"
    NO_ROOM = "no_room"
    NO_FILE = "no_file"
    SEVERAL_FILES = "several_files"
    NOT_SAFETENSORS = "not_safetensors"
    TOO_BIG = "too_big"
    NO_HASH = "no_hash"
    WRONG_KIND = "wrong_kind"
    WRONG_FAMILY = "wrong_family"
    UNSUPPORTED = "unsupported"
    NAME_TAKEN = "name_taken"
    BAD_NAME = "bad_name"
    SAME_FILE = "same_file"


class UnpublishableError(Exception):
    """It cannot be published. `data` fills the reason's sentence."""

    def __init__(self, reason: Reason, **data: str) -> None:
        super().__init__(f"{reason} {data}")
        self.reason = reason
        self.data = data


@dataclass(frozen=True)
class Header:
    """What a safetensors file says of itself before its tensors: their names, shapes and size, and free words."""

    shapes: Shapes
    metadata: Mapping[str, str] = field(default_factory=dict)
    tensor_bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One model or LoRA, as its site and its file describe it. `folder` is a diffusers repository.

    `told_base` is the site's own word for the base model; `header` is the file's, of a folder its UNet's.
    """

    name: str
    weights: Weights
    size_bytes: int
    licence: str
    licence_url: str | None = None
    told_base: str = ""
    told_kind: Kind | None = None
    trigger_words: tuple[str, ...] = ()
    header: Header
    folder: bool = False
    variant: str | None = None
