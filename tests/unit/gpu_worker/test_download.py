"""Downloads against a real server that does everything wrong that servers do."""

import hashlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gpu_worker.weights.answers import Patience, Remote
from gpu_worker.weights.download import Downloader
from tasks.errors import ErrorCode, WeightsError
from tests.unit.gpu_worker.weights_server import WeightsServer, safetensors_bytes

CONTENT = safetensors_bytes(1_000_000)
PATIENCE = Patience(read_s=0.3, window_s=0.5, least_bytes=1000, backoff_s=0, fruitless_attempts=3, busy_attempts=2)
PATH = "/model.safetensors"


class Stopped(Exception):  # noqa: N818 - reads as the sentence "raise Stopped"
    """A cancelled job's."""


@pytest.fixture
def web() -> Iterator[WeightsServer]:
    with WeightsServer({PATH: CONTENT}).running() as server:
        yield server


def fetch(web: WeightsServer, target: Path, **options: Any) -> Path:
    heard = options.pop("listen", lambda _done, _total: None)
    remote = Remote(
        options.pop("url", f"{web.url}{PATH}?signature=secret"), "https:example", options.pop("token", None)
    )
    patience = options.pop("patience", PATIENCE)
    piece_bytes = options.pop("piece_bytes", 200_000)
    downloader = Downloader(patience=patience, piece_bytes=piece_bytes, connections=options.pop("connections", 3))
    downloader.fetch(remote, target, reserve=reserve, listen=heard, **options)
    return target


def reserve(path: Path, size: int) -> None:
    with path.open("r+b") as file:
        file.truncate(size)


def is_whole(path: Path) -> bool:
    return hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(CONTENT).digest()


def refused(web: WeightsServer, target: Path, **options: Any) -> WeightsError:
    with pytest.raises(WeightsError) as caught:
        fetch(web, target, **options)
    assert "secret" not in str(caught.value)
    assert not target.exists()
    return caught.value


