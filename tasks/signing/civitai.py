"""Civitai's downloads: with the owner's token it redirects to a signed address of its storage."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urljoin, urlsplit

import requests

from config.registry import Weights
from tasks.schema import SignedLink
from tasks.signing.expiry import expiry_of

_PATIENCE_S = (3.0, 5.0)
_VERSION = re.compile(r"civitai:(?:\d+@)?(\d+)")


@dataclass(frozen=True)
class Civitai:
    """Source: developer.civitai.com, "Authentication"; the header form, as the other leaks the token into logs."""

    token: str = field(repr=False)
    endpoint: str = "https://civitai.com"

    def sign(self, weights: Weights, path: str, *, now: datetime) -> SignedLink | None:
        """The link to a version's file.

        Raises:
            requests.RequestException: Civitai does not answer, or refuses the token.
        """
        found = _VERSION.fullmatch(weights.source)
        if found is None:
            return None
        url = f"{self.endpoint}/api/download/models/{found.group(1)}"
        headers = {"Authorization": f"Bearer {self.token}"}
        with requests.get(url, headers=headers, allow_redirects=False, stream=True, timeout=_PATIENCE_S) as answer:
            answer.raise_for_status()
            place = urljoin(url, answer.headers.get("Location", ""))
        if urlsplit(place).netloc == urlsplit(url).netloc:  # its page for signing in
            message = "Civitai refuses CIVITAI_TOKEN, or wants the model's terms accepted on its page"
            raise requests.HTTPError(message)
        return SignedLink(
            source=weights.source, revision=weights.revision, path=path, url=place, expires_at=expiry_of(place, now=now)
        )
