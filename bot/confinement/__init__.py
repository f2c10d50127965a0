"""Runs a program that opens files of strangers, in a process that can do nothing else."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_CHILD = Path(__file__).with_name("child.py")


@dataclass(frozen=True)
class Limits:
    """Of the process: seconds of CPU, bytes of memory, and seconds until it is ended. It writes no file at all."""

    cpu_s: int
    memory_bytes: int
    timeout_s: float


def confined(program: Path, *arguments: object, data: bytes, limits: Limits) -> subprocess.CompletedProcess[bytes]:
    """`program` with `data` on stdin, and what it answered on stdout and stderr.

    It starts with `python -I`, so it imports nothing of Easel, and with an empty environment: whatever breaks out
    finds no secret in it.

    Raises:
        subprocess.TimeoutExpired: it did not end in time, and was ended.
    """
    within = (str(limits.cpu_s), str(limits.memory_bytes))
    command = (sys.executable, "-I", str(_CHILD), *within, str(program), *map(str, arguments))
    return subprocess.run(command, input=data, capture_output=True, timeout=limits.timeout_s, env={}, check=False)
