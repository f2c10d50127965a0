import pytest

from tasks.schema import CheckpointRef
from tests.tiny_room import Room
from tests.tiny_weights import single_ref, tiny_ref, tiny_weights

__all__ = ["room", "single_ref", "tiny_ref", "tiny_weights"]


@pytest.fixture(scope="module")
def room(tiny_ref: CheckpointRef, tmp_path_factory: pytest.TempPathFactory) -> Room:
    import torch  # noqa: PLC0415 - takes seconds

    from gpu_worker.device import Device  # noqa: PLC0415
    from gpu_worker.diffusers_renderer import DiffusersRenderer  # noqa: PLC0415
    from gpu_worker.weights.fetcher import WeightsFetcher  # noqa: PLC0415

    renderer = DiffusersRenderer(Device("cpu", torch.float32))
    renderer.load(tiny_ref, WeightsFetcher(tmp_path_factory.mktemp("fetched")).checkpoint(tiny_ref))
    return Room(renderer, tiny_ref)