def test_pieces_are_fetched_side_by_side(web: WeightsServer, tmp_path: Path) -> None:
    """Seven gigabytes come faster over several connections; each byte once, and nothing is left but the file."""
    heard: list[tuple[int, int | None]] = []
    target = fetch(web, tmp_path / "a", listen=lambda done, total: heard.append((done, total)))
    assert is_whole(target)
    assert len(web.bodies_asked()) == -(-len(CONTENT) // 200_000) == len(set(web.bodies_asked()))
    assert web.most_at_once > 1
    assert heard[-1] == (len(CONTENT), len(CONTENT))
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_line_that_breaks_is_taken_up_where_it_broke(web: WeightsServer, tmp_path: Path) -> None:
    """No byte that is on disk is asked for again, and the server is told which bytes we mean."""
    web.faults.cut_after = 60_000
    assert is_whole(fetch(web, tmp_path / "a", connections=1))
    starts = [int(each.removeprefix("bytes=").partition("-")[0]) for each in web.bodies_asked()]
    assert starts == sorted(set(starts))
    assert all(asked.if_range for asked in web.asked if asked.range != "bytes=0-0")


def test_another_process_goes_on(web: WeightsServer, tmp_path: Path) -> None:
    """A worker that was killed in the middle leaves what it had; the next asks only for the rest."""
    half = len(CONTENT) // 2

    def stop(done: int, _total: int | None) -> None:
        if done > half:
            raise Stopped

    web.faults.cut_after = 150_000
    with pytest.raises(Stopped):
        fetch(web, tmp_path / "a", listen=stop, connections=1)
    web.asked.clear()
    web.faults.cut_after = None
    assert is_whole(fetch(web, tmp_path / "a", connections=1))
    first = int(web.bodies_asked()[0].removeprefix("bytes=").partition("-")[0])
    assert first > half - 250_000


def test_a_file_that_changed_is_begun_anew(web: WeightsServer, tmp_path: Path) -> None:
    """Half of one version and half of another are no file."""
    web.files[PATH] = safetensors_bytes(1_000_000, seed=1)
    web.faults.cut_after = 100_000

    def stop(done: int, _total: int | None) -> None:
        if done:
            raise Stopped

    with pytest.raises(Stopped):
        fetch(web, tmp_path / "a", listen=stop)
    web.files[PATH], web.faults.cut_after = CONTENT, None
    assert is_whole(fetch(web, tmp_path / "a"))


def test_a_file_that_changes_meanwhile_is_begun_anew(web: WeightsServer, tmp_path: Path) -> None:
    """If-Range makes the server say so, instead of mixing two versions."""
    changed = threading.Event()

    def change(done: int, _total: int | None) -> None:
        if done and not changed.is_set():
            changed.set()
            web.files[PATH] = CONTENT

    web.files[PATH] = safetensors_bytes(1_000_000, seed=1)
    web.faults.cut_after = 100_000
    assert is_whole(fetch(web, tmp_path / "a", listen=change, connections=1))
    assert changed.is_set()


def test_a_server_without_validators_is_never_resumed(web: WeightsServer, tmp_path: Path) -> None:
    """Nothing tells whether the rest belongs to the beginning."""
    web.faults.etags = False
    assert is_whole(fetch(web, tmp_path / "a"))


def test_a_server_without_ranges(web: WeightsServer, tmp_path: Path) -> None:
    """One stream from the start."""
    web.faults.ignores_ranges = True
    assert is_whole(fetch(web, tmp_path / "a"))


@pytest.mark.parametrize(
    "faults",
    [
        {"cut_after": 10},
        {"ignores_ranges": True, "cut_after": 400_000},
        {"stall_after": 10, "stall_s": 1.0},
        {"drip": True},
        {"ignores_ranges": True, "claims_more": 5000},
        {"claims_less": 5000},
        {"lies_about_place": True},
        {"always_status": 503},
        {"always_status": 429, "retry_after": "0"},
        {"always_status": 403},
        {"always_status": 401},
        {"always_status": 418},
    ],
    ids=str,
)
def test_what_cannot_be_had_ends(web: WeightsServer, tmp_path: Path, faults: dict[str, Any]) -> None:
    """The job is told within bounds, without the address, and another attempt elsewhere may be lucky."""
    for name, value in faults.items():
        setattr(web.faults, name, value)
    error = refused(web, tmp_path / "a", patience=Patience(**{**PATIENCE.__dict__, "window_s": 0.1}))
    assert error.code is ErrorCode.WEIGHTS_UNREACHABLE
    assert error.retryable
    assert len(web.asked) < 50


def test_a_stall_is_noticed_and_survived(web: WeightsServer, tmp_path: Path) -> None:
    """A connection that says nothing is left, and another one opened."""
    web.faults.stall_after, web.faults.stall_s = 150_000, 1.0
    assert is_whole(fetch(web, tmp_path / "a", piece_bytes=400_000))


def test_a_busy_server_is_asked_again(web: WeightsServer, tmp_path: Path) -> None:
    """429 and 5xx pass."""
    web.faults.statuses, web.faults.retry_after = [429, 503], "0"
    assert is_whole(fetch(web, tmp_path / "a"))


def test_what_is_not_there_is_not_asked_for_again(web: WeightsServer, tmp_path: Path) -> None:
    """A mistyped address is the owner's to mend."""
    error = refused(web, tmp_path / "a", url=f"{web.url}/missing.safetensors?signature=secret")
    assert error.code is ErrorCode.UNKNOWN_MODEL
    assert len(web.asked) == 1


def test_a_pickle_is_refused_before_it_is_fetched(web: WeightsServer, tmp_path: Path) -> None:
    """Civitai's addresses have no names; the answer has."""
    web.faults.disposition = "model.ckpt"
    error = refused(web, tmp_path / "a")
    assert error.code is ErrorCode.WEIGHTS_BROKEN
    assert error.data["file"] == "model.ckpt"
    assert not web.bodies_asked()


def test_a_key_stays_with_its_host(web: WeightsServer, tmp_path: Path) -> None:
    """The service redirects to a storage that must not see the account's key."""
    with WeightsServer({}, host="localhost").running() as service:
        service.faults.token, service.faults.redirect_to = "a-key", web.url
        assert is_whole(fetch(web, tmp_path / "a", url=f"{service.url}{PATH}", token="a-key"))
    assert {asked.authorization for asked in service.asked} == {"Bearer a-key"}
    assert {asked.authorization for asked in web.asked} == {None}
    assert len(service.asked) == 1, "the pieces come from the storage directly"


def test_a_key_is_shown_to_its_own_host(web: WeightsServer, tmp_path: Path) -> None:
    """A repository that serves its files itself wants the key with each piece."""
    web.faults.token = "a-key"
    assert is_whole(fetch(web, tmp_path / "a", token="a-key"))


def test_the_disk_is_full(web: WeightsServer, tmp_path: Path) -> None:
    """Said at once, not after seven gigabytes and four attempts."""

    def no_room(_path: Path, _size: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(WeightsError, match="disk is full"):
        Downloader(patience=PATIENCE).fetch(
            Remote(f"{web.url}{PATH}", "https:example"), tmp_path / "a", reserve=no_room, listen=lambda *_: None
        )
    assert len(web.asked) == 1


def test_a_cancelled_job_leaves_a_silent_line_at_once(web: WeightsServer, tmp_path: Path) -> None:
    """It does not wait for bytes that may never come; the next job of the worker wants its turn."""
    web.faults.stall_after, web.faults.stall_s = 1000, 4.0
    started = time.monotonic()

    def cancel(done: int, _total: int | None) -> None:
        if done:
            raise Stopped

    with pytest.raises(Stopped):
        fetch(web, tmp_path / "a", listen=cancel, patience=Patience(read_s=30))
    assert time.monotonic() - started < 3
    web.faults.stall_after = None
    assert is_whole(fetch(web, tmp_path / "a"))


FETCH = """
import sys
from pathlib import Path
from gpu_worker.weights.answers import Remote
from gpu_worker.weights.download import Downloader
Downloader(piece_bytes=100_000, connections=1).fetch(
    Remote(sys.argv[1], "https:example"), Path(sys.argv[2]), reserve=lambda path, size: None,
    listen=lambda done, total: print(done, flush=True))
"""


def test_a_killed_worker_loses_no_more_than_a_piece(web: WeightsServer, tmp_path: Path) -> None:
    """SIGKILL in the middle: whoever comes next goes on from what was written down."""
    web.faults.delay_s = 0.15
    command = [sys.executable, "-c", FETCH, f"{web.url}{PATH}", str(tmp_path / "a")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        done = next(count for count in map(int, worker.stdout) if count > 400_000)
        worker.kill()
    web.faults.delay_s = 0
    web.asked.clear()
    assert is_whole(fetch(web, tmp_path / "a", piece_bytes=100_000))
    assert len(web.bodies_asked()) <= (len(CONTENT) - done) // 100_000 + 2
