"""Traces: who asked for pictures when, and how long a GPU drew. From CSV files (also gzipped), or generated."""

import csv
import gzip
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import fmean, pvariance

COLUMNS = ("t_s", "exec_s", "user", "n_images", "model")
_GZIP_MAGIC = b"\x1f\x8b"


class TraceError(ValueError):
    """What is wrong with a trace, where, and what would be right."""


@dataclass(frozen=True)
class Request:
    """One job: it arrives `t_s` seconds after the trace began and draws for `exec_s` on a worker that has `model`."""

    t_s: float
    exec_s: float
    user: str
    n_images: int
    model: str


Trace = Sequence[Request]


def read_csv(path: Path) -> list[Request]:
    """The requests of a CSV file with the header `t_s,exec_s,user,n_images,model`, ordered by time from its first one.

    Raises:
        TraceError: the file cannot be read or a line of it is wrong; the message names the line and the remedy.
    """
    requests = list(_rows(path, _text(path)))
    if not requests:
        raise TraceError(f"{path} has no request; after the header each line is one")
    requests.sort(key=lambda request: request.t_s)
    begin = requests[0].t_s
    return [replace(request, t_s=request.t_s - begin) for request in requests]


def write_csv(path: Path, trace: Trace) -> None:
    """The opposite of `read_csv`; a name that ends in .gz is compressed."""
    buffer = io.StringIO()
    rows = csv.writer(buffer, lineterminator="\n")
    rows.writerow(COLUMNS)
    rows.writerows((f"{one.t_s:.3f}", f"{one.exec_s:.3f}", one.user, one.n_images, one.model) for one in trace)
    content = buffer.getvalue().encode()
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


def scaled(trace: Trace, factor: float) -> list[Request]:
    """The same requests on a GPU that needs `factor` of the time."""
    return [replace(request, exec_s=request.exec_s * factor) for request in trace]


def halves(trace: Trace) -> tuple[list[Request], list[Request]]:
    """The first and the second half of the time; rules are tuned on the first and judged on the second."""
    middle = trace[-1].t_s / 2
    first = [request for request in trace if request.t_s < middle]
    second = [replace(request, t_s=request.t_s - middle) for request in trace if request.t_s >= middle]
    return first, second


def burstiness(trace: Trace) -> float:
    """Squared coefficient of variation of the gaps between arrivals: 1 for a Poisson process."""
    gaps = [later.t_s - earlier.t_s for earlier, later in pairwise(trace)]
    mean = fmean(gaps) if gaps else 0.0
    return pvariance(gaps) / mean**2 if mean else 0.0


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
        return (gzip.decompress(content) if content.startswith(_GZIP_MAGIC) else content).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TraceError(f"{path} is not UTF-8 text: {error.reason} at byte {error.start}") from error
    except EOFError as error:
        raise TraceError(f"{path} is a gzip file that ends too early") from error
    except OSError as error:
        raise TraceError(f"{path} cannot be read: {error.strerror or error}") from error


def _rows(path: Path, text: str) -> Iterator[Request]:
    reader = csv.DictReader(io.StringIO(text))
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise TraceError(f"{path} has no column {', '.join(missing)}; the first line must be {','.join(COLUMNS)}")
    for row in reader:
        place = f"{path}, line {reader.line_num}"
        t_s, exec_s = _number(row["t_s"], "t_s", place), _number(row["exec_s"], "exec_s", place)
        n_images = _number(row["n_images"], "n_images", place)
        if exec_s <= 0:
            raise TraceError(f"{place}: exec_s is {exec_s:g}; it must be above 0")
        if n_images < 1 or n_images != int(n_images):
            raise TraceError(f"{place}: n_images is {n_images:g}; it must be a whole number from 1 on")
        yield Request(t_s, exec_s, row["user"] or "", int(n_images), row["model"] or "")


def _number(value: str | None, column: str, place: str) -> float:
    try:
        number = float(value or "")
    except ValueError:
        raise TraceError(f"{place}: {column} is {value!r}; it must be a number of seconds or pictures") from None
    if not math.isfinite(number):
        raise TraceError(f"{place}: {column} is {value}; it must be finite")
    return number
