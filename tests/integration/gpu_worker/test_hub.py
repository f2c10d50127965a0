"""huggingface_hub against a server that answers as the Hub does, in a process that is not offline."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.gpu_worker.weights_server import WeightsServer

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
COMMIT = "a" * 40
FETCH = """
import sys
from pathlib import Path
from gpu_worker.weights.addresses import Endpoints
from gpu_worker.weights.fetcher import WeightsFetcher
from tasks.errors import JobError
from tasks.schema import CheckpointRef
heard = []
fetcher = WeightsFetcher(Path(sys.argv[2]), endpoints=Endpoints({"huggingface": sys.argv[1]}))
try:
    files = fetcher.checkpoint(CheckpointRef.read(sys.argv[3]), listen=lambda done, total: heard.append((done, total)))
except JobError as error:
    print(error.code.value)
else:
    print(files.weights, max(done for done, _ in heard) if heard else 0)
"""


@pytest.fixture
def hub(tiny_weights: Path) -> Iterator[WeightsServer]:
    folder = tiny_weights / "tiny-sdxl"
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


def fetch(hub: WeightsServer, store: Path) -> list[str]:
    ref = {"id": "m", "format": "folder", "weights": {"source": "huggingface:some/body"}, "max_pixels": 4096}
    environment = {
        **os.environ,
        "HF_HUB_OFFLINE": "0",
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",  # as the worker's renderer sets it
        "EASEL_ENV_FILE": "",
    }
    done = subprocess.run(
        [sys.executable, "-c", FETCH, hub.url, str(store), json.dumps(ref)],
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
