"""Too little credit at the provider keeps the fleet from renting; unknown credit does not."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from config.registry import GpuRequirements, Profile
from provisioner.market import MarketWatch
from provisioner.providers.abilities import Account, Charges
from provisioner.purse import Purse
from tests.conftest import ManualClock
from tests.memory_provider import MemoryProvider
from tests.unit.provisioner.machines import NOW, offer

PROFILE = Profile(id="p", image="image", gpu=GpuRequirements())


@dataclass
class Bank(MemoryProvider):
    """A market with an account."""

    credit: list[float | None] = field(default_factory=list)
    asked: int = 0

    def __post_init__(self) -> None:
        super().__init__([offer(id="1")], now=ManualClock(NOW))

    def account(self) -> Account:
        self.asked += 1
        left = self.credit.pop(0)
        return Account(credit_usd=left, problem="" if left is not None else "no answer")

    def charges(self, *, since: datetime, until: datetime) -> Charges:
        return Charges()


def test_below_the_floor_nothing_is_rented() -> None:
    """The sentence names the cap, what is left and the remedy; five minutes later it is asked again."""
    bank = Bank(credit=[0.4, 5.0])
    market = MarketWatch(bank, PROFILE, download_gb=8, credit_floor_usd=1.0)
    for seconds in (0, 100, 200):
        problem = market.look(NOW + timedelta(seconds=seconds), avoided=()).problem
        assert "credit_floor_usd is $1.00, and $0.40 is left" in problem
    assert bank.asked == 1
    assert market.look(NOW + timedelta(seconds=301), avoided=()).offers


def test_unknown_credit_is_not_too_little() -> None:
    """The provider's own refusal comes soon enough."""
    assert Purse(Bank(credit=[None]), floor_usd=1.0).objection(NOW) == ""
    assert Purse(MemoryProvider([], now=ManualClock(NOW)), floor_usd=1.0).objection(NOW) == ""
    silent = Bank(credit=[])
    assert Purse(silent, floor_usd=0.0).objection(NOW) == ""
    assert silent.asked == 0
