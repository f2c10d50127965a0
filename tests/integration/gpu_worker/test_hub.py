"""huggingface_hub against a server that answers as the Hub does, in a process that is not offline."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.registry import Weights
from gpu_worker.renderer import Picture
from tasks.references import SafetyRef
from tests.tiny_safety import build_safety
from tests.unit.gpu_worker.weights_server import WeightsServer

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
COMMIT = "a" * 40
SCRIPT = """
import json, sys
from pathlib import Path
from config.registry import Weights
from gpu_worker.weights.addresses import Endpoints
from gpu_worker.weights.fetcher import WeightsFetcher
from tasks.errors import JobError
from tasks.schema import CheckpointRef
heard = []
address, store, what, ref = sys.argv[1:]
fetcher = WeightsFetcher(Path(store), endpoints=Endpoints({"huggingface": address}))
listen = lambda done, total: heard.append((done, total))
try:
    if what == "checkpoint":
        folder = fetcher.checkpoint(CheckpointRef.read(ref), listen=listen).weights
    else:
        folder = fetcher.safety_checker(Weights(**json.loads(ref)), listen=listen)
except JobError as error:
    print(error.code.value)
else:
    print(folder, max(done for done, _ in heard) if heard else 0)
"""


@contextmanager
def serving(folder: Path) -> Iterator[WeightsServer]:
    """The Hub with one repository, some/body, whose files are those of a folder."""
    names = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
    about = {"id": "some/body", "sha": COMMIT, "siblings": [{"rfilename": name} for name in names]}
    tree = [{"type": "file", "path": n, "size": (folder / n).stat().st_size, "oid": "b" * 40} for n in names]
    files = {f"/some/body/resolve/{COMMIT}/{name}": (folder / name).read_bytes() for name in names}
    for revision in ("main", COMMIT):
        files[f"/api/models/some/body/revision/{revision}"] = json.dumps(about).encode()
        files[f"/api/models/some/body/tree/{revision}"] = json.dumps(tree).encode()
    with WeightsServer(files).running() as server:
        server.faults.headers = {"X-Repo-Commit": COMMIT}
        yield server


@pytest.fixture
def hub(tiny_weights: Path) -> Iterator[WeightsServer]:
    with serving(tiny_weights / "tiny-sdxl") as server:
        yield server


def fetch(hub: WeightsServer, store: Path, what: str = "checkpoint", **weights: str) -> list[str]:
    source = {"source": "huggingface:some/body", **weights}
    ref = {"id": "m", "format": "folder", "weights": source, "max_pixels": 4096} if what == "checkpoint" else source
    environment = {
        **os.environ,
        "HF_HUB_OFFLINE": "0",
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",  # as the worker's renderer sets it
        "EASEL_ENV_FILE": "",
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, hub.url, str(store), what, json.dumps(ref)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_pipeline_comes_from_the_hub(hub: WeightsServer, tmp_path: Path) -> None:
    """Whole, with news of its bytes on the way; and without a key in any request."""
    folder, most = fetch(hub, tmp_path)
    assert (Path(folder) / "unet" / "diffusion_pytorch_model.safetensors").stat().st_size > 0
    assert int(most) > 1_000_000
    assert {asked.authorization for asked in hub.asked} == {None}


def test_a_gated_repository_is_told(hub: WeightsServer, tmp_path: Path) -> None:
    """Without a link and without a key: another attempt brings a fresh link."""
    hub.faults.always_status = 401
    hub.faults.headers["X-Error-Code"] = "GatedRepo"
    assert fetch(hub, tmp_path) == ["weights_unreachable"]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A safety checker as the Hub has them: with a pickle of the same weights beside, and a page of text."""
    folder = build_safety(tmp_path_factory.mktemp("repository"), flags=True)
    (folder / "pytorch_model.bin").write_bytes(b"a pickle")
    (folder / "README.md").write_text("about it")
    return folder


def test_a_safety_checker_comes_from_the_hub(repository: Path, tmp_path: Path) -> None:
    """Its three files of a commit, of the pinned hash, and no other: not the pickle. It judges what a picture is."""
    sha256 = hashlib.sha256((repository / "model.safetensors").read_bytes()).hexdigest()
    with serving(repository) as hub:
        folder, most = fetch(hub, tmp_path / "store", "safety", revision=COMMIT, sha256=sha256)
    assert sorted(path.name for path in Path(folder).iterdir()) == [
        "config.json",
        "model.safetensors",
        "preprocessor_config.json",
    ]
    assert int(most) > 0
    assert {asked.authorization for asked in hub.asked} == {None}
    assert not any("pytorch_model" in asked.path for asked in hub.asked)
    assert flags(Path(folder), sha256)


def flags(folder: Path, sha256: str) -> bool | None:
    """The verdict on a grey picture, of a checker whose files are those of `folder`."""
    import torch  # noqa: PLC0415 - takes seconds

    from gpu_worker.cache.residents import Residents  # noqa: PLC0415
    from gpu_worker.device import Device  # noqa: PLC0415
    from gpu_worker.safety import SafetyCheckers  # noqa: PLC0415

    residents = Residents(budget_bytes=10**9, free_unused=lambda: None)
    ref = SafetyRef(id="from-the-hub", weights=Weights(source="huggingface:some/body", sha256=sha256))
    judge = SafetyCheckers(Device("cpu", torch.float32), residents).judge(ref, folder)
    [judged] = judge([Picture(seed=1, width=8, height=8, rgb=b"\x80" * 8 * 8 * 3)])
    return judged.adult


def test_a_safety_checker_of_another_hash_is_told(repository: Path, tmp_path: Path) -> None:
    """What somebody put into the repository since judges nothing."""
    with serving(repository) as hub:
        assert fetch(hub, tmp_path, "safety", sha256="0" * 64) == ["weights_broken"]


def test_a_safety_checker_of_pickles_only_is_told(repository: Path, tmp_path: Path) -> None:
    """The pickle is not fetched in its place."""
    shutil.copytree(repository, tmp_path / "pickled")
    (tmp_path / "pickled" / "model.safetensors").unlink()
    with serving(tmp_path / "pickled") as hub:
        assert fetch(hub, tmp_path / "store", "safety") == ["weights_broken"]
        assert not any("pytorch_model" in asked.path for asked in hub.asked)


def test_a_known_safety_checker_does_not_need_the_hub(repository: Path, tmp_path: Path) -> None:
    """It was fetched once; the Hub may be away for a while."""
    with serving(repository) as hub:
        first = fetch(hub, tmp_path, "safety", revision=COMMIT)
    assert fetch(hub, tmp_path, "safety", revision=COMMIT)[0] == first[0]


def test_an_unreachable_safety_checker_is_told(repository: Path, tmp_path: Path) -> None:
    """Another machine may reach it; nothing is drawn without it."""
    with serving(repository) as hub:
        hub.faults.always_status = 503
        assert fetch(hub, tmp_path, "safety") == ["weights_unreachable"]
