from tests.integration.gpu_worker.bench import bench, lane
from tests.tiny_weights import single_ref, tiny_ref, tiny_weights

__all__ = ["bench", "lane", "single_ref", "tiny_ref", "tiny_weights"]
