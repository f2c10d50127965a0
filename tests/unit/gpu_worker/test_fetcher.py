import hashlib
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest

from config.registry import Weights
from gpu_worker.weights.addresses import Endpoints, place_key
from gpu_worker.weights.answers import Patience, Remote
from gpu_worker.weights.download import Downloader
from gpu_worker.weights.fetcher import WeightsFetcher
from gpu_worker.weights.web import Errand
from tasks.errors import ErrorCode, WeightsError
from tasks.schema import CheckpointRef, SignedLink
from tests.conftest import ManualClock
from tests.unit.gpu_worker.weights_server import Faults, WeightsServer, safetensors_bytes


def ref(source: str, **changes: Any) -> CheckpointRef:
    file = changes.pop("file", None)
    sha256 = changes.pop("sha256", None)
    values: dict[str, Any] = {"id": "model", "format": "folder", "max_pixels": 4096}
    return CheckpointRef(weights=Weights(source=source, file=file, sha256=sha256), **(values | changes))


def error_of(fetcher: WeightsFetcher, wanted: CheckpointRef) -> WeightsError:
    with pytest.raises(WeightsError) as caught:
        fetcher.checkpoint(wanted)
    return caught.value


def test_a_folder_and_a_file(tiny_ref: CheckpointRef, single_ref: CheckpointRef, tmp_path: Path) -> None:
    """Both formats are found where the registry says, and the single file with its configs."""
    fetcher = WeightsFetcher(tmp_path)
    assert (fetcher.checkpoint(tiny_ref).weights / "model_index.json").is_file()
    single = fetcher.checkpoint(single_ref)
    assert single.weights.name == "tiny.safetensors"
    assert single.config is not None
    assert (single.config / "unet" / "config.json").is_file()


