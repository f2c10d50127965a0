"""A file that somebody attached: only from Discord, only safetensors, only whole, and gone from our disk afterwards."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.publishing.attachments import Attached, fetched
from bot.publishing.entries import Wishes, lora
from bot.publishing.findings import Finding, Reason, UnpublishableError
from tests.unit.bot.weights_files import LORA, safetensors
from tests.unit.gpu_worker.weights_server import WeightsServer

PLACE = "/attachments/1/2/Ink_Wash.safetensors"
DATA = safetensors(LORA, {"modelspec.trigger_phrase": "inkwash, sumi-e", "modelspec.license": "CC-BY-4.0"})


@pytest.fixture
def cdn() -> Iterator[WeightsServer]:
    with WeightsServer({PLACE: DATA}).running() as server:
        yield server


@pytest.fixture
def attached(cdn: WeightsServer) -> Attached:
    return Attached("Ink_Wash.safetensors", f"{cdn.url}{PLACE}?ex=1&is=2&hm=3", len(DATA))


def look(attached: Attached, cdn: WeightsServer, most_bytes: int = 10**6) -> Finding:
    with fetched(attached, origins={cdn.url}, most_bytes=most_bytes) as file:
        return file.finding()


def reason(attached: Attached, cdn: WeightsServer, most_bytes: int = 10**6) -> UnpublishableError:
    with pytest.raises(UnpublishableError) as refused:
        look(attached, cdn, most_bytes)
    return refused.value


def test_the_file_speaks_for_itself(attached: Attached, cdn: WeightsServer) -> None:
    """Its name, words and licence; its source is its hash, which every worker checks."""
    entry = lora(look(attached, cdn), Wishes())
    sha256 = hashlib.sha256(DATA).hexdigest()
    assert (entry.id, entry.name) == ("ink-wash", "Ink Wash")
    assert (entry.source, entry.sha256, entry.file) == (f"upload:{sha256}", sha256, None)
    assert (entry.trigger_words, entry.licence) == (("inkwash", "sumi-e"), "CC-BY-4.0")
    cdn.files[PLACE] = silent = safetensors(LORA, {"modelspec.title": "Sumi"})
    finding = look(replace(attached, size_bytes=len(silent)), cdn)
    assert (finding.name, finding.licence) == ("Sumi", "not named by its author")


def test_it_is_handed_on_in_chunks(attached: Attached, cdn: WeightsServer) -> None:
    """All of it, also after its header was read."""
    with fetched(attached, origins={cdn.url}, most_bytes=10**6) as file:
        file.finding()
        chunks = list(file.chunks(100))
    assert b"".join(chunks) == DATA
    assert {len(chunk) for chunk in chunks[:-1]} == {100}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x80\x04\x95pickle" * 99, Reason.NOT_SAFETENSORS),
        (b"PK\x03\x04", Reason.NOT_SAFETENSORS),
        (b"", Reason.NOT_SAFETENSORS),
        ((3).to_bytes(8, "little") + b"[1]", Reason.NOT_SAFETENSORS),
        (DATA[:-1], Reason.FILE_CUT),
        (DATA[:60], Reason.FILE_CUT),
        (DATA + b"\0", Reason.FILE_CUT),
    ],
)
def test_what_is_no_whole_safetensors_file(data: bytes, why: Reason, attached: Attached, cdn: WeightsServer) -> None:
    """The name says nothing about the bytes; a file that was cut short says how long it should be."""
    cdn.files[PLACE] = data
    error = reason(replace(attached, size_bytes=len(data)), cdn)
    assert error.reason is why
    assert (error.data.get("size") == f"{len(data)}") is (why is Reason.FILE_CUT)


def test_another_kind_is_refused_by_its_name(attached: Attached, cdn: WeightsServer) -> None:
    """Nothing is fetched."""
    assert reason(replace(attached, name="ink.ckpt"), cdn).reason is Reason.NOT_SAFETENSORS
    assert cdn.asked == []


def test_what_is_too_large_is_refused_by_what_really_comes(attached: Attached, cdn: WeightsServer) -> None:
    """By Discord's word before anything is fetched, and where that was wrong, on the way."""
    error = reason(replace(attached, size_bytes=600 * 10**6), cdn, 500 * 10**6)
    assert (error.reason, error.data) == (Reason.FILE_TOO_BIG, {"size": "600 MB", "most": "500 MB"})
    assert cdn.asked == []
    assert reason(replace(attached, size_bytes=1), cdn, most_bytes=100).reason is Reason.FILE_TOO_BIG


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/attachments/1/2/a.safetensors",
        "{origin}.example.org/a.safetensors",
        "{origin}@example.org/a.safetensors",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
    ],
)
def test_other_places_are_never_asked(url: str, attached: Attached, cdn: WeightsServer) -> None:
    """Whatever slipped in as an address: exactly the CDN's origin, and nothing inside our own network."""
    assert reason(replace(attached, url=url.format(origin=cdn.url)), cdn).reason is Reason.FILE_AWAY
    assert cdn.asked == []


@pytest.mark.parametrize(
    ("status", "why"),
    [(404, Reason.FILE_GONE), (403, Reason.FILE_GONE), (503, Reason.FILE_AWAY), (206, Reason.FILE_AWAY)],
)
def test_a_link_that_ran_out_is_told_from_a_server_in_trouble(
    status: int, why: Reason, attached: Attached, cdn: WeightsServer
) -> None:
    """The member knows whether trying again helps."""
    cdn.faults.always_status = status
    assert reason(attached, cdn).reason is why


def test_a_redirect_is_not_followed(attached: Attached, cdn: WeightsServer) -> None:
    """It could lead anywhere."""
    cdn.faults.redirect_to = cdn.url
    assert reason(attached, cdn).reason is Reason.FILE_AWAY
    assert len(cdn.asked) == 1


def test_a_line_that_breaks(attached: Attached, cdn: WeightsServer) -> None:
    """Less than was promised is no file, however well it begins."""
    cdn.faults.cut_after = 100
    assert reason(attached, cdn).reason is Reason.FILE_AWAY


def test_a_full_disk_is_the_owners_to_mend(
    attached: Attached, cdn: WeightsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence instead of a number to look up."""
    monkeypatch.setattr("tempfile.tempdir", "/nowhere/at/all")
    assert reason(attached, cdn).reason is Reason.NO_ROOM


def test_its_address_is_not_shown(attached: Attached) -> None:
    """Whoever has it has the file."""
    assert "hm=3" not in repr(attached)
