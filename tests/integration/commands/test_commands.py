"""The commands as an owner gives them: what they say before they spend, and what they then do."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tasks import keys
from tasks.ledger.orders import PAUSE, UP
from tests.conftest import ManualClock
from tests.integration.commands.conftest import Office

Soon = Callable[[Callable[[], Any]], Any]


def orders(office: Office, clock: ManualClock) -> set[str]:
    return set(office.ledger.orders.current(now=clock()))


def test_offers_are_priced_and_each_rejection_has_a_reason(office: Office) -> None:
    """What it really costs: disk, bandwidth, the time until it is ready."""
    found = office.json("offers")
    assert found["fitting"]
    prices = [one["first_hour_usd"] for one in found["fitting"]]
    assert prices == sorted(prices)
    assert all(one["provider"] == "vast" for one in found["fitting"])
    assert all(0 < one["boot_s"] <= one["boot_deadline_s"] <= 300 for one in found["fitting"])
    assert all(one["reason"] for one in found["rejected"])
    table = office.call("offers").output
    assert found["fitting"][0]["id"] in table
    assert "fit." in table


def test_an_impossible_wish_says_what_to_give_up(office: Office) -> None:
    """How many offers each requirement rules out, and which one alone would help."""
    office.change("profiles/sandbox.toml", max_usd_per_hour=0.01)
    answer = office.call("offers").output
    assert "none fits" in answer
    assert "Without max_usd_per_hour" in answer
    refused = office.call("up", "--yes")
    assert refused.exit_code == 2
    assert "none fits" in refused.output
    assert not office.vast.instances()


def test_a_wish_for_what_does_not_exist_says_so(office: Office) -> None:
    """Nothing at Vast answers to it: the others are looked at, and each says what rules it out."""
    profile = office.config_dir / "profiles" / "sandbox.toml"
    profile.write_text(profile.read_text().replace("names = []", 'names = ["RTX 9999"]'))
    found = office.json("offers")
    assert found["fitting"] == []
    assert found["rejected"]
    assert {one["reason"].partition(":")[0] for one in found["rejected"]} >= {"GPU model"}
    assert "Without the GPU names" in office.call("offers").output


def test_up_says_what_it_will_cost_asks_and_then_keeps_one_machine(office: Office, clock: ManualClock) -> None:
    """Nothing is ordered without a yes; the running provisioner rents it, and it stays without any job."""
    asked = office.call("up", "--hours", "2")
    assert "for $" in asked.output
    assert "should be ready in" in asked.output
    assert orders(office, clock) == set()
    told = office.json("up", "--hours", "2", "--yes")
    assert told["ordered"]
    assert told["expected_usd"] > 0
    assert not told["leader"]
    row = office.rented()
    assert row.bandwidth_usd >= 0
    assert "there already" in office.call("up", "--yes").output


def test_the_kill_switch_ends_all_and_keeps_it_so(office: Office, soon: Soon) -> None:
    """`down --all` holds against a running provisioner until `up` lifts it, and the status says why."""
    office.rented()
    refused = office.call("down", "--all")
    assert refused.exit_code == 1, "without a yes nothing happens"
    assert office.vast.billing()
    done = office.json("down", "--all", "--yes")
    assert len(done["destroyed"]) == 1
    assert done["held"]
    soon(lambda: not office.vast.billing())
    loop = office.loop()
    office.ledger.orders.place(UP, reason="test", now=datetime.now(UTC))
    loop.tick()
    loop.tick()
    assert not office.vast.billing()
    status = json.loads(office.redis.get(keys.FLEET_STATUS) or b"{}")
    assert "taken down by hand" in status["blocked"]
    lifted = office.json("up", "--hours", "0")
    assert lifted["lifted"]


def test_a_pause_keeps_what_runs_and_up_lifts_it(office: Office, clock: ManualClock) -> None:
    """The provisioner rents nothing for an order of `up` either, and its status says by whom it was paused."""
    office.ledger.orders.place(PAUSE, reason="by owner in Discord", now=clock())
    office.ledger.orders.place(UP, reason="test", now=datetime.now(UTC))
    loop = office.loop()
    loop.tick()
    loop.tick()
    assert not office.vast.billing()
    status = json.loads(office.redis.get(keys.FLEET_STATUS) or b"{}")
    assert status["blocked"] == "paused by hand, by owner in Discord"
    assert "paused by hand, by owner in Discord" in status["sentence"]
    assert office.json("up", "--hours", "0")["lifted"]
    assert orders(office, clock) == {UP}


def test_one_machine_is_ended_by_its_id(office: Office, soon: Soon) -> None:
    """Ours or the provider's; an unknown one is a sentence."""
    row = office.rented()
    unknown = office.call("down", "nonsense", "--yes")
    assert unknown.exit_code == 2
    assert "nonsense" in unknown.output
    assert office.call("down", row.id, "--yes").exit_code == 0
    soon(lambda: not office.vast.billing())
    assert office.call("down").exit_code == 2


