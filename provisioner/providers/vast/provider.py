"""Vast.ai behind the fleet's promises, through its own SDK with every retry of the SDK's switched off.

The SDK sends a create again after a lost answer, and each copy may rent; so `retry=1`, and a doubt is resolved by
label. Its `show_instances` takes a refusal for an empty fleet and fails on a machine without a start date; so the
pages are read through `show_instances_v1`, which hands the answer over as it came.
"""

import shlex
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError
from vastai import VastAI

from config.registry import Profile
from provisioner.providers.base import (
    Ambiguous,
    Capabilities,
    CreateResult,
    Denied,
    Destroyed,
    DestroyResult,
    LaunchSpec,
    Listed,
    Offer,
    OfferList,
    Pending,
    Snapshot,
)
from provisioner.providers.vast import outcomes
from provisioner.providers.vast.abilities import VastAbilities
from provisioner.providers.vast.answers import InstanceRow, ListPage, read_offers
from provisioner.providers.vast.calls import Refused, call
from provisioner.reach import is_loopback

# Shorter than the leader's lock: who waits for an answer for longer may no longer be the leader.
TIMEOUT_S = 10.0
CREATE_INTERVAL_S = 4.5
ENV_VALUE_CHARACTERS = 256
BID_MARK = "bid-"
BID_OVER_LEAST = 1.1
_NOT_FOUND = 404
_TOO_MANY = 429
_PAGE = 25
_MAX_PAGES = 40
_MAX_OFFERS = 200
_MB_PER_GB = 1000.0
_ANY: dict[str, Any] = {
    "rentable": {"eq": True},
    "rented": {"eq": False},
    "external": {"eq": False},
    "num_gpus": {"eq": 1},
}


class VastProvider(VastAbilities):
    """One Vast account. Its own label decides what belongs to whom; other machines of the account are only listed."""

    name = "vast"

    def __init__(self, *, api_key: str, url: str) -> None:
        sdk: Any = VastAI(api_key=api_key, server_url=url, retry=1)
        sdk.client.timeout = TIMEOUT_S
        super().__init__(sdk)
        self.capabilities = Capabilities(
            create_interval_s=CREATE_INTERVAL_S,
            remote=not is_loopback(urlsplit(url).hostname or ""),
            can_park=True,
            wakes_warm=True,
            spot=True,
            free_while_loading=True,
        )

    def offers(self, profile: Profile) -> OfferList:
        """Offers with one GPU, priced with the profile's disk; bids, too, where the profile takes them.

        Where nothing at all answers to the profile, the cheapest of the others: each of them says what rules it out.
        """
        try:
            found = self._search(profile, "on-demand") or self._search(profile, "on-demand", narrowed=False)
            if profile.interruptible:
                found = (*found, *(bid for one in self._search(profile, "bid") if (bid := _bid(one)) is not None))
        except Refused as error:
            wait_s = error.retry_after_s or outcomes.RETRY_AFTER_S
            return OfferList(problem=f"Vast's offers cannot be read: {error}", retry_after_s=wait_s)
        except TypeError as error:
            return OfferList(problem=f"Vast's offers cannot be read: {error}", retry_after_s=outcomes.RETRY_AFTER_S)
        return OfferList(offers=found)

    def create(self, offer: Offer, spec: LaunchSpec) -> CreateResult:
        """Ask once. `cancel_unavail`: a machine that was taken meanwhile is refused instead of kept and billed."""
        for name, value in spec.environment.items():
            if len(value) > ENV_VALUE_CHARACTERS:
                return Denied(f"Vast takes at most {ENV_VALUE_CHARACTERS} characters per variable; {name} is longer")
        try:
            body = call(
                lambda: self._sdk.create_instance(
                    int(offer.id.removeprefix(BID_MARK)),
                    image=spec.image,
                    disk=spec.disk_gb,
                    env=dict(spec.environment),
                    label=spec.label,
                    bid_price=offer.bid_usd_per_hour,
                    cancel_unavail=True,
                    **_command(spec),
                )
            )
        except Refused as error:
            if error.status == 0:
                return Ambiguous(str(error))
            return outcomes.of_answer(error.status, error.body, retry_after_s=error.retry_after_s)
        return outcomes.of_answer(200, body)

    def snapshot(self, *, now: datetime) -> Snapshot:
        """All pages of the listing; anything odd in them makes it incomplete, and the rows that came still count."""
        machines: list[Listed] = []
        try:
            self._read_pages(machines)
        except Refused as error:
            return Snapshot(at=now, complete=False, instances=tuple(machines), problem=str(error))
        return Snapshot(at=now, complete=True, instances=tuple(machines))

    def destroy(self, provider_instance_id: str) -> DestroyResult:
        """404 is success: it is gone. `success: false` is not."""
        try:
            body = call(lambda: self._sdk.destroy_instance(int(provider_instance_id)))
        except Refused as error:
            return Destroyed() if error.status == _NOT_FOUND else Pending(str(error))
        if isinstance(body, dict) and body.get("success") is not False:
            return Destroyed()
        return Destroyed() if "no_such_instance" in str(body) else Pending(f"Vast answered {str(body)[:200]}")

    def _search(self, profile: Profile, kind: str, *, narrowed: bool = True) -> tuple[Offer, ...]:
        rows = call(
            lambda: self._sdk.search_offers(
                query=_query(profile) if narrowed else dict(_ANY),
                type=kind,
                order="dph_total",
                limit=_MAX_OFFERS,
                storage=profile.disk_gb,
                no_default=True,
            )
        )
        return read_offers(rows, disk_gb=profile.disk_gb)

    def _read_pages(self, machines: list[Listed]) -> None:
        params: dict[str, Any] = {"limit": _PAGE, "order_by": [{"col": "id", "dir": "asc"}]}
        for _ in range(_MAX_PAGES):
            body = call(lambda: self._sdk.show_instances_v1(params))
            page = _read_page(body)
            machines += _read_rows(page)
            if not page.next_token:
                announced = max(page.instances_found or 0, page.total_instances or 0)
                if announced > len(machines):
                    raise Refused(f"{announced} machines were announced and {len(machines)} listed")
                return
            params["after_token"] = page.next_token
        raise Refused(f"the list did not end after {_MAX_PAGES} pages")


