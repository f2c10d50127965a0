"""RunPod behind the fleet's promises, through its REST API v2 with `requests`; its SDK would bring 85 packages.

A pod's name is our label. RunPod takes two pods of the same name, so the name is looked for before and after a doubt,
never trusted to prevent one.
"""

import shlex
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from pydantic import ValidationError

from config.registry import Profile
from provisioner.providers.abilities import Accepted, Outcome, Refused
from provisioner.providers.base import (
    Ambiguous,
    Capabilities,
    Created,
    CreateResult,
    Denied,
    Destroyed,
    DestroyResult,
    LaunchSpec,
    Listed,
    NoCapacity,
    Offer,
    OfferList,
    Pending,
    Snapshot,
)
from provisioner.providers.runpod.answers import Pod, PodPage, Problem, read_offers
from provisioner.reach import is_loopback

URL = "https://api.runpod.io"
TIMEOUT_S = 10.0
RETRY_AFTER_S = 15.0
NO_CAPACITY_S = 60.0
_CREATED, _BAD_REQUEST, _UNAUTHORIZED, _NO_PAYMENT, _FORBIDDEN = 201, 400, 401, 402, 403
_NOT_FOUND, _CONFLICT, _TOO_MANY, _SERVER_ERROR = 404, 409, 429, 500
_MAX_PAGES = 40
# How RunPod words that no machine of the kind is free, beside the codes.
_EMPTY = ("no longer any instances", "no instances", "not available", "unavailable", "capacity", "out of stock")
_MONEY = ("balance", "credit", "funds", "payment", "spend limit")


