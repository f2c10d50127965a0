"""Errors of ours, as they are told."""

import traceback

from tasks.errors import ErrorCode, JobError


def worker_fault(error: Exception) -> JobError:
    """Its text may quote a prompt, so only its kind and place are told."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown place"
    return JobError(ErrorCode.WORKER_FAULT, f"{type(error).__name__} at {place}")
