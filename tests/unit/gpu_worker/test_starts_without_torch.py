import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("module", ["gpu_worker.run_job", "gpu_worker.worker", "gpu_worker.__main__"])
def test_the_celery_side_needs_no_torch(module: str) -> None:
    """The heartbeat starts at once, and torch is imported on the lane's thread meanwhile."""
    code = f"import sys, {module}; sys.exit(bool({{'torch', 'diffusers', 'transformers'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