def test_logs_without_passwords(office: Office, soon: Soon) -> None:
    """What the worker printed, its own Redis password excepted."""
    row = office.rented()
    soon(lambda: [one for one in office.vast.instances() if one["actual_status"] == "running"])
    text = soon(lambda: found if "redis=" in (found := office.call("logs", row.id).output) else "")
    assert "***@" in text
    assert office.json("logs", row.id)["instance_id"] == row.id


def test_a_shell_only_where_one_was_rented(office: Office) -> None:
    """The remedy is named."""
    row = office.rented()
    refused = office.call("ssh", row.id)
    assert refused.exit_code == 2
    assert "ssh = true" in refused.output


def test_a_machine_with_ssh_has_an_address(office: Office) -> None:
    """For scripts as JSON; a person is logged in."""
    office.change("profiles/sandbox.toml", ssh=True)
    assert office.json("ssh", office.rented().id)["host"].endswith(".vast.example")


def test_cost_as_table_json_csv_and_plot(office: Office, tmp_path: Path) -> None:
    """The same machine in each, with Vast's own charge beside our count."""
    row = office.rented()
    found = office.json("cost", "--since", "1d")
    assert [one["instance_id"] for one in found["machines"]] == [row.id]
    assert found["comparison"]["matched"] == 1
    assert "Counted $" in office.call("cost").output
    (line,) = csv.DictReader(io.StringIO(office.call("cost", "--csv").stdout))
    assert line["instance_id"] == row.id
    plot = tmp_path / "cost.png"
    assert office.call("cost", "--plot", str(plot)).exit_code == 0
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_warmup_asks_every_worker(office: Office) -> None:
    """Under the name that workers look at; an unknown checkpoint is a sentence with those that there are."""
    assert office.json("warmup", "tiny-sdxl")["asked"] == ["tiny-sdxl"]
    wish = json.loads(office.redis.get(keys.warm_up("tiny-sdxl")) or b"{}")
    assert wish["checkpoint"]["id"] == "tiny-sdxl"
    assert office.redis.ttl(keys.warm_up("tiny-sdxl")) > 60
    unknown = office.call("warmup", "nonsense")
    assert unknown.exit_code == 2
    assert "tiny-sdxl" in unknown.output


def test_profiles_are_listed(office: Office) -> None:
    """With what each would download."""
    assert [one["id"] for one in office.json("profiles")] == ["sandbox"]
    assert "sandbox" in office.call("profiles").output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("offers", "--profile", "nonsense"), "there is no profile 'nonsense'; there are: sandbox"),
        (("cost", "--since", "7 days"), "36h, 7d or 2w"),
        (("cost", "--plot", "/nowhere/x.png"), "cannot be written"),
        (("up", "--hours", "99"), "--hours must be between 0 and 24"),
        (("logs", "nonsense"), "no machine 'nonsense' is rented"),
        (("ssh", "nonsense"), "no machine 'nonsense' is rented"),
    ],
)
def test_a_wrong_word_is_a_sentence(office: Office, arguments: tuple[str, ...], said: str) -> None:
    """Exit 2, and what would be right."""
    answer = office.call(*arguments)
    assert answer.exit_code == 2
    assert said in answer.output


@pytest.mark.parametrize(
    ("fleet", "said"),
    [
        ({"max_instances": 0}, "max_instances is 0"),
        ({"max_usd_per_day": 0.0}, "max_usd_per_day is $0.00"),
        ({"max_usd_per_month": 0.0}, "max_usd_per_month is $0.00"),
        ({"max_usd_per_hour": 0.01}, "max_usd_per_hour is $0.01"),
    ],
)
def test_a_cap_refuses_before_anything_is_ordered(
    office: Office, fleet: dict[str, Any], said: str, clock: ManualClock
) -> None:
    """A cap of 0 is a cap."""
    office.change("fleet.toml", **fleet)
    refused = office.call("up", "--yes")
    assert refused.exit_code == 2
    assert said in refused.output
    assert orders(office, clock) == set()


def test_a_wrong_key_and_no_credit(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each in a sentence that names the remedy; no machine is left."""
    office.vast.fault("no_credit")
    office.call("up", "--yes")
    loop = office.loop()
    loop.tick()
    loop.tick()
    assert office.vast.billing() == []
    assert "add credit at cloud.vast.ai" in office.call("status").output
    assert office.call("up", "--yes", "--hours", "0").exit_code == 0
    monkeypatch.setenv("VAST_API_KEY", "")
    missing = office.call("up", "--yes")
    assert missing.exit_code == 2
    assert "VAST_API_KEY is missing" in missing.output
    monkeypatch.setenv("VAST_API_KEY", "wrong")
    refused = office.call("offers")
    assert refused.exit_code == 2
    assert "401" in refused.output