def test_relative_paths(tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They start at the working directory, then at the configuration folder."""
    monkeypatch.chdir(tiny_weights)
    assert WeightsFetcher(tmp_path).checkpoint(ref("file:tiny-sdxl")).weights.samefile("tiny-sdxl")
    monkeypatch.chdir(tmp_path)
    fetcher = WeightsFetcher(tmp_path, roots=(tiny_weights,))
    assert fetcher.checkpoint(ref("file:tiny-sdxl")).weights == tiny_weights / "tiny-sdxl"


def test_a_missing_file_is_an_unknown_model(tmp_path: Path) -> None:
    """Another attempt on this machine cannot help, and the user is told at once."""
    error = error_of(WeightsFetcher(tmp_path), ref("file:nowhere/at-all"))
    assert error.code is ErrorCode.UNKNOWN_MODEL
    assert "nowhere/at-all" in error.detail


@pytest.mark.parametrize("source", ["civitai:123", "s3:bucket/model", "gs:bucket/model", "https://x/model"])
def test_sources_that_give_no_folders(source: str, tmp_path: Path) -> None:
    """The scheme is named, and what would be right."""
    error = error_of(WeightsFetcher(tmp_path), ref(source))
    assert error.code is ErrorCode.WEIGHTS_UNREACHABLE
    assert error.detail.startswith(source.partition(":")[0])
    assert "huggingface:" in error.detail


def test_a_wrong_hash_is_found(tiny_weights: Path, tmp_path: Path) -> None:
    """A pinned hash is a promise."""
    wanted = ref(
        f"file:{tiny_weights / 'tiny-sdxl-single'}",
        file="tiny.safetensors",
        sha256="0" * 64,
        format="single_file",
        config=Weights(source=f"file:{tiny_weights / 'tiny-sdxl-single' / 'config'}"),
    )
    error = error_of(WeightsFetcher(tmp_path), wanted)
    assert error.code is ErrorCode.WEIGHTS_BROKEN
    assert error.data["file"] == "tiny.safetensors"


def test_a_file_that_was_mended_is_read_again(tiny_weights: Path, tmp_path: Path) -> None:
    """A failure is not remembered: the owner copies the file again, and the next job works."""
    copy = tmp_path / "model"
    shutil.copytree(tiny_weights / "tiny-sdxl", copy)
    unet = copy / "unet" / "diffusion_pytorch_model.safetensors"
    content = unet.read_bytes()
    unet.write_bytes(content[:1000])
    fetcher = WeightsFetcher(tmp_path)
    assert error_of(fetcher, ref(f"file:{copy}")).code is ErrorCode.WEIGHTS_BROKEN
    unet.write_bytes(content)
    assert fetcher.checkpoint(ref(f"file:{copy}")).weights == copy


def test_the_hub_from_its_cache(tiny_weights: Path, tmp_path: Path) -> None:
    """What was fetched once is used without asking: the layout is huggingface_hub's own."""
    repository = tmp_path / "huggingface" / "models--somebody--model"
    commit = "a" * 40
    shutil.copytree(tiny_weights / "tiny-sdxl", repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    files = WeightsFetcher(tmp_path).checkpoint(ref("huggingface:somebody/model"))
    assert files.weights == repository / "snapshots" / commit


def test_the_hub_does_not_answer(tmp_path: Path) -> None:
    """Another machine, or a later attempt, may have more luck."""
    error = error_of(WeightsFetcher(tmp_path), ref("huggingface:somebody/model"))
    assert error.code is ErrorCode.WEIGHTS_UNREACHABLE
    assert error.retryable


PATIENCE = Patience(read_s=1, backoff_s=0, fruitless_attempts=2, busy_attempts=1)
SAFE = safetensors_bytes(300_000)


@pytest.fixture
def web() -> Iterator[WeightsServer]:
    with WeightsServer({"/bucket/models/a.safetensors": SAFE, "/api/download/models/42": SAFE}).running() as server:
        yield server


@pytest.fixture
def make(web: WeightsServer, tmp_path: Path, clock: ManualClock) -> Callable[..., WeightsFetcher]:
    def build(folder: str = "store", **options: Any) -> WeightsFetcher:
        endpoints = Endpoints(dict.fromkeys(("civitai", "s3", "gs", "huggingface"), web.url), options.pop("tokens", {}))
        downloader = Downloader(patience=PATIENCE, piece_bytes=100_000)
        return WeightsFetcher(tmp_path / folder, endpoints=endpoints, downloader=downloader, now=clock, **options)

    return build


def one_file(fetcher: WeightsFetcher, source: str, **options: Any) -> Path:
    return fetcher.file(Weights(source=source, **options))


@pytest.mark.parametrize("source", ["s3:bucket/models/a.safetensors", "gs:bucket/models/a.safetensors", "civitai:7@42"])
def test_single_files_of_every_service(source: str, make: Callable[..., WeightsFetcher], web: WeightsServer) -> None:
    """Public buckets and Civitai, each by its own form of address; a second look asks nobody."""
    path = one_file(make(), source, sha256=hashlib.sha256(SAFE).hexdigest())
    assert path.read_bytes() == SAFE
    assert path.suffix == ".safetensors"
    asked = len(web.asked)
    assert one_file(make(), source) == path
    assert len(web.asked) == asked


def test_a_token_goes_to_its_own_service_only(make: Callable[..., WeightsFetcher], web: WeightsServer) -> None:
    """A machine of one's own may have keys; a bucket never sees Civitai's."""
    fetcher = make(tokens={"civitai": "a-key"})
    one_file(fetcher, "civitai:42")
    one_file(fetcher, "gs:bucket/models/a.safetensors")
    seen = {asked.path: asked.authorization for asked in web.asked}
    assert seen == {"/api/download/models/42": "Bearer a-key", "/bucket/models/a.safetensors": None}


@pytest.mark.parametrize("file", ["model.ckpt", "model.pt", "a/b.bin", "model.PTH"])
def test_a_pickle_is_refused_by_its_name(file: str, make: Callable[..., WeightsFetcher], web: WeightsServer) -> None:
    """Nothing is fetched, let alone opened."""
    with pytest.raises(WeightsError) as caught:
        one_file(make(), "s3:bucket/models", file=file)
    assert caught.value.code is ErrorCode.WEIGHTS_BROKEN
    assert caught.value.data["file"] == Path(file).name
    assert not web.asked


@pytest.mark.parametrize(
    ("faults", "sha256"),
    [
        ({"wrong_byte_at": 250_000}, hashlib.sha256(SAFE).hexdigest()),
        ({"wrong_byte_at": 12}, None),
        ({"claims_less": 5000, "ignores_ranges": True}, None),
    ],
    ids=["wrong hash", "wrong header", "too short"],
)
def test_what_is_broken_is_not_kept(
    faults: dict[str, Any], sha256: str | None, make: Callable[..., WeightsFetcher], web: WeightsServer
) -> None:
    """The job is told which file, and the next attempt fetches it anew."""
    for name, value in faults.items():
        setattr(web.faults, name, value)
    with pytest.raises(WeightsError) as caught:
        one_file(make(), "gs:bucket/models/a.safetensors", sha256=sha256)
    assert caught.value.code is ErrorCode.WEIGHTS_BROKEN
    assert caught.value.data["file"] == "a.safetensors"
    web.faults = Faults()
    assert one_file(make(), "gs:bucket/models/a.safetensors", sha256=sha256).read_bytes() == SAFE


def test_a_new_signature_is_the_same_file(make: Callable[..., WeightsFetcher], web: WeightsServer) -> None:
    """What stands behind the question mark names nothing on disk."""
    web.files["/m.safetensors"] = SAFE
    fetcher = make()
    paths = {
        fetcher._web.file(
            place_key(f"{web.url}/m.safetensors?sig={n}", revision=None, path=""),
            "m.safetensors",
            lambda n=n: Remote(f"{web.url}/m.safetensors?sig={n}", "https:example"),  # type: ignore[misc]
            Errand(),
        )
        for n in (1, 2)
    }
    assert len(paths) == 1
    assert len({asked.path for asked in web.asked}) == 1


def test_several_workers_fetch_a_file_once(make: Callable[..., WeightsFetcher], web: WeightsServer) -> None:
    """They share a disk; whoever comes second waits and finds it."""
    with ThreadPoolExecutor(4) as workers:
        paths = list(workers.map(lambda _: one_file(make(), "gs:bucket/models/a.safetensors"), range(4)))
    assert len(set(paths)) == 1
    assert len(web.bodies_asked()) == 4  # the pieces of one download


def test_who_waits_for_another_worker_can_be_stopped(make: Callable[..., WeightsFetcher]) -> None:
    """A cancelled job does not wait until somebody else's seven gigabytes are there."""
    fetcher = make()
    weights = Weights(source="gs:bucket/models/a.safetensors")
    unit, _ = fetcher._store.place(place_key(weights.source, revision=None, path=""))

    def stop(_done: int, _total: int | None) -> None:
        raise InterruptedError

    with fetcher._store.locked(unit, waiting=lambda: None), ThreadPoolExecutor(1) as other:
        waiting = other.submit(make()._file, weights, Errand(stop))
        with pytest.raises(InterruptedError):
            waiting.result(10)


def link(source: str, url: str, *, path: str = "", expires_at: datetime) -> SignedLink:
    return SignedLink(source=source, path=path, url=url, expires_at=expires_at)


def test_a_signed_link_leads_to_private_weights(
    make: Callable[..., WeightsFetcher], web: WeightsServer, clock: ManualClock
) -> None:
    """A rented machine has no key: the link that came with the job is all it needs, and only while it lives."""
    web.files["/private"] = SAFE
    soon = clock() + timedelta(minutes=10)
    fetcher = make()
    fetcher.learn([link("huggingface:some/body", f"{web.url}/private?sig=s", path="m.safetensors", expires_at=soon)])
    path = one_file(fetcher, "huggingface:some/body", file="m.safetensors")
    assert path.read_bytes() == SAFE
    clock.advance(3600)
    assert one_file(make(), "huggingface:some/body", file="m.safetensors") == path, "it is here, no link is needed"


def test_a_dead_link_is_none(make: Callable[..., WeightsFetcher], web: WeightsServer, clock: ManualClock) -> None:
    """The job is told to try again, and its next message brings a fresh one."""
    fetcher = make()
    web.faults.token = "a-key"
    dead = clock() + timedelta(seconds=5)
    fetcher.learn([link("civitai:42", f"{web.url}/private?sig=secret", expires_at=dead)])
    with pytest.raises(WeightsError) as caught:
        one_file(fetcher, "civitai:42")
    assert caught.value.retryable
    assert "secret" not in str(caught.value)
    assert "sig" not in web.asked[0].path


def test_a_whole_folder_from_signed_links(
    make: Callable[..., WeightsFetcher], web: WeightsServer, tiny_weights: Path, clock: ManualClock
) -> None:
    """A private bucket with a diffusers folder; what is signed and not there was not needed."""
    folder = tiny_weights / "tiny-sdxl"
    soon = clock() + timedelta(minutes=10)
    names = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
    web.files |= {f"/private/{name}": (folder / name).read_bytes() for name in names}
    fetcher = make()
    fetcher.learn(
        link("s3:private/tiny", f"{web.url}/private/{name}?sig=s", path=name, expires_at=soon)
        for name in [*names, "tokenizer/not_there.json"]
    )
    files = fetcher.checkpoint(ref("s3:private/tiny"))
    assert (files.weights / "unet" / "config.json").is_file()
    clock.advance(3600)
    assert make().checkpoint(ref("s3:private/tiny")).weights == files.weights


def test_a_gated_repository_signs_only_its_large_files(
    make: Callable[..., WeightsFetcher], web: WeightsServer, tiny_weights: Path, clock: ManualClock
) -> None:
    """The configs then come from the entry's `config`, by default SDXL's own."""
    folder = tiny_weights / "tiny-sdxl"
    soon = clock() + timedelta(minutes=10)
    names = [str(path.relative_to(folder)) for path in folder.rglob("*.safetensors")]
    web.files |= {f"/cdn/{name}": (folder / name).read_bytes() for name in names}
    fetcher = make()
    fetcher.learn(link("huggingface:gated/a", f"{web.url}/cdn/{n}", path=n, expires_at=soon) for n in names)
    files = fetcher.checkpoint(ref("huggingface:gated/a", config=Weights(source=f"file:{folder}")))
    assert (files.weights / "model_index.json").is_file()


def test_weights_in_use_stay_on_disk(make: Callable[..., WeightsFetcher], web: WeightsServer) -> None:
    """The budget is for two files: the third makes the least recently used leave, unless somebody holds it."""
    sources = [f"gs:bucket/{n}.safetensors" for n in range(4)]
    web.files |= {f"/bucket/{n}.safetensors": safetensors_bytes(300_000, seed=n) for n in range(4)}
    fetcher = make(limit_bytes=700_000)
    held = Errand()
    first = fetcher._file(Weights(source=sources[0]), held)
    fetcher._recent_pins = deque(maxlen=0)  # the budget is so small that the last few would fill it
    second, third, fourth = (one_file(fetcher, source) for source in sources[1:])
    assert first.exists()
    assert not second.exists()
    assert not third.exists()
    assert fourth.exists()
    held.pins.clear()
    assert one_file(fetcher, sources[1]).exists()
    assert not first.exists(), "it was used before the fourth"


def test_another_process_counts_too(make: Callable[..., WeightsFetcher], web: WeightsServer, tmp_path: Path) -> None:
    """Pins are the system's locks: another worker's weights stay as long as that worker lives."""
    web.files |= {f"/bucket/{n}.safetensors": safetensors_bytes(300_000, seed=n) for n in range(2)}
    fetcher = make(limit_bytes=400_000)
    fetcher._recent_pins = deque(maxlen=0)
    first = one_file(fetcher, "gs:bucket/0.safetensors")
    unit = f"files/{first.parent.name}"
    code = (
        "import sys; from pathlib import Path; from gpu_worker.weights.store import Store;"
        f"pin = Store(Path({str(tmp_path / 'store')!r})).pin({unit!r}); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=PIPE, stdout=PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        one_file(fetcher, "gs:bucket/1.safetensors")
        assert first.exists()
        other.kill()
    one_file(make(limit_bytes=100_000), "gs:bucket/models/a.safetensors")
    assert not first.exists()


def test_a_job_goes_before_what_is_fetched_ahead(make: Callable[..., WeightsFetcher]) -> None:
    """Whoever waits for a picture has the line for himself."""
    line = make()._web.line
    order: list[str] = []

    def fetch_ahead() -> None:
        line.give_way()
        order.append("ahead")

    with ThreadPoolExecutor(1) as ahead:
        with line.urgent():
            waiting = ahead.submit(fetch_ahead)
            order.append("job")
        waiting.result(5)
    assert order == ["job", "ahead"]


def test_an_annotator_of_pinned_bytes(make: Callable[..., WeightsFetcher], web: WeightsServer) -> None:
    """The one exception from safetensors: any format, but of exactly the hash that the registry pins."""
    content = b"some weights of an old kind"
    web.files["/bucket/body.pth"] = content
    pinned = Weights(source="s3:bucket/body.pth", sha256=hashlib.sha256(content).hexdigest())
    assert make().pinned(pinned).read_bytes() == content
    for sha256 in (None, "0" * 64):
        with pytest.raises(WeightsError) as caught:
            make().pinned(pinned.model_copy(update={"sha256": sha256}))
        assert caught.value.code is ErrorCode.WEIGHTS_BROKEN
