"""The registry: what ships is good, and every mistake is told at once by file, key and reason."""

from pathlib import Path

import pytest

from config.loading import DEFAULT_DIRECTORY, load_registry
from config.problems import ConfigurationError
from tasks.references import wear

GOOD_MODEL = """
id = "{id}"
name = "A model"
format = "folder"
source = "file:weights"
licence = "MIT"
vram_gb = 1
download_gb = 1
[defaults]
steps = 4
cfg = 1.0
"""
GOOD_PROFILE = 'id = "standard"\nimage = "easel/gpu:1"\nwarm = ["a"]\n'


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for folder in ("models", "profiles"):
        (tmp_path / folder).mkdir()
    (tmp_path / "models/a.toml").write_text(GOOD_MODEL.format(id="a"))
    (tmp_path / "profiles/standard.toml").write_text(GOOD_PROFILE)
    return tmp_path


def problems_in(directory: Path) -> set[tuple[str, str]]:
    with pytest.raises(ConfigurationError) as caught:
        load_registry(directory)
    return {(problem.place, problem.key) for problem in caught.value.problems}


def test_the_shipped_registry_is_good() -> None:
    """The entries that the owner gets load, and name the models that the README promises."""
    registry = load_registry(DEFAULT_DIRECTORY)
    assert {"sdxl-base-1.0", "sdxl-lightning-4step", "hyper-sd-8step", "animagine-xl-4.0"} <= set(registry.checkpoints)
    assert registry.default_checkpoint.id == "sdxl-base-1.0"
    assert all(entry.licence_url for entry in registry.checkpoints.values())


def test_few_step_models_sample_with_trailing_timesteps() -> None:
    """Lightning and Hyper-SD look wrong with leading timesteps, whatever a repository's config says."""
    checkpoints = load_registry(DEFAULT_DIRECTORY).checkpoints
    few_step = [entry for entry in checkpoints.values() if entry.defaults.steps <= 8]
    assert len(few_step) == 2
    assert {entry.timestep_spacing for entry in few_step} == {"trailing"}


def test_all_mistakes_are_told_at_once(directory: Path) -> None:
    """Nobody starts five times to learn of five mistakes."""
    (directory / "models/b.toml").write_text(GOOD_MODEL.format(id="other").replace("steps = 4", "steps = 400"))
    (directory / "models/c.toml").write_text("id = ")
    (directory / "models/d.toml").write_text(
        GOOD_MODEL.format(id="d").replace("file:weights", "ftp:weights") + "colour = 1\n"
    )
    (directory / "profiles/standard.toml").write_text(GOOD_PROFILE.replace('["a"]', '["nope"]'))
    (directory / "fleet.toml").write_text("max_instances = -1\n")
    assert problems_in(directory) == {
        ("models/b.toml", "defaults.steps"),
        ("models/c.toml", ""),
        ("models/d.toml", "source"),
        ("models/d.toml", "defaults.colour"),
        ("profiles/standard.toml", "warm"),
        ("fleet.toml", "max_instances"),
    }


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('sha256 = "abc"', "sha256"),
        ('base = "sd15"', "base"),
        ('format = "pickle"', "format"),
        ("vram_gb = 0", "vram_gb"),
        ('id = "Has Spaces"', "id"),
        ('source = "upload:ink.safetensors"', "source"),
        (f'source = "upload:{"A" * 64}"', "source"),
    ],
)
def test_a_wrong_value_is_named(directory: Path, line: str, key: str) -> None:
    """Each key refuses what it cannot mean."""
    kept = [row for row in GOOD_MODEL.format(id="a").splitlines() if not row.startswith(f"{key} ")]
    (directory / "models/a.toml").write_text("\n".join([line, *kept]))
    assert ("models/a.toml", key) in problems_in(directory)


def test_file_name_and_id_agree(directory: Path) -> None:
    """Two files cannot claim one id: the name of the file is the id."""
    (directory / "models/b.toml").write_text(GOOD_MODEL.format(id="a"))
    assert ("models/b.toml", "id") in problems_in(directory)


def test_deadlines_in_the_wrong_order(directory: Path) -> None:
    """Nobody can mean a shortest one above the longest; a longest one alone may be as short as one likes."""
    file = directory / "profiles/standard.toml"
    file.write_text("boot_deadline_s = 60\n" + GOOD_PROFILE)
    assert load_registry(directory).profile.boot_deadline_s == 60
    file.write_text("boot_deadline_s = 60\nboot_deadline_min_s = 90\n" + GOOD_PROFILE)
    with pytest.raises(
        ConfigurationError, match="boot_deadline_min_s is 90, and boot_deadline_s, the longest one, only 60"
    ):
        load_registry(directory)


def test_limits_contain_the_defaults(directory: Path) -> None:
    """A default that its own limits refuse would break every silent `/imagine`."""
    (directory / "models/a.toml").write_text(GOOD_MODEL.format(id="a") + "[limits]\nmin_steps = 10\n")
    with pytest.raises(ConfigurationError, match=r"defaults\.steps 4 is outside limits"):
        load_registry(directory)