class _Failed(Exception):  # noqa: N818 - never leaves this module
    """A call failed; `status` is 0 where there was no answer, or none that is JSON."""

    def __init__(self, reason: str, *, status: int = 0, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.retry_after_s = retry_after_s


class RunPodProvider:
    """One RunPod account."""

    name = "runpod"

    def __init__(self, *, api_key: str, url: str = URL) -> None:
        self.capabilities = Capabilities(
            one_machine_per_offer=False, can_park=True, remote=not is_loopback(urlsplit(url).hostname or "")
        )
        self._url = url.rstrip("/")
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {api_key}"

    def offers(self, profile: Profile) -> OfferList:
        """Kinds of GPU with at least one free machine; the community cloud only where unverified hosts will do."""
        clouds = ("SECURE",) if profile.gpu.verified_only else ("SECURE", "COMMUNITY")
        found: list[Offer] = []
        try:
            for cloud in clouds:
                query = {
                    "include": "AVAILABILITY",
                    "product": "POD",
                    "cloud": cloud,
                    "minCudaVersion": str(profile.gpu.min_cuda),
                }
                body = self._call("GET", "/v2/catalog/gpus", query=query)
                found += read_offers(body, cloud, disk_gb=profile.disk_gb, cuda=profile.gpu.min_cuda)
        except (_Failed, ValidationError) as error:
            wait_s = getattr(error, "retry_after_s", None) or RETRY_AFTER_S
            return OfferList(problem=f"RunPod's catalogue cannot be read: {_said(error)}", retry_after_s=wait_s)
        return OfferList(offers=tuple(found))

    def create(self, offer: Offer, spec: LaunchSpec) -> CreateResult:
        """Ask once."""
        if not spec.image:
            return Denied("an image is needed")
        cloud, _, gpu = offer.id.partition("/")
        order = {
            "name": spec.label,
            "image": spec.image,
            "args": shlex.join(spec.command),
            "env": dict(spec.environment),
            "disk": round(spec.disk_gb),
            "gpu": {"id": gpu, "count": 1},
            "cloud": cloud,
            "startSsh": False,
        }
        try:
            body = self._call("POST", "/v2/pods", body=order)
            return Created(Pod.model_validate(body).id)
        except ValidationError:
            return Ambiguous("RunPod's answer names no pod")
        except _Failed as error:
            return _refusal(error)

    def snapshot(self, *, now: datetime) -> Snapshot:
        """All pods; anything odd makes it incomplete, and the pods that came still count."""
        found: list[Listed] = []
        try:
            self._read_pages(found)
        except (_Failed, ValidationError) as error:
            return Snapshot(at=now, complete=False, instances=tuple(found), problem=f"RunPod: {_said(error)}")
        return Snapshot(at=now, complete=True, instances=tuple(found))

    def destroy(self, provider_instance_id: str) -> DestroyResult:
        """404 is success: it is gone."""
        try:
            self._call("DELETE", _path(provider_instance_id))
        except _Failed as error:
            return Destroyed() if error.status == _NOT_FOUND else Pending(str(error))
        return Destroyed()

    def park(self, provider_instance_id: str) -> Outcome:
        """Stop the pod. Its container disk is wiped: what survives is only a volume, of which we order none."""
        return self._act(provider_instance_id, "stop")

    def unpark(self, provider_instance_id: str) -> Outcome:
        """Start it again, where its host still has a GPU."""
        return self._act(provider_instance_id, "start")

    def _act(self, provider_instance_id: str, action: str) -> Outcome:
        try:
            self._call("POST", f"{_path(provider_instance_id)}/action", body={"action": action})
        except _Failed as error:
            return Refused(str(error))
        return Accepted()

    def _read_pages(self, found: list[Listed]) -> None:
        cursor: str | None = None
        for _ in range(_MAX_PAGES):
            page = PodPage.model_validate(self._call("GET", "/v2/pods", query={"cursor": cursor} if cursor else {}))
            found += [pod.listed() for pod in page.pods if not pod.is_gone]
            cursor = page.next_cursor
            if not cursor:
                return
        raise _Failed(f"the list did not end after {_MAX_PAGES} pages")

    def _call(
        self, method: str, path: str, *, query: dict[str, str] | None = None, body: dict[str, Any] | None = None
    ) -> Any:
        try:
            answer = self._session.request(
                method, f"{self._url}{path}", params=query, json=body, timeout=TIMEOUT_S, allow_redirects=False
            )
            content = answer.json() if answer.content else None
        except (requests.RequestException, ValueError) as error:
            raise _Failed(type(error).__name__) from error
        if answer.ok and not answer.is_redirect:
            return content
        raise _Failed(
            f"HTTP {answer.status_code} {_sentence(content)}".rstrip(),
            status=answer.status_code,
            retry_after_s=_seconds(answer.headers.get("Retry-After")),
        )


def _refusal(error: _Failed) -> CreateResult:
    said, text = str(error), str(error).lower()
    if error.status == 0 or error.status >= _SERVER_ERROR:
        # RunPod words missing capacity as a server error, too; then nothing was made.
        return NoCapacity(said, NO_CAPACITY_S) if any(word in text for word in _EMPTY) else Ambiguous(said)
    if error.status == _TOO_MANY:
        return NoCapacity(said, error.retry_after_s or RETRY_AFTER_S)
    if error.status == _NO_PAYMENT or any(word in text for word in _MONEY):
        return Denied(f"RunPod refuses for lack of credit; add some under Billing in its console ({said})")
    if error.status == _CONFLICT or any(word in text for word in _EMPTY):
        return NoCapacity(said, NO_CAPACITY_S)
    if error.status in (_UNAUTHORIZED, _FORBIDDEN):
        return Denied(f"RunPod refuses the key; RUNPOD_API_KEY needs read and write access to pods ({said})")
    return Denied(f"RunPod refuses the order ({said})")


def _path(pod_id: str) -> str:
    return f"/v2/pods/{quote(pod_id, safe='')}"


def _said(error: Exception) -> str:
    return "an answer in an unknown form" if isinstance(error, ValidationError) else str(error)


def _sentence(content: Any) -> str:
    try:
        return Problem.model_validate(content).sentence
    except ValidationError:
        return ""


def _seconds(value: str | None) -> float | None:
    try:
        return None if value is None else max(0.0, float(value))
    except ValueError:
        return None
