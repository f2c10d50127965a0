"""Looks at what a worker handed over as at the work of an enemy, and gives back pixels and nothing else."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import structlog
from PIL import Image
from redis import Redis
from redis.exceptions import RedisError

from bot.confinement import Limits, confined
from config.registry import AS_IT_IS
from tasks import blobs, keys
from tasks.schema import BlobRef, JobSpec, Rendered

log = structlog.get_logger()

_DECODER = Path(__file__).with_name("decoder.py")
_LIMITS = Limits(cpu_s=10, memory_bytes=768 * 2**20, timeout_s=20.0)
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class Rejected(Exception):  # noqa: N818 - reads as the sentence "except Rejected"
    """A result is not what was asked for; another worker may do better."""


@dataclass(frozen=True)
class Picture:
    """Pixels that may be trusted, and the seed that they were drawn from according to the ledger.

    `adult` is the safety checker's verdict, False where the order names no checker.
    """

    image: Image.Image
    seed: int
    adult: bool = False


@dataclass(frozen=True)
class ControlMap:
    """What a ControlNet followed; `control` is its id."""

    image: Image.Image
    control: str


def inspect(redis: Redis, result: Rendered | None, spec: JobSpec, *, epoch: int) -> list[Picture]:
    """The pictures of a result, one per seed of the spec and in its order.

    Raises:
        Rejected: too many or too few, another seed or key, too large, no PNG, another size, undecodable, or without the
            safety checker's verdict where the order names one.
        tasks.blobs.BlobMissing: Redis has lost one.
        redis.exceptions.RedisError: Redis is away.
    """
    if result is None:
        raise Rejected("the ledger holds no result")
    _check_promises(result, spec, epoch=epoch)
    return [
        Picture(decode(_fetch(redis, ref), (spec.width, spec.height)), seed, adult=bool(ref.adult))
        for ref, seed in zip(result.images, spec.seeds, strict=True)
    ]


def inspect_maps(redis: Redis, result: Rendered | None, spec: JobSpec, *, epoch: int) -> list[ControlMap]:
    """What the order's ControlNets followed, but for those that followed a picture as it is.

    A map that is missing or wrong is left out: nobody draws again for its sake.
    """
    if result is None or len(result.maps) != len(spec.controls):
        return []
    found = []
    for number, (ref, control) in enumerate(zip(result.maps, spec.controls, strict=True), start=spec.num_images):
        if (
            not control.preprocess
            or control.kind in AS_IT_IS
            or ref.key != keys.blob(result.job_id, number, epoch=epoch)
        ):
            continue
        try:
            found.append(ControlMap(decode(_fetch(redis, ref), (spec.width, spec.height)), control.id))
        except (Rejected, blobs.BlobMissing, RedisError) as error:
            log.warning("control map left out", job_id=result.job_id, control=control.id, reason=str(error))
    return found


def decode(data: bytes, size: tuple[int, int]) -> Image.Image:
    """The RGB picture of exactly `size` (width, height) in `data`, decoded in a confined process.

    Raises:
        Rejected: where it is anything else.
    """
    if not data.startswith(_PNG_SIGNATURE):
        raise Rejected("it is no PNG")
    try:
        ended = confined(_DECODER, *size, data=data, limits=_LIMITS)
    except subprocess.TimeoutExpired:
        raise Rejected(f"it was not decoded within {_LIMITS.timeout_s:g} s") from None
    if ended.returncode != 0:
        reason = ended.stderr.decode(errors="replace")[-300:] or f"the decoder ended with {ended.returncode}"
        raise Rejected(reason)
    if len(ended.stdout) != size[0] * size[1] * 3:
        raise Rejected(f"the decoder gave {len(ended.stdout)} bytes")
    return Image.frombytes("RGB", size, ended.stdout)


def _check_promises(result: Rendered, spec: JobSpec, *, epoch: int) -> None:
    promised = [(ref.key, ref.seed) for ref in result.images]
    expected = [(keys.blob(result.job_id, number, epoch=epoch), seed) for number, seed in enumerate(spec.seeds)]
    if promised != expected:
        raise Rejected("its keys or seeds are not those of the job")
    if spec.safety is not None and any(ref.adult is None for ref in result.images):
        raise Rejected("the safety checker has not looked at it; the worker may be of an older release")


def _fetch(redis: Redis, ref: BlobRef) -> bytes:
    try:
        return blobs.get(redis, ref)
    except blobs.BlobRejected as error:
        raise Rejected(error.reason) from error
