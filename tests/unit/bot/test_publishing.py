"""What a pasted link means, and what becomes of what is behind it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bot.publishing import entries, families
from bot.publishing.desk import CIVITAI, HUB, PublishingDesk
from bot.publishing.entries import Wishes
from bot.publishing.findings import Finding, Header, Kind, Reason, UnpublishableError
from bot.publishing.links import CivitaiLink, HubLink, parse
from config.registry import Weights
from tests.unit.bot.weights_files import CHECKPOINT, LORA, SD15, on_civitai, on_hub, safetensors
from tests.unit.gpu_worker.weights_server import WeightsServer


@pytest.fixture
def web() -> Iterator[WeightsServer]:
    with WeightsServer({}).running() as server:
        yield server


@pytest.fixture
def desk(web: WeightsServer) -> PublishingDesk:
    return PublishingDesk(civitai=replace(CIVITAI, endpoint=web.url), hub=replace(HUB, endpoint=web.url))


@pytest.mark.parametrize(
    ("link", "meant"),
    [
        ("https://civitai.com/models/3/ink?modelVersionId=5", CivitaiLink(3, 5)),
        ("civitai.com/models/3", CivitaiLink(3, None)),
        ("<https://civitai.com/api/download/models/5?type=Model>", CivitaiLink(None, 5)),
        ("https://huggingface.co/owner/foxes", HubLink("owner/foxes", "main", None)),
        ("https://huggingface.co/o/r/blob/v2/sub/a.safetensors?x=1", HubLink("o/r", "v2", "sub/a.safetensors")),
        ("https://huggingface.co/owner/foxes/tree/v2", HubLink("owner/foxes", "v2", None)),
    ],
)  # fmt: skip
def test_the_forms_of_a_link(link: str, meant: object) -> None:
    """What people copy from their browser."""
    assert parse(link) == meant


@pytest.mark.parametrize(
    "link",
    [
        "https://example.org/models/3",
        "https://civitai.com.example.org/models/3",
        "https://civitai.com@example.org/models/3",
        "http://169.254.169.254/latest",
        "https://civitai.com/user/somebody",
        "https://huggingface.co/datasets/owner/foxes",
        "file:///etc/passwd",
        "",
    ],
)
def test_other_places_are_never_asked(link: str) -> None:
    """The bot fetches for strangers: two sites, and nothing inside our own network."""
    with pytest.raises(UnpublishableError) as refused:
        parse(link)
    assert refused.value.reason is Reason.UNKNOWN_LINK


def test_a_file_in_discord_has_a_sentence_of_its_own() -> None:
    """Its link expires: no machine could fetch it next week."""
    with pytest.raises(UnpublishableError) as refused:
        parse("https://cdn.discordapp.com/attachments/1/2/ink.safetensors?ex=1&is=2&hm=3")
    assert refused.value.reason is Reason.DISCORD_FILE


def test_civitai_is_believed_for_what_only_it_knows(desk: PublishingDesk, web: WeightsServer) -> None:
    """Name, words, terms and hash; of the file only its beginning is fetched."""
    data = safetensors(LORA)
    finding = desk.look(on_civitai(web, data), Kind.LORA)
    entry = entries.lora(finding, Wishes())
    assert (entry.id, entry.name, entry.source) == ("ink-wash", "Ink Wash", "civitai:3@5")
    assert entry.trigger_words == ("inkwash style", "sumi-e")
    assert entry.licence == "Civitai, commercial use: Image, Rent; credit wanted"
    assert entry.sha256 == finding.weights.sha256
    assert finding.size_bytes == len(data)
    assert all(asked.range for asked in web.asked if "download" in asked.path)


def test_a_link_to_a_model_means_its_newest_version(desk: PublishingDesk, web: WeightsServer) -> None:
    """As the page itself does."""
    on_civitai(web, safetensors(LORA), version=7)
    assert desk.look("https://civitai.com/models/3", Kind.LORA).weights.source == "civitai:3@7"


def test_the_only_file_of_a_repository_is_meant_and_pinned(desk: PublishingDesk, web: WeightsServer) -> None:
    """To the commit, so that what is drawn tomorrow is what was checked today."""
    link = on_hub(web, {"fox.safetensors": safetensors(LORA), "README.md": b"x"}, instance_prompt="a fox")
    entry = entries.lora(desk.look(link, Kind.LORA), Wishes(name="Foxes!"))
    assert (entry.id, entry.revision, entry.file) == ("foxes", "c0ffee", "fox.safetensors")
    assert (entry.trigger_words, entry.licence) == (("a fox",), "apache-2.0")


def test_a_whole_pipeline_is_a_folder(desk: PublishingDesk, web: WeightsServer) -> None:
    """In half precision where there is such; the UNet's header says what it is."""
    unet = safetensors({"conv_in.weight": (320, 4, 3, 3), "add_embedding.linear_1.weight": (1280, 2816)})
    names = [
        "unet/diffusion_pytorch_model",
        "vae/diffusion_pytorch_model",
        "text_encoder/model",
        "text_encoder_2/model",
    ]
    files = {f"{name}.fp16.safetensors": unet for name in names}
    index = json.dumps({"_class_name": "StableDiffusionXLPipeline"}).encode()
    link = on_hub(web, files | {"model_index.json": index})
    finding = desk.look(link, Kind.MODEL)
    entries.check(finding, Kind.MODEL)
    entry = entries.checkpoint(finding, Wishes(steps=12))
    assert (entry.format, entry.variant, entry.revision, entry.defaults.steps) == ("folder", "fp16", "c0ffee", 12)


