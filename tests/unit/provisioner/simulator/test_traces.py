"""Traces: read, refused with a clear word, generated in the promised shape."""

import gzip
from pathlib import Path
from statistics import median

import pytest

from provisioner.simulator.synthetic import Shape, generate
from provisioner.simulator.trace import Request, TraceError, burstiness, halves, read_csv, scaled, write_csv

HEADER = "t_s,exec_s,user,n_images,model\n"


@pytest.mark.parametrize("name", ["trace.csv", "trace.csv.gz"])
def test_what_is_written_is_read(tmp_path: Path, name: str) -> None:
    """Plain or compressed, ordered by time, beginning at 0."""
    trace = [Request(5.0, 2.5, "b", 4, "m"), Request(1.0, 1.5, "a", 1, "n")]
    write_csv(tmp_path / name, trace)
    assert read_csv(tmp_path / name) == [Request(0.0, 1.5, "a", 1, "n"), Request(4.0, 2.5, "b", 4, "m")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has no column t_s"),
        (b"t_s,exec_s,user\n1,2,a\n", "has no column n_images, model"),
        (HEADER.encode(), "has no request"),
        (f"{HEADER}0,1,a,1,m\nsoon,1,a,1,m\n".encode(), "line 3: t_s is 'soon'"),
        (f"{HEADER}0,0,a,1,m\n".encode(), "line 2: exec_s is 0; it must be above 0"),
        (f"{HEADER}0,1,a,1.5,m\n".encode(), "line 2: n_images is 1.5"),
        (f"{HEADER}0,nan,a,1,m\n".encode(), "line 2: exec_s is nan; it must be finite"),
        (f"{HEADER}0,1\n".encode(), "line 2: n_images is None"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (gzip.compress(HEADER.encode(), mtime=0)[:20], "ends too early"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, content: bytes, message: str) -> None:
    """File, line, column, and what would be right."""
    path = tmp_path / "trace.csv"
    path.write_bytes(content)
    with pytest.raises(TraceError, match=message):
        read_csv(path)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    """By its name."""
    with pytest.raises(TraceError, match=r"gone.csv cannot be read: No such file"):
        read_csv(tmp_path / "gone.csv")


def test_the_synthetic_trace_has_the_promised_shape() -> None:
    """Volume, burstiness, load, sizes and models as the documentation says."""
    trace = generate(Shape(), seed=1)
    sizes = [sum(one.n_images == size for one in trace) / len(trace) for size in (1, 2, 4, 8)]
    top = sum(one.model == "model-0" for one in trace) / len(trace)
    assert len(trace) == pytest.approx(27_000, rel=0.03)
    assert 60 < burstiness(trace) < 200
    assert sum(one.exec_s for one in trace) / trace[-1].t_s == pytest.approx(0.39, abs=0.03)
    assert sizes == pytest.approx([0.58, 0.08, 0.19, 0.15], abs=0.03)
    assert 0.25 < top < 0.4
    assert 18 < median(one.exec_s for one in trace) < 28


def test_traces_are_reproducible() -> None:
    """The same seed gives the same trace, another one another."""
    small = Shape(requests=300, days=1)
    assert generate(small, seed=3) == generate(small, seed=3)
    assert generate(small, seed=3) != generate(small, seed=4)


def test_halves_and_scale_keep_every_job() -> None:
    """Tuning and judging share no job, and a quicker GPU changes nothing but the time."""
    trace = generate(Shape(requests=300, days=1), seed=3)
    first, second = halves(trace)
    assert len(first) + len(second) == len(trace)
    assert second[0].t_s < trace[-1].t_s / 2
    assert scaled(trace, 0.5)[7].exec_s == trace[7].exec_s / 2
