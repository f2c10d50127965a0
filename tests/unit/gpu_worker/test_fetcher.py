import hashlib
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from config.registry import Weights
from gpu_worker.weights.fetcher import WeightsFetcher
from gpu_worker.weights.https import HttpsFiles
from tasks.errors import ErrorCode, WeightsError
from tasks.schema import CheckpointRef


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


@pytest.mark.parametrize("source", ["civitai:123", "s3:bucket/model", "gs:bucket/model"])
def test_sources_that_a_worker_cannot_reach(source: str, tmp_path: Path) -> None:
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


class WebServer:
    """Serves one file with ranges; `cut_after` closes the line after so many bytes of each answer."""

    def __init__(self, content: bytes) -> None:
        self.cut_after: int | None = None
        self.requests: list[str | None] = []
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.requests.append(self.headers["Range"])
                if "missing" in self.path:
                    self.send_error(404)
                    return
                start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-")) if self.headers["Range"] else 0
                body = content[start:]
                self.send_response(206 if start else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: web.cut_after])
                self.close_connection = True

            def log_message(self, *_args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


CONTENT = bytes(range(256)) * 4000


@pytest.fixture
def web() -> Iterator[WebServer]:
    server = WebServer(CONTENT)
    thread = threading.Thread(target=lambda: server.server.serve_forever(poll_interval=0.01), daemon=True)
    thread.start()
    yield server
    server.server.shutdown()
    server.server.server_close()


def test_a_download_is_resumed(web: WebServer, tmp_path: Path) -> None:
    """Seven gigabytes are not begun anew because the line broke once."""
    web.cut_after = 400_000
    path = HttpsFiles(tmp_path).file(f"{web.url}/model.safetensors?signature=1")
    assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(CONTENT).digest()
    starts = [int(asked.removeprefix("bytes=").rstrip("-")) for asked in web.requests if asked]
    assert starts[0] > 300_000
    assert starts == sorted(set(starts))


def test_a_file_is_fetched_once(web: WebServer, tmp_path: Path) -> None:
    """A new signature in the address is the same file."""
    first = HttpsFiles(tmp_path).file(f"{web.url}/model.safetensors?signature=1")
    assert HttpsFiles(tmp_path).file(f"{web.url}/model.safetensors?signature=2") == first
    assert len(web.requests) == 1


def test_a_line_that_keeps_breaking(web: WebServer, tmp_path: Path) -> None:
    """After some attempts the job is told, without the address: it may carry a signature."""
    web.cut_after = 10
    with pytest.raises(WeightsError) as caught:
        HttpsFiles(tmp_path).file(f"{web.url}/model.safetensors?signature=secret")
    assert caught.value.code is ErrorCode.WEIGHTS_UNREACHABLE
    assert "secret" not in str(caught.value)


def test_a_page_that_is_not_there(web: WebServer, tmp_path: Path) -> None:
    """No use in asking again."""
    with pytest.raises(WeightsError) as caught:
        HttpsFiles(tmp_path).file(f"{web.url}/missing.safetensors")
    assert caught.value.code is ErrorCode.UNKNOWN_MODEL
    assert len(web.requests) == 1
