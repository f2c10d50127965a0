"""Gated and private repositories of the Hugging Face Hub: the Hub redirects to a signed address of its storage."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote, urljoin, urlsplit

import requests

from config.registry import Weights
from tasks.schema import SignedLink
from tasks.signing.expiry import expiry_of

_PATIENCE_S = (3.0, 5.0)
_REFUSED = frozenset({401, 403})
_HOPS = 3
_LARGE = ".safetensors"  # what the Hub keeps in its storage; small files it serves itself
_PUBLIC_FOR = timedelta(hours=1)


@dataclass(frozen=True)
class HuggingFaceHub:
    """Asks with the owner's token, and only where nobody gets the file without one: one question a repository.

    Thread-safe: at worst two threads ask the same.
    """

    token: str = field(repr=False)
    endpoint: str = "https://huggingface.co"
    _public_until: dict[tuple[str, str], datetime] = field(default_factory=dict, init=False, repr=False)

    def sign(self, weights: Weights, path: str, *, now: datetime) -> SignedLink | None:
        """The link to one file; None where it is public, not there, or so small that the Hub serves it itself.

        Raises:
            requests.RequestException: the Hub does not answer, or refuses the token.
        """
        repository = weights.source.removeprefix("huggingface:")
        revision = quote(weights.revision or "main", safe="")
        url = f"{self.endpoint}/{repository}/resolve/{revision}/{quote(path)}"
        if not path.endswith(_LARGE) or self._is_public((repository, revision), url, now):
            return None
        place = self._storage(url)
        if place is None:
            return None
        return SignedLink(
            source=weights.source, revision=weights.revision, path=path, url=place, expires_at=expiry_of(place, now=now)
        )

    def _is_public(self, repository: tuple[str, str], url: str, now: datetime) -> bool:
        if now < self._public_until.get(repository, now):
            return True
        is_public = self._head(url, {}).status_code not in _REFUSED
        if is_public:
            self._public_until[repository] = now + _PUBLIC_FOR
        return is_public

    def _storage(self, url: str) -> str | None:
        """Where the Hub sends us; a repository that was renamed sends to another page of its own first."""
        host = urlsplit(url).netloc
        for _ in range(_HOPS):
            answer = self._head(url, {"Authorization": f"Bearer {self.token}"})
            answer.raise_for_status()
            url = urljoin(url, answer.headers.get("Location", ""))
            if not answer.is_redirect:
                return None
            if urlsplit(url).netloc != host:
                return url
        return None

    @staticmethod
    def _head(url: str, headers: dict[str, str]) -> requests.Response:
        return requests.head(url, headers=headers, allow_redirects=False, timeout=_PATIENCE_S)
