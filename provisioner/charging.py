"""Compares what we counted with what the provider charged; its word is written down beside ours."""

from dataclasses import dataclass
from datetime import datetime

from provisioner import costs
from provisioner.observe import label_prefix
from provisioner.providers.abilities import Charge, HasAccount
from provisioner.providers.base import Provider
from tasks.ledger import Instance, Ledger


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """US dollars. `unknown`: charges under our label for machines that the ledger never heard of."""

    counted_usd: float = 0.0
    charged_usd: float = 0.0
    matched: int = 0
    unknown: tuple[Charge, ...] = ()
    problem: str = ""

    @property
    def sentence(self) -> str:
        """What a person wants to know of it."""
        if not self.matched and not self.unknown:
            return self.problem or "The provider has charged nothing for these machines yet."
        text = f"Counted ${self.counted_usd:.4f}, charged ${self.charged_usd:.4f} for {self.matched} machines."
        if self.unknown:
            lost = sum(charge.total_usd for charge in self.unknown)
            text += f" ${lost:.4f} more was charged for {len(self.unknown)} machines that no intent knows."
        return f"{text} Incomplete: {self.problem}." if self.problem else text


def compare(
    ledger: Ledger, provider: Provider | None, *, deployment: str, since: datetime, now: datetime
) -> Comparison:
    """Ask for the charges since `since`, and note them at each machine that began after that."""
    if not isinstance(provider, HasAccount):
        return Comparison(problem="This provider does not tell what it charged.")
    answer = provider.charges(since=since, until=now)
    rows = [row for row in ledger.instances.billed_since(since) if row.intended_at >= since]
    by_id = {row.provider_instance_id: row for row in rows if row.provider_instance_id}
    pairs = [(by_id[charge.provider_instance_id], charge) for charge in answer.charges if _is_of(charge, by_id)]
    for row, charge in pairs:
        ledger.instances.note(row.id, charged_usd=charge.total_usd, charged_at=now)
    ours = label_prefix(deployment)
    every = {row.label for row in ledger.instances.billed_since(datetime.fromtimestamp(0, now.tzinfo))}
    lost = [charge for charge in answer.charges if charge.label.startswith(ours) and charge.label not in every]
    return Comparison(
        counted_usd=sum(costs.cost_usd(row, until=now) for row, _ in pairs),
        charged_usd=sum(charge.total_usd for _, charge in pairs),
        matched=len(pairs),
        unknown=tuple(lost),
        problem=answer.problem,
    )


def _is_of(charge: Charge, rows: dict[str, Instance]) -> bool:
    return charge.provider_instance_id in rows
