"""Fits pictures into what a place takes: PNG, lossless WebP, WebP at quality 95, and then nothing more.

Sizes in bytes. The limit is per file; a request with all files stays below Discord's limit for requests.
"""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from PIL import Image

from bot.courier import metadata
from bot.courier.inspection import Picture
from tasks.schema import JobSpec

DEFAULT_LIMIT_BYTES = 10 * 2**20
REQUEST_LIMIT_BYTES = 25 * 2**20
_ROOM_FOR_THE_REST = 64 * 2**10
_LOSSY_QUALITY = 95


class Rung(StrEnum):
    """How the files are saved, best first."""

    PNG = "png"
    LOSSLESS = "lossless"
    LOSSY = "lossy"


@dataclass(frozen=True)
class NamedFile:
    """One file as it will be attached."""

    name: str
    data: bytes
    description: str = ""  # where it is not the message's own


@dataclass(frozen=True)
class Load:
    """All files of a message, saved the same way."""

    rung: Rung
    files: tuple[NamedFile, ...]

    @property
    def largest_bytes(self) -> int:
        return max(len(file.data) for file in self.files)

    @property
    def total_bytes(self) -> int:
        return sum(len(file.data) for file in self.files)

    def fits(self, limit_bytes: int) -> bool:
        """Whether Discord will take it, as far as can be known beforehand."""
        return self.largest_bytes <= limit_bytes and self.total_bytes <= REQUEST_LIMIT_BYTES - _ROOM_FOR_THE_REST


def loads(
    pictures: Sequence[Picture | None],
    spec: JobSpec,
    *,
    job_id: str,
    spoiler: bool = False,
    maps: Mapping[str, Image.Image] | None = None,
) -> Iterator[Load]:
    """The message's files in each form, best first; each is made only when it is asked for.

    `maps` follow the pictures, by their description. None stands for a picture that is withheld.
    """
    prefix = "SPOILER_easel" if spoiler else "easel"
    for rung, encode in _ENCODERS.items():
        extension = "png" if rung is Rung.PNG else "webp"
        yield Load(
            rung,
            tuple(
                NamedFile(f"{prefix}-{job_id}-{number}.{extension}", encode(picture, spec, job_id))
                for number, picture in enumerate(pictures, start=1)
                if picture is not None
            )
            + tuple(
                NamedFile(f"{prefix}-{job_id}-map-{number}.{extension}", _MAP_ENCODERS[rung](image), description)
                for number, (description, image) in enumerate((maps or {}).items(), start=1)
            ),
        )


def _png(picture: Picture, spec: JobSpec, job_id: str) -> bytes:
    return _saved(picture.image, "PNG", pnginfo=metadata.png_texts(spec, picture.seed, job_id=job_id))


def _lossless(picture: Picture, spec: JobSpec, job_id: str) -> bytes:
    texts = metadata.webp_texts(spec, picture.seed, job_id=job_id)
    return _saved(picture.image, "WEBP", lossless=True, exact=True, **texts)


def _lossy(picture: Picture, spec: JobSpec, job_id: str) -> bytes:
    texts = metadata.webp_texts(spec, picture.seed, job_id=job_id)
    return _saved(picture.image, "WEBP", quality=_LOSSY_QUALITY, **texts)


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


_ENCODERS: dict[Rung, Callable[[Picture, JobSpec, str], bytes]] = {
    Rung.PNG: _png,
    Rung.LOSSLESS: _lossless,
    Rung.LOSSY: _lossy,
}
_MAP_ENCODERS: dict[Rung, Callable[[Image.Image], bytes]] = {
    Rung.PNG: lambda image: _saved(image, "PNG"),
    Rung.LOSSLESS: lambda image: _saved(image, "WEBP", lossless=True),
    Rung.LOSSY: lambda image: _saved(image, "WEBP", quality=_LOSSY_QUALITY),
}
