"""Why a job did not become a picture, as data. The sentences for people are in `bot.wording`.

JobError
├── BadSpec              the job asks for what cannot be: told to the user, never retried
├── WeightsError         a checkpoint's, LoRA's or ControlNet's weights: unknown, unreachable, broken, of another family
├── DeviceError          the GPU: out of memory, a fault
└── Interrupted          the job stopped on purpose: cancelled, or the worker is shutting down
"""

from collections.abc import Mapping
from enum import StrEnum


class ErrorCode(StrEnum):
    """Stable on the wire; every code has a sentence of cause and one of remedy in `bot.wording`."""

    UNKNOWN_MODEL = "unknown_model"
    WEIGHTS_UNREACHABLE = "weights_unreachable"
    WEIGHTS_BROKEN = "weights_broken"
    WEIGHTS_UNSAFE = "weights_unsafe"
    WEIGHTS_UNSUPPORTED = "weights_unsupported"
    WRONG_FAMILY = "wrong_family"
    NO_PREPROCESSOR = "no_preprocessor"
    SIZE_OUT_OF_LIMITS = "size_out_of_limits"
    BAD_OPTION = "bad_option"
    PROMPT_TOO_LONG = "prompt_too_long"
    INPUT_MISSING = "input_missing"
    INPUT_BROKEN = "input_broken"
    INPUT_TOO_LARGE = "input_too_large"
    MASK_SIZE = "mask_size"
    CONTROL_WITHOUT_IMAGE = "control_without_image"
    OUT_OF_MEMORY = "out_of_memory"
    DEVICE_FAULT = "device_fault"
    WORKER_FAULT = "worker_fault"
    CANCELLED = "cancelled"
    SHUTTING_DOWN = "shutting_down"
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    HOSTS_LOST = "hosts_lost"
    EXPIRED = "expired"
    RESULT_REJECTED = "result_rejected"
    CANNOT_POST = "cannot_post"
    ADULT = "adult"


RETRYABLE = frozenset(
    {
        ErrorCode.WEIGHTS_UNREACHABLE,
        ErrorCode.DEVICE_FAULT,
        ErrorCode.WORKER_FAULT,
        ErrorCode.SHUTTING_DOWN,
        ErrorCode.RESULT_REJECTED,
    }
)


class JobError(Exception):
    """A job ended without a picture.

    Attributes:
        code: what happened, stable on the wire.
        detail: one line for the log; never shown to users.
        data: what the user's sentence needs (names, limits), as text.
    """

    def __init__(self, code: ErrorCode, detail: str, **data: object) -> None:
        self.code = code
        self.detail = detail
        self.data: Mapping[str, str] = {name: str(value) for name, value in data.items()}
        super().__init__(f"{code}: {detail}")

    @property
    def retryable(self) -> bool:
        """Whether another attempt, perhaps on another machine, can help."""
        return self.code in RETRYABLE


class BadSpec(JobError):  # noqa: N818 - reads as the sentence "raise BadSpec"
    """The spec itself is impossible on this worker."""


class WeightsError(JobError):
    """Weights are unknown, unreachable or broken."""


class DeviceError(JobError):
    """The device ran out of memory or failed."""


class Interrupted(JobError):  # noqa: N818 - it is no error of anybody's
    """The job was stopped on purpose."""