def reason(desk: PublishingDesk, link: str, kind: Kind = Kind.LORA) -> Reason:
    with pytest.raises(UnpublishableError) as refused:
        entries.check(desk.look(link, kind), kind)
    return refused.value.reason


def test_what_is_wrong_is_named(desk: PublishingDesk, web: WeightsServer) -> None:
    """Each reason for itself, before anything is published."""
    lora, checkpoint = safetensors(LORA), safetensors(CHECKPOINT)
    assert reason(desk, "https://civitai.com/models/99") is Reason.NOT_FOUND
    assert reason(desk, on_civitai(web, lora, file={"name": "a.ckpt", "metadata": {}})) is Reason.NOT_SAFETENSORS
    assert reason(desk, on_civitai(web, b"PK\x03\x04 a zip that is a pickle" * 9)) is Reason.NOT_SAFETENSORS
    assert reason(desk, on_civitai(web, lora, file={"hashes": {}})) is Reason.NO_HASH
    assert reason(desk, on_civitai(web, lora, baseModel="Flux.1 D")) is Reason.WRONG_FAMILY
    assert reason(desk, on_civitai(web, checkpoint, type="Checkpoint")) is Reason.WRONG_KIND
    assert reason(desk, on_civitai(web, lora, type="Checkpoint"), Kind.MODEL) is Reason.WRONG_KIND
    assert reason(desk, on_civitai(web, safetensors(SD15), type="Checkpoint"), Kind.MODEL) is Reason.WRONG_FAMILY
    assert reason(desk, on_civitai(web, safetensors({"a.hada_w1_a": (4, 4)}))) is Reason.UNSUPPORTED
    assert reason(desk, on_hub(web, {"a.safetensors": lora, "b.safetensors": lora})) is Reason.SEVERAL_FILES
    assert reason(desk, on_hub(web, {"a.ckpt": lora})) is Reason.NOT_SAFETENSORS
    assert reason(desk, on_hub(web, {"README.md": b""})) is Reason.NO_FILE


def test_a_lora_of_another_width_is_refused(desk: PublishingDesk, web: WeightsServer) -> None:
    """Many pages say SDXL and are not; the tensors do not lie."""
    narrow = {name: (shape[0], 768) if "down" in name else shape for name, shape in LORA.items()}
    assert reason(desk, on_civitai(web, safetensors(narrow))) is Reason.WRONG_FAMILY


def test_what_needs_a_key_says_whose(desk: PublishingDesk, web: WeightsServer) -> None:
    """Without a key it is missing; with one it is refused. The key is sent to its own site."""
    link = on_civitai(web, safetensors(LORA))
    web.faults.token = "secret"
    assert reason(desk, link) is Reason.NEEDS_KEY
    assert reason(replace(desk, civitai=replace(desk.civitai, key="old")), link) is Reason.KEY_REFUSED
    known = replace(desk, civitai=replace(desk.civitai, key="secret"))
    assert known.look(link, Kind.LORA).name == "Ink Wash"