def test_an_unknown_profile_is_told_with_the_known_ones(directory: Path) -> None:
    """The remedy is in the sentence."""
    (directory / "fleet.toml").write_text('profile = "big"\n')
    with pytest.raises(ConfigurationError, match="'big' is not in profiles/ \\(there: standard\\)"):
        load_registry(directory)


def test_a_missing_folder_names_the_variable(tmp_path: Path) -> None:
    """EASEL_CONFIG_DIR misspelt."""
    with pytest.raises(ConfigurationError, match="EASEL_CONFIG_DIR"):
        load_registry(tmp_path / "nowhere")


def test_controlnets_and_loras_are_files_too(directory: Path) -> None:
    """The same rules for every kind of entry."""
    for folder in ("controlnets", "loras"):
        (directory / folder).mkdir()
    entry = 'id = "{id}"\nname = "X"\nsource = "civitai:123"\nlicence = "MIT"\ndownload_gb = 0.2\n'
    (directory / "loras/ink.toml").write_text(entry.format(id="ink") + 'trigger_words = ["ink style"]\n')
    (directory / "controlnets/edges.toml").write_text(entry.format(id="edges") + 'control = "canny"\nvram_gb = 2.5\n')
    registry = load_registry(directory)
    assert registry.loras["ink"].weight == 0.8
    assert registry.controlnets["edges"].control == "canny"
    (directory / "loras/ink.toml").write_text(entry.format(id="ink") + "weight = 3\n")
    assert problems_in(directory) == {("loras/ink.toml", "weight")}


GOOD_CONTROLNET = """
id = "depth"
name = "Depth"
control = "depth"
preprocessor = "midas"
source = "file:depth"
licence = "MIT"
vram_gb = 1
download_gb = 1
"""
GOOD_PREPROCESSOR = """
id = "midas"
name = "MiDaS"
detector = "midas"
licence = "MIT"
[[files]]
source = "file:annotators"
file = "dpt.pt"
sha256 = "{sha256}"
"""


def test_a_controlnet_names_its_preprocessor(directory: Path) -> None:
    """One that is not there is told by file and key."""
    for folder in ("controlnets", "preprocessors"):
        (directory / folder).mkdir()
    (directory / "controlnets/depth.toml").write_text(GOOD_CONTROLNET)
    assert problems_in(directory) == {("controlnets/depth.toml", "preprocessor")}
    (directory / "preprocessors/midas.toml").write_text(GOOD_PREPROCESSOR.format(sha256="0" * 64))
    assert load_registry(directory).preprocessors["midas"].files[0].file == "dpt.pt"


def test_a_preprocessors_weights_are_pinned(directory: Path) -> None:
    """Some are pickles: they are opened only where the hash is known."""
    (directory / "preprocessors").mkdir()
    (directory / "preprocessors/midas.toml").write_text(GOOD_PREPROCESSOR.replace('sha256 = "{sha256}"\n', ""))
    assert {place for place, _ in problems_in(directory)} == {"preprocessors/midas.toml"}


GOOD_LORA = """
id = "{id}"
name = "A LoRA"
trigger_words = ["ink drawing"]
source = "file:loras"
file = "ink.safetensors"
licence = "MIT"
download_gb = 0.2
"""
ERA = """
id = "inkwell"
name = "The inkwell years"
loras = [{ lora = "ink", weight = 0.5 }, { lora = "paper" }]
"""


def test_a_set_of_loras_under_one_word(directory: Path) -> None:
    """Its LoRAs must be there; each is worn at the set's weight, or at its own."""
    for folder in ("loras", "lora_sets"):
        (directory / folder).mkdir()
    (directory / "loras/ink.toml").write_text(GOOD_LORA.format(id="ink"))
    (directory / "lora_sets/inkwell.toml").write_text(ERA)
    assert problems_in(directory) == {("lora_sets/inkwell.toml", "loras")}
    (directory / "loras/paper.toml").write_text(GOOD_LORA.format(id="paper"))
    registry = load_registry(directory)
    worn = wear(registry.lora_sets["inkwell"], registry.loras)
    assert [(each.id, each.weight, each.add_trigger_words) for each in worn] == [
        ("ink", 0.5, True),
        ("paper", 0.8, True),
    ]


def test_a_safety_checker_is_declared_by_its_file(directory: Path) -> None:
    """Without the file there is none; with a mistake in it nothing starts, for it would not be checked."""
    assert load_registry(directory).safety is None
    file = directory / "safety.toml"
    file.write_text('id = "clip"\nsource = "huggingface:owner/checker"\nlicence = "MIT"\n')
    found = load_registry(directory).safety
    assert found is not None
    assert found.source == "huggingface:owner/checker"
    file.write_text('id = "clip"\nsource = "owner/checker"\nlicence = "MIT"\n')
    assert problems_in(directory) == {("safety.toml", "source")}
