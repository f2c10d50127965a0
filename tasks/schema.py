"""What crosses a process: wire models, written strictly and read tolerantly, pinned by golden files.

Fields are only ever added, with defaults; a field that changes its meaning gets a new name. `SCHEMA_VERSION`
rises when an old reader could no longer do the right thing.
"""

from datetime import datetime
from enum import StrEnum
from typing import Literal, Self, TypeVar

from pydantic import AwareDatetime, Field

from tasks.errors import ErrorCode, JobError
from tasks.references import CheckpointRef, ControlRef, InputRef, LoraRef, PreprocessorRef, SafetyRef
from tasks.specs import (
    MAX_CONTROLS,
    MAX_IMAGES,
    MAX_LORAS,
    MAX_NEGATIVE_CHARACTERS,
    MAX_PROMPT_CHARACTERS,
    MAX_SEED,
    ImageToImageSpec,
    InpaintSpec,
    JobSpec,
    TextToImageSpec,
    UpscaleSpec,
    read_spec,
)
from tasks.wire import SCHEMA_VERSION, Wire, is_default

__all__ = [
    "MAX_CONTROLS",
    "MAX_IMAGES",
    "MAX_LORAS",
    "MAX_NEGATIVE_CHARACTERS",
    "MAX_PROMPT_CHARACTERS",
    "MAX_SEED",
    "SCHEMA_VERSION",
    "BlobRef",
    "CheckpointRef",
    "Claimed",
    "ControlRef",
    "Failed",
    "Failure",
    "FleetStatus",
    "Heartbeat",
    "ImageToImageSpec",
    "InpaintSpec",
    "InputRef",
    "InstanceView",
    "JobSpec",
    "LoraRef",
    "PreprocessorRef",
    "Progress",
    "RenderTask",
    "Rendered",
    "SafetyRef",
    "Stage",
    "TextToImageSpec",
    "Timings",
    "UpscaleSpec",
    "Wire",
    "WireModel",
    "WorkerState",
    "age_s",
    "read_spec",
]


class SignedLink(Wire):
    """A short-lived address of one file of a source that needs a key, which rented machines never get.

    `source` and `revision` are those of the registry's `Weights`, `path` is the file inside (empty for a source that
    is one file). The address is a secret for as long as it lives: it is not shown, and names nothing on disk.
    """

    source: str
    revision: str | None = None
    path: str = ""
    url: str = Field(repr=False)
    expires_at: AwareDatetime


class RenderTask(Wire):
    """The one argument of the Celery task `gpu_worker.render`. It names no person and holds no token.

    `links` belong to this message and not to the order: the ledger never has them, each publication asks anew.
    """

    schema_version: int = SCHEMA_VERSION
    job_id: str
    epoch: int = Field(ge=1)
    spec: JobSpec
    enqueued_at: AwareDatetime
    links: tuple[SignedLink, ...] = Field((), exclude_if=lambda links: not links)


class Stage(StrEnum):
    """Where a job is on its worker, as users see it."""

    FETCHING = "fetching_weights"
    LOADING = "loading_model"
    SAMPLING = "sampling"
    ENCODING = "encoding"
    UPLOADING = "uploading"


MAX_PREVIEW_CHARACTERS = 64 * 1024


class Progress(Wire):
    """News on the channel `progress:<job>`; only shown, never believed.

    `step` of `steps` while sampling; `done_bytes` of `total_bytes` while fetching, 0 where it is not known. `preview`
    is a WebP of at most 128 pixels a side in base64, after a third and two thirds of the steps; untrusted.
    """

    job_id: str
    epoch: int
    worker_id: str
    stage: Stage
    step: int = 0
    steps: int = 0
    seconds_left: float | None = None
    done_bytes: int = Field(0, exclude_if=lambda count: not count)
    total_bytes: int = Field(0, exclude_if=lambda count: not count)
    preview: str = Field("", max_length=MAX_PREVIEW_CHARACTERS, repr=False, exclude_if=lambda text: not text)
    at: AwareDatetime


