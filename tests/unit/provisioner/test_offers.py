"""Which offers fit, and why the others do not."""

from typing import Any

import pytest

from provisioner import offers
from tests.unit.provisioner.machines import PROFILE, offer


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"gpu": "RTX 3060"}, "GPU model: RTX 3060"),
        ({"vram_gb": 12}, "GPU memory: 12.0 GB < 23.0 GB"),
        ({"compute_capability": 7.0}, "compute capability"),
        ({"cuda": 12.1}, "CUDA: 12.1 < 12.4"),
        ({"usd_per_hour": 0.9}, "price: $0.900/h > $0.600/h"),
        ({"reliability": 0.5}, "reliability"),
        ({"download_mbps": 80}, "download speed: 80 < 200 Mbit/s"),
        ({"verified": False}, "verification"),
        ({"lasts_s": 3600}, "contract end: in 1.0 h"),
    ],
)
def test_each_requirement_rejects_by_name(changes: dict[str, Any], reason: str) -> None:
    """Whoever asks why nothing is rented gets the figure."""
    assert reason in offers.against(offer(**changes), PROFILE)


def test_countries_and_bad_machines() -> None:
    """The owner's countries hold; a machine that failed lately is left alone."""
    profile = PROFILE.model_copy(update={"gpu": PROFILE.gpu.model_copy(update={"countries": ("DE",)})})
    assert offers.against(offer(), profile) == "country: NO"
    assert offers.against(offer(), PROFILE, avoided={"m9"}) == "failed lately: this machine"
    assert offers.against(offer(), PROFILE, avoided={"o1"}).startswith("taken")
    assert offers.against(offer(), PROFILE) == ""


def test_the_cheapest_first_hour_wins_bandwidth_included() -> None:
    """A cheap GPU behind an expensive line is no bargain."""
    dear_line = offer(id="a", usd_per_hour=0.30, usd_per_gb_down=0.05)
    fair = offer(id="b", usd_per_hour=0.40, usd_per_gb_down=0.001)
    ranking = offers.rank([dear_line, fair], PROFILE, download_gb=15)
    assert [one.id for one in ranking.fitting] == ["b", "a"]


def test_an_impossible_wish_is_counted() -> None:
    """The summary says which requirement rules out how many."""
    ranking = offers.rank([offer(gpu="T4"), offer(gpu="T4", id="2"), offer(cuda=11, id="3")], PROFILE, download_gb=8)
    assert ranking.summary == "3 offers, none fits: 2 GPU model, 1 CUDA"


def test_the_profiles_order_of_providers_comes_first() -> None:
    """An own EC2 instance is started before a stranger's cheaper machine is rented."""
    profile = PROFILE.model_copy(update={"providers": ("ec2", "vast")})
    cheap = offer(id="vast:1", provider="vast", usd_per_hour=0.2)
    own = offer(id="ec2:1", provider="ec2", usd_per_hour=0.5)
    assert [one.id for one in offers.rank([cheap, own], profile, download_gb=8).fitting] == ["ec2:1", "vast:1"]