def _bid(offer: Offer) -> Offer | None:
    """The same machine for a tenth above the least bid: one that is too low makes a stopped contract that bills."""
    least = offer.raw.get("min_bid")
    if not least:
        return None
    bid = round(float(least) * BID_OVER_LEAST, 4)
    return replace(
        offer,
        id=f"{BID_MARK}{offer.id}",
        bid_usd_per_hour=bid,
        usd_per_hour=bid + offer.storage_usd_per_hour,
    )


def _command(spec: LaunchSpec) -> dict[str, Any]:
    """The image's entrypoint with our arguments; with `ssh` it is Vast's own, which starts the command."""
    if spec.ssh:
        return {"ssh": True, "direct": True, "onstart_cmd": shlex.join(spec.command)}
    return {"runtype": "args", "args": list(spec.command)}


def _query(profile: Profile) -> dict[str, Any]:
    """Only what keeps the answer short is asked for; the rest is checked here, so that a rejection has a reason."""
    query: dict[str, Any] = {**_ANY, "gpu_ram": {"gte": profile.gpu.min_vram_gb * _MB_PER_GB}}
    if profile.gpu.names:
        query["gpu_name"] = {"in": list(profile.gpu.names)}
    if profile.gpu.verified_only:
        query["verified"] = {"eq": True}
    return query


def _read_page(body: Any) -> ListPage:
    try:
        page = ListPage.model_validate(body)
    except ValidationError as error:
        raise Refused("the list of machines is not in the known form") from error
    if page.success is False or page.instances is None:
        said = page.error or page.msg or "no list in the answer"
        raise Refused(f"Vast lists no machines ({said})")
    return page


def _read_rows(page: ListPage) -> list[Listed]:
    try:
        return [InstanceRow.model_validate(row).listed() for row in page.instances or []]
    except (ValidationError, ValueError, OverflowError, OSError) as error:
        raise Refused("a row of the list cannot be read") from error
