import hashlib
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from gpu_worker.weights import verification
from tasks.errors import ErrorCode, WeightsError


@pytest.fixture
def whole(tiny_weights: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "tiny.safetensors"
    shutil.copyfile(tiny_weights / "tiny-sdxl-single" / "tiny.safetensors", copy)
    return copy


def refused(path: Path, **options: str) -> WeightsError:
    with pytest.raises(WeightsError) as caught:
        verification.check_file(path, **options)
    assert caught.value.code is ErrorCode.WEIGHTS_BROKEN
    assert caught.value.data["file"] == path.name
    return caught.value


def test_a_whole_file_with_the_right_hash(whole: Path) -> None:
    """Nothing good is refused."""
    verification.check_file(whole, sha256=hashlib.sha256(whole.read_bytes()).hexdigest())


@pytest.mark.parametrize("kept", [0.0, 0.001, 0.5, 0.999])
def test_a_truncated_file(whole: Path, kept: float) -> None:
    """A broken download is found before it costs a minute of loading."""
    content = whole.read_bytes()
    whole.write_bytes(content[: int(len(content) * kept)])
    refused(whole)


def test_another_file_under_the_name(whole: Path) -> None:
    """An error page saved as weights is no weights."""
    whole.write_text("<html>Not found</html>" * 100)
    refused(whole)


def test_a_wrong_hash(whole: Path) -> None:
    """What the registry pins is what is loaded."""
    assert "sha256" in refused(whole, sha256="0" * 64).detail


@pytest.mark.parametrize("suffix", [".ckpt", ".bin", ".pt", ".pth"])
def test_pickles_are_never_opened(whole: Path, suffix: str) -> None:
    """A pickle can carry code; its name is enough to refuse it, whatever it holds."""
    refused(whole.rename(whole.with_suffix(suffix)))


def test_a_folder_without_a_pipeline(tmp_path: Path) -> None:
    """Somebody typed the wrong path: that is an unknown model, not a broken one."""
    with pytest.raises(WeightsError) as caught:
        verification.check_folder(tmp_path, variant=None)
    assert caught.value.code is ErrorCode.UNKNOWN_MODEL


def test_a_folder_with_pickles_only(tiny_weights: Path, tmp_path: Path) -> None:
    """Diffusers would open `.bin` files where it is not told otherwise."""
    folder = tmp_path / "model"
    shutil.copytree(tiny_weights / "tiny-sdxl", folder)
    weights = folder / "vae" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(".bin"))
    with pytest.raises(WeightsError) as caught:
        verification.check_folder(folder, variant=None)
    assert caught.value.code is ErrorCode.WEIGHTS_BROKEN
    assert caught.value.data["file"] == "vae"


def test_only_the_variant_that_is_loaded_counts(tmp_path: Path) -> None:
    """A repository holds both; half of its files are never fetched."""
    for name in ("model.fp16.safetensors", "model.safetensors", "model.fp16-00001-of-00002.safetensors"):
        (tmp_path / name).touch()
    assert [path.name for path in verification.weight_files(tmp_path, variant=None)] == ["model.safetensors"]
    assert len(verification.weight_files(tmp_path, variant="fp16")) == 2


def test_a_models_folder(tmp_path: Path) -> None:
    """A ControlNet's: config and whole weights of the variant that is asked for."""
    with pytest.raises(WeightsError) as caught:
        verification.check_model(tmp_path, variant=None)
    assert caught.value.code is ErrorCode.UNKNOWN_MODEL
    (tmp_path / "config.json").write_text("{}")
    save_file({"x": torch.ones(2)}, tmp_path / "diffusion_pytorch_model.fp16.safetensors")
    verification.check_model(tmp_path, variant="fp16")
    with pytest.raises(WeightsError) as caught:
        verification.check_model(tmp_path, variant=None)
    assert caught.value.code is ErrorCode.WEIGHTS_BROKEN


def test_a_pinned_file_may_be_anything_but_another(tmp_path: Path) -> None:
    """By its hash alone, and never without one."""
    path = tmp_path / "annotator.pth"
    path.write_bytes(b"any bytes")
    verification.check_pinned(path, sha256=hashlib.sha256(b"any bytes").hexdigest())
    for sha256 in (None, "0" * 64):
        with pytest.raises(WeightsError) as caught:
            verification.check_pinned(path, sha256=sha256)
        assert caught.value.code is ErrorCode.WEIGHTS_BROKEN
