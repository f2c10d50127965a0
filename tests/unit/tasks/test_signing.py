"""Links to private weights: made where the keys are, short-lived, and right to the last byte of their signature."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import BaseModel
from structlog.testing import capture_logs

from config.loading import load_registry
from config.registry import FusedLora, Weights
from config.settings import DiscordSettings
from tasks.schema import CheckpointRef, SignedLink
from tasks.signing import signer_of
from tasks.signing.civitai import Civitai
from tasks.signing.expiry import UNKNOWN_LIFETIME, expiry_of
from tasks.signing.huggingface import HuggingFaceHub
from tasks.signing.s3 import Bucket, S3Key, presigned_url
from tasks.signing.signer import LinkSigner
from tasks.wanted import files_of
from tests.conftest import ManualClock
from tests.specs import TINY_REF, tiny_spec
from tests.unit.gpu_worker.weights_server import WeightsServer

KEY = S3Key("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def test_amazons_own_example() -> None:
    """The one in AWS's description of presigned addresses, with its signature."""
    url = presigned_url(
        KEY,
        endpoint=None,
        bucket="examplebucket",
        object_key="test.txt",
        now=datetime(2013, 5, 24, tzinfo=UTC),
        lifetime=timedelta(days=1),
    )
    assert url.startswith("https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&")
    assert url.endswith("&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")


def test_a_bucket_elsewhere() -> None:
    """R2, MinIO and Google's interoperable storage have the bucket in the path; names are quoted."""
    bucket = Bucket(KEY, endpoint="https://storage.example", default_bucket="mine")
    link = bucket.sign(Weights(source="s3:/models", file="a b.safetensors"), "a b.safetensors", now=NOW)
    assert link is not None
    assert link.url.startswith("https://storage.example/mine/models/a%20b.safetensors?")
    assert link.expires_at == expiry_of(link.url, now=NOW) == NOW + timedelta(hours=6)
    assert Bucket(KEY).sign(Weights(source="s3:/models"), "", now=NOW) is None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("X-Amz-Date=20261120T120000Z&X-Amz-Expires=3600", NOW + timedelta(hours=1)),
        ("X-Goog-Date=20261120T120000Z&X-Goog-Expires=60", NOW + timedelta(minutes=1)),
        (f"Expires={int(NOW.timestamp()) + 5}&Policy=x", NOW + timedelta(seconds=5)),
        ("", NOW + UNKNOWN_LIFETIME),
        ("X-Amz-Date=yesterday&X-Amz-Expires=3600", NOW + UNKNOWN_LIFETIME),
        ("Expires=99999999999999999999", NOW + UNKNOWN_LIFETIME),
    ],
)
def test_when_an_address_dies(query: str, expected: datetime) -> None:
    """The worker and the cache go by it, so a wrong one is worse than a short one."""
    assert expiry_of(f"https://cdn.example/a?{query}", now=NOW) == expected


def test_what_an_order_needs() -> None:
    """Every source in it, at any depth, and of a folder each file that a pipeline may have."""
    ref = TINY_REF.model_copy(
        update={
            "weights": Weights(source="huggingface:a/b"),
            "variant": "fp16",
            "vae": Weights(source="s3:bucket/vae.safetensors"),
            "fused_lora": FusedLora(source="civitai:42"),
            "config": Weights(source="huggingface:c/d"),
        }
    )
    found = {weights.source: paths for weights, paths in files_of(tiny_spec(checkpoint=ref))}
    assert found.keys() == {"huggingface:a/b", "s3:bucket/vae.safetensors", "civitai:42"}
    assert "unet/diffusion_pytorch_model.fp16.safetensors" in found["huggingface:a/b"]
    assert found["civitai:42"] == ("",)


class Draft(BaseModel):
    """An order as later ones may be: with companions, deep inside."""

    checkpoint: CheckpointRef
    companions: tuple[Weights, ...]


def test_links_are_made_for_companions_too() -> None:
    """A private LoRA deep inside an order is found."""
    lora, civitai = Weights(source="huggingface:a/b", file="x.safetensors"), Weights(source="civitai:7@42")
    others = (Weights(source="huggingface:a/controlnet"), Weights(source="huggingface:a/b", file="body.pth"))
    draft = Draft(checkpoint=TINY_REF, companions=(lora, *others, civitai))
    assert {weights.source for weights, _ in files_of(draft)} >= {"civitai:7@42", TINY_REF.weights.source}


