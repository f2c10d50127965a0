"""Vast.ai behind the fleet's promises, through its own SDK with every retry of the SDK's switched off.

The SDK sends a create again after a lost answer, and each copy may rent; so `retry=1`, and a doubt is resolved by
label. Its `show_instances` takes a refusal for an empty fleet and fails on a machine without a start date; so the
pages are read through `show_instances_v1`, which hands the answer over as it came.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
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
from provisioner.providers.vast.answers import InstanceRow, ListPage, read_offers
from provisioner.reach import is_loopback

# Shorter than the leader's lock: who waits for an answer for longer may no longer be the leader.
TIMEOUT_S = 10.0
CREATE_INTERVAL_S = 4.5
ENV_VALUE_CHARACTERS = 256
_NOT_FOUND = 404
_TOO_MANY = 429
_PAGE = 25
_MAX_PAGES = 40
_MAX_OFFERS = 200
_MB_PER_GB = 1000.0

_Answer = TypeVar("_Answer")


class _Refused(Exception):  # noqa: N818 - never leaves this module
    """A call failed: `status` 0 where there was no answer, `body` None where it was not JSON."""

    def __init__(self, reason: str, *, status: int = 0, body: Any = None, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.body = body
        self.retry_after_s = retry_after_s


class VastProvider:
    """One Vast account. Its own label decides what belongs to whom; other machines of the account are only listed."""

    name = "vast"

    def __init__(self, *, api_key: str, url: str) -> None:
        self._sdk: Any = VastAI(api_key=api_key, server_url=url, retry=1)
        self._sdk.client.timeout = TIMEOUT_S
        self.capabilities = Capabilities(
            create_interval_s=CREATE_INTERVAL_S, remote=not is_loopback(urlsplit(url).hostname or "")
        )

    def offers(self, profile: Profile) -> OfferList:
        """On-demand offers with one GPU, cheapest first, priced with the profile's disk."""
        query = _query(profile)
        try:
            rows = _call(
                lambda: self._sdk.search_offers(
                    query=query,
                    type="on-demand",
                    order="dph_total",
                    limit=_MAX_OFFERS,
                    storage=profile.disk_gb,
                    no_default=True,
                )
            )
            return OfferList(offers=read_offers(rows, disk_gb=profile.disk_gb))
        except _Refused as error:
            wait_s = error.retry_after_s or outcomes.RETRY_AFTER_S
            return OfferList(problem=f"Vast's offers cannot be read: {error}", retry_after_s=wait_s)
        except TypeError as error:
            return OfferList(problem=f"Vast's offers cannot be read: {error}", retry_after_s=outcomes.RETRY_AFTER_S)

    def create(self, offer: Offer, spec: LaunchSpec) -> CreateResult:
        """Ask once. `cancel_unavail`: a machine that was taken meanwhile is refused instead of kept and billed."""
        for name, value in spec.environment.items():
            if len(value) > ENV_VALUE_CHARACTERS:
                return Denied(f"Vast takes at most {ENV_VALUE_CHARACTERS} characters per variable; {name} is longer")
        try:
            body = _call(
                lambda: self._sdk.create_instance(
                    int(offer.id),
                    image=spec.image,
                    disk=spec.disk_gb,
                    env=dict(spec.environment),
                    label=spec.label,
                    runtype="args",
                    args=list(spec.command),
                    cancel_unavail=True,
                )
            )
        except _Refused as error:
            if error.status == 0:
                return Ambiguous(str(error))
            return outcomes.of_answer(error.status, error.body, retry_after_s=error.retry_after_s)
        return outcomes.of_answer(200, body)

    def snapshot(self, *, now: datetime) -> Snapshot:
        """All pages of the listing; anything odd in them makes it incomplete, and the rows that came still count."""
        machines: list[Listed] = []
        try:
            self._read_pages(machines)
        except _Refused as error:
            return Snapshot(at=now, complete=False, instances=tuple(machines), problem=str(error))
        return Snapshot(at=now, complete=True, instances=tuple(machines))

    def destroy(self, provider_instance_id: str) -> DestroyResult:
        """404 is success: it is gone. `success: false` is not."""
        try:
            body = _call(lambda: self._sdk.destroy_instance(int(provider_instance_id)))
        except _Refused as error:
            return Destroyed() if error.status == _NOT_FOUND else Pending(str(error))
        if isinstance(body, dict) and body.get("success") is not False:
            return Destroyed()
        return Destroyed() if "no_such_instance" in str(body) else Pending(f"Vast answered {str(body)[:200]}")

    def _read_pages(self, machines: list[Listed]) -> None:
        params: dict[str, Any] = {"limit": _PAGE, "order_by": [{"col": "id", "dir": "asc"}]}
        for _ in range(_MAX_PAGES):
            body = _call(lambda: self._sdk.show_instances_v1(params))
            page = _read_page(body)
            machines += _read_rows(page)
            if not page.next_token:
                announced = max(page.instances_found or 0, page.total_instances or 0)
                if announced > len(machines):
                    raise _Refused(f"{announced} machines were announced and {len(machines)} listed")
                return
            params["after_token"] = page.next_token
        raise _Refused(f"the list did not end after {_MAX_PAGES} pages")


def _query(profile: Profile) -> dict[str, Any]:
    """Only what keeps the answer short is asked for; the rest is checked here, so that a rejection has a reason."""
    query: dict[str, Any] = {
        "rentable": {"eq": True},
        "rented": {"eq": False},
        "external": {"eq": False},
        "num_gpus": {"eq": 1},
        "gpu_ram": {"gte": profile.gpu.min_vram_gb * _MB_PER_GB},
    }
    if profile.gpu.names:
        query["gpu_name"] = {"in": list(profile.gpu.names)}
    if profile.gpu.verified_only:
        query["verified"] = {"eq": True}
    return query


def _read_page(body: Any) -> ListPage:
    try:
        page = ListPage.model_validate(body)
    except ValidationError as error:
        raise _Refused("the list of machines is not in the known form") from error
    if page.success is False or page.instances is None:
        said = page.error or page.msg or "no list in the answer"
        raise _Refused(f"Vast lists no machines ({said})")
    return page


def _read_rows(page: ListPage) -> list[Listed]:
    try:
        return [InstanceRow.model_validate(row).listed() for row in page.instances or []]
    except (ValidationError, ValueError, OverflowError, OSError) as error:
        raise _Refused("a row of the list cannot be read") from error


def _call(request: Callable[[], _Answer]) -> _Answer:
    """One request by the SDK. Its `raise_for_status` hides the body of a refusal: the exception still carries it."""
    try:
        return request()
    except requests.HTTPError as error:
        raise _refused(error) from error
    except (requests.RequestException, ValueError, KeyError, TypeError, AttributeError) as error:
        # No answer, no JSON, or JSON in another form than the SDK expects.
        raise _Refused(f"{type(error).__name__}") from error


def _refused(error: requests.HTTPError) -> _Refused:
    response = error.response
    if response is None:
        return _Refused("HTTPError")
    try:
        body = response.json()
    except ValueError:
        body = None
    said = f" {body.get('error') or ''} {body.get('msg') or ''}".rstrip() if isinstance(body, dict) else ""
    return _Refused(
        f"HTTP {response.status_code}{said}"[:300],
        status=response.status_code,
        body=body,
        retry_after_s=_seconds(response.headers.get("Retry-After")),
    )


def _seconds(value: str | None) -> float | None:
    try:
        return None if value is None else max(0.0, float(value))
    except ValueError:
        return None
