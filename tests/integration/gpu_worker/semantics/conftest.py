import pytest
import torch

from gpu_worker.device import Device
from gpu_worker.diffusers_renderer import DiffusersRenderer
from gpu_worker.weights.fetcher import WeightsFetcher
from tests.integration.gpu_worker.semantics.painter import DRAWN, Painter, trained_ref
from tests.tiny_room import Room


@pytest.fixture(scope="session")
def painter(tmp_path_factory: pytest.TempPathFactory) -> Painter:
    renderer, ref = DiffusersRenderer(Device("cpu", torch.float32)), trained_ref()
    fetcher = WeightsFetcher(tmp_path_factory.mktemp("fetched"))
    renderer.load(ref, fetcher.checkpoint(ref))
    loras = {path.stem: path for path in (DRAWN / "loras").glob("*.safetensors")}
    return Painter(Room(renderer, ref, [], loras, {"edges": DRAWN / "tiny-sdxl-canny"}), fetcher)