def test_without_keys_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The usual case costs nothing."""
    monkeypatch.setenv("DISCORD_TOKEN", "x")
    signer = signer_of(DiscordSettings())
    for checkpoint in load_registry().checkpoints.values():
        assert signer.links(tiny_spec(checkpoint=CheckpointRef.of(checkpoint)), now=NOW) == ()


@pytest.fixture
def storage() -> Iterator[WeightsServer]:
    with WeightsServer({}, host="localhost").running() as server:
        yield server


@pytest.fixture
def service(storage: WeightsServer) -> Iterator[WeightsServer]:
    """Answers whoever has the key with an address in the storage."""
    with WeightsServer({}).running() as server:
        server.faults.token = "a-key"
        server.faults.redirect_to = storage.url
        yield server


def test_civitai(service: WeightsServer, storage: WeightsServer) -> None:
    """Its storage's address, without our key in it, and the storage is not asked."""
    link = Civitai("a-key", endpoint=service.url).sign(Weights(source="civitai:7@42"), "", now=NOW)
    assert link is not None
    assert link.url == f"{storage.url}/api/download/models/42"
    assert not storage.asked
    assert [asked.authorization for asked in service.asked] == ["Bearer a-key"]


def test_a_gated_repository(service: WeightsServer, storage: WeightsServer) -> None:
    """Asked without a key first: what is public is fetched from the Hub itself."""
    service.faults.guards_redirects = True
    weights = Weights(source="huggingface:some/body", revision="abc", file="m.safetensors")
    hub = HuggingFaceHub("a-key", endpoint=service.url)
    link = hub.sign(weights, "m.safetensors", now=NOW)
    assert link is not None
    assert link.url == f"{storage.url}/some/body/resolve/abc/m.safetensors"
    assert [asked.authorization for asked in service.asked] == [None, "Bearer a-key"]
    assert not storage.asked


def test_a_public_repository_costs_one_question_an_hour(service: WeightsServer, storage: WeightsServer) -> None:
    """The first job of the day waits for one answer, not for one a file; no link is made."""
    service.faults.token = None
    hub = HuggingFaceHub("a-key", endpoint=service.url)
    signer = LinkSigner({"huggingface": hub})
    spec = tiny_spec(checkpoint=TINY_REF.model_copy(update={"weights": Weights(source="huggingface:some/body")}))
    assert signer.links(spec, now=NOW) == ()
    assert [asked.authorization for asked in service.asked] == [None]
    assert signer.links(spec, now=NOW + timedelta(hours=2)) == ()
    assert len(service.asked) == 2


def test_a_link_is_used_again_while_it_is_young(service: WeightsServer, clock: ManualClock) -> None:
    """Twenty jobs are one question; whoever gets a link has time to use it."""
    signer = LinkSigner({"civitai": Civitai("a-key", endpoint=service.url)})
    spec = tiny_spec(checkpoint=TINY_REF.model_copy(update={"vae": Weights(source="civitai:42")}))
    first = signer.links(spec, now=clock())
    assert len(first) == 1
    clock.advance(UNKNOWN_LIFETIME.total_seconds() / 3)
    assert signer.links(spec, now=clock()) == first
    assert len(service.asked) == 1
    clock.advance(UNKNOWN_LIFETIME.total_seconds() / 3)
    assert signer.links(spec, now=clock())[0].expires_at > first[0].expires_at
    assert len(service.asked) == 2


def test_a_service_that_refuses_does_not_hold_up_a_job(service: WeightsServer, clock: ManualClock) -> None:
    """It is published without a link, the log says why, and not every job asks again."""
    signer = LinkSigner({"civitai": Civitai("wrong-key", endpoint=service.url)})
    service.faults.guards_redirects = True
    spec = tiny_spec(checkpoint=TINY_REF.model_copy(update={"vae": Weights(source="civitai:42")}))
    with capture_logs() as logs:
        for _ in range(3):
            assert signer.links(spec, now=clock()) == ()
    assert len(service.asked) == 1
    said = str(logs)
    assert "HTTP 401" in said
    assert "wrong-key" not in said


def test_links_travel_with_the_message_only(clock: ManualClock) -> None:
    """The order stays as it was: the ledger, the cache key and the picture's file never have them."""
    spec = tiny_spec()
    link = SignedLink(source="civitai:42", url="https://cdn.example/a?signature=s", expires_at=clock())
    assert "signature" not in spec.write()
    assert "links" not in type(spec).model_fields
    assert "signature" in link.write()