class Claimed(Wire):
    """The argument of `courier.claimed`: a worker holds the lease and begins."""

    schema_version: int = SCHEMA_VERSION
    job_id: str
    epoch: int
    worker_id: str
    at: AwareDatetime


class BlobRef(Wire):
    """One encoded picture under a Redis key; `sha256` is of its bytes.

    `adult` is the safety checker's verdict; None where the order names no checker.
    """

    key: str
    seed: int
    media_type: Literal["image/png"] = "image/png"
    width: int
    height: int
    size_bytes: int = Field(ge=1)
    sha256: str
    adult: bool | None = Field(None, exclude_if=lambda verdict: verdict is None)


class Timings(Wire):
    """Where the seconds of a job went on its worker."""

    fetch_s: float = 0
    load_s: float = 0
    sample_s: float = 0
    encode_s: float = 0
    upload_s: float = 0

    @property
    def total_s(self) -> float:
        """Seconds from claim to hand-over."""
        return self.fetch_s + self.load_s + self.sample_s + self.encode_s + self.upload_s


class Rendered(Wire):
    """The argument of `courier.rendered`: untrusted until the courier has looked at every byte."""

    schema_version: int = SCHEMA_VERSION
    job_id: str
    epoch: int
    worker_id: str
    images: tuple[BlobRef, ...] = Field(min_length=1, max_length=MAX_IMAGES)
    timings: Timings
    remarks: tuple[str, ...] = ()
    maps: tuple[BlobRef, ...] = Field(default=(), max_length=MAX_CONTROLS, exclude_if=is_default)
    at: AwareDatetime


class Failure(Wire):
    """Why there is no picture: a code, the data of its sentence, and a line for the log."""

    code: ErrorCode
    detail: str = Field("", max_length=2000)
    data: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def of(cls, error: JobError) -> Self:
        """The wire form of an error."""
        return cls(code=error.code, detail=error.detail[:2000], data=dict(error.data))


class Failed(Wire):
    """The argument of `courier.failed`."""

    schema_version: int = SCHEMA_VERSION
    job_id: str
    epoch: int
    worker_id: str
    failure: Failure
    at: AwareDatetime


class WorkerState(StrEnum):
    """What a worker says of itself in its heartbeat."""

    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"
    DRAINING = "draining"


class Heartbeat(Wire):
    """The value of `worker:<id>`, rewritten every few seconds with a TTL. *Ready* means that this exists.

    `loaded` and `controlnets` are ids of what is in the device's memory.
    """

    schema_version: int = SCHEMA_VERSION
    worker_id: str
    state: WorkerState
    since: AwareDatetime
    at: AwareDatetime
    job_ids: tuple[str, ...] = ()
    loaded: tuple[str, ...] = ()
    device: str = ""
    memory_total_gb: float = 0
    memory_used_gb: float = 0
    jobs_done: int = 0
    busy_s: float = 0
    release: str = ""
    last_error: str = ""
    fetching: tuple[str, ...] = Field((), exclude_if=lambda names: not names)
    controlnets: tuple[str, ...] = Field((), exclude_if=lambda names: not names)
    loras: tuple[str, ...] = Field((), exclude_if=lambda names: not names)  # drawn with lately: their files are here


class InstanceView(Wire):
    """One rented machine as `/server status` shows it: no address, no key."""

    instance_id: str
    stage: str
    gpu: str
    usd_per_hour: float
    age_s: float


class FleetStatus(Wire):
    """The value of `fleet:status`: what the provisioner sees and why it does what it does, in one sentence."""

    schema_version: int = SCHEMA_VERSION
    at: AwareDatetime
    sentence: str
    instances: tuple[InstanceView, ...] = ()
    usd_per_hour: float = 0
    usd_today: float = 0
    usd_per_day_cap: float = 0
    outstanding_jobs: int = 0
    outstanding_s: float = 0
    boot_estimate_s: float = 0
    blocked: str = ""


WireModel = TypeVar("WireModel", bound=Wire)


def age_s(moment: datetime, *, now: datetime) -> float:
    """Seconds from `moment` to `now`, never negative: clocks of two machines may disagree a little."""
    return max(0.0, (now - moment).total_seconds())
