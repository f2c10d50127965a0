"""Which files are taken by their names, before a byte is fetched. Pure."""

from email.message import Message
from pathlib import PurePosixPath

from tasks.errors import ErrorCode, WeightsError

SAFETENSORS = ".safetensors"
PICKLES = frozenset({".ckpt", ".pt", ".pth", ".bin", ".pkl", ".pickle", ".zip", ".tar", ".7z", ".rar"})


def check_name(name: str, *, shown: str) -> None:
    """Refuse what is a pickle, or an archive that may hold one, by its name.

    Raises:
        WeightsError: naming the file.
    """
    if PurePosixPath(name.lower()).suffix in PICKLES:
        reason = "only .safetensors files are opened: other formats can carry code"
        raise WeightsError(ErrorCode.WEIGHTS_BROKEN, f"{shown}: {name}: {reason}", file=name, reason=reason)


def promised_name(content_disposition: str) -> str:
    """The file name in a Content-Disposition header, or nothing."""
    message = Message()
    message["Content-Disposition"] = content_disposition
    return PurePosixPath(message.get_filename("") or "").name


def stored_name(name: str) -> str:
    """The name on our disk: a plain one that says what the file must be."""
    plain = PurePosixPath(name).name.lstrip(".") or "weights"
    return plain if plain.endswith(SAFETENSORS) else f"{plain}{SAFETENSORS}"