def test_a_site_that_is_away_is_not_our_fault(desk: PublishingDesk, web: WeightsServer) -> None:
    """One sentence, no stack trace."""
    link = on_civitai(web, safetensors(LORA))
    web.faults.always_status = 503
    assert reason(desk, link) is Reason.SITE_AWAY
    nowhere = replace(desk, civitai=replace(desk.civitai, endpoint="http://127.0.0.1:9"))
    assert reason(nowhere, link) is Reason.SITE_AWAY


def test_a_long_header_is_asked_for_once_more(desk: PublishingDesk, web: WeightsServer) -> None:
    """Checkpoints with a thumbnail in their metadata have megabytes of it."""
    data = safetensors(LORA, {"modelspec.thumbnail": "x" * 600_000, "modelspec.trigger_phrase": "unused"})
    assert entries.lora(desk.look(on_civitai(web, data), Kind.LORA), Wishes()).id == "ink-wash"


def finding(metadata: dict[str, str] | None = None, **changes: Any) -> Finding:
    values: dict[str, Any] = {
        "name": "Ink",
        "weights": Weights(source="civitai:5", sha256="a" * 64),
        "size_bytes": 7 * 10**9,
        "licence": "MIT",
        "header": Header(CHECKPOINT, metadata or {}),
    }
    return Finding(**values | changes)


def test_trigger_words_come_from_the_file_where_the_site_has_none() -> None:
    """The model spec's phrase, else the tags that all its pictures had."""
    tags = json.dumps({"10_ohwx woman": {"ohwx": 20, "smile": 4}})
    assert entries.own_trigger_words(Header({}, {"modelspec.trigger_phrase": "ohwx, woman"})) == ("ohwx", "woman")
    assert entries.own_trigger_words(Header({}, {"ss_tag_frequency": tags})) == ("ohwx",)
    assert entries.own_trigger_words(Header({}, {"ss_tag_frequency": '{"10_ohwx woman": {}}'})) == ("ohwx woman",)
    assert entries.own_trigger_words(Header({}, {"ss_tag_frequency": "[1, 2]"})) == ()


def test_defaults_suit_what_the_model_is() -> None:
    """A Lightning model at 28 steps, or a v-prediction model as epsilon, draws mud."""
    usual = entries.checkpoint(finding(), Wishes())
    fast = entries.checkpoint(finding(told_base="SDXL Lightning"), Wishes())
    assert (usual.defaults.steps, usual.timestep_spacing, usual.prediction) == (28, "leading", "epsilon")
    assert (fast.defaults.steps, fast.timestep_spacing) == (6, "trailing")
    marked = Header(CHECKPOINT | {"v_pred": (), "ztsnr": ()})
    noob = entries.checkpoint(finding(header=marked), Wishes())
    assert (noob.prediction, noob.zero_terminal_snr) == ("v_prediction", True)


def test_too_big_is_said_in_gigabytes() -> None:
    """A disk of a rented machine has forty."""
    with pytest.raises(UnpublishableError) as refused:
        entries.check(finding(size_bytes=24 * 10**9), Kind.MODEL)
    assert refused.value.data == {"size": "24.0 GB", "most": "16.0 GB"}


@pytest.mark.parametrize(("name", "made"), [("Ink & Wash XL v1.2", "ink-wash-xl-v1.2"), ("Ünï", "uni"), ("-x-", "x")])
def test_ids_are_made_of_names(name: str, made: str) -> None:
    """They end up in queue names and file names."""
    assert entries.slug(name) == made


def test_a_taken_name_comes_with_a_free_one() -> None:
    """Instead of a guessing game."""
    with pytest.raises(UnpublishableError) as refused:
        entries.free("ink", {"ink", "ink-2"})
    assert refused.value.data == {"given": "ink", "free": "ink-3"}
    with pytest.raises(UnpublishableError):
        entries.slug("墨")


def test_an_inpainting_checkpoint_is_refused() -> None:
    """Nine channels where the pipeline gives four: it would fail on the GPU, for money."""
    wide = CHECKPOINT | {"model.diffusion_model.input_blocks.0.0.weight": (320, 9, 3, 3)}
    with pytest.raises(UnpublishableError) as refused:
        families.check(Header(wide), Kind.MODEL)
    assert refused.value.reason is Reason.UNSUPPORTED
