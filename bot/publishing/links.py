"""What a pasted link means: a model of Civitai, or a file or repository of the Hugging Face Hub. Pure."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from bot.discord_api import CDN_HOSTS
from bot.publishing.findings import Reason, UnpublishableError

_CIVITAI = frozenset({"civitai.com", "www.civitai.com", "civitai.green", "civitai.red"})
_HUB = frozenset({"huggingface.co", "www.huggingface.co", "hf.co"})
_NAME = re.compile(r"[\w.-]+")


@dataclass(frozen=True)
class CivitaiLink:
    """A model, one of its versions, or both."""

    model: int | None
    version: int | None


@dataclass(frozen=True)
class HubLink:
    """A repository, perhaps at a revision, perhaps one file of it."""

    repository: str
    revision: str
    file: str | None


def parse(link: str) -> CivitaiLink | HubLink:
    """The thing that a link leads to.

    Raises:
        UnpublishableError: it leads to neither site, to no model there, or to a file in Discord, whose links expire.
    """
    text = link.strip().strip("<>")
    parts = urlsplit(text if "://" in text else f"https://{text}")
    host = (parts.hostname or "").lower()
    steps = [unquote(step) for step in parts.path.split("/") if step]
    if host in CDN_HOSTS:
        raise UnpublishableError(Reason.DISCORD_FILE)
    found: CivitaiLink | HubLink | None = None
    if host in _CIVITAI:
        found = _civitai(steps, parse_qs(parts.query))
    elif host in _HUB:
        found = _hub(steps)
    if found is None:
        raise UnpublishableError(Reason.UNKNOWN_LINK, given=link[:100])
    return found


def _civitai(steps: list[str], query: dict[str, list[str]]) -> CivitaiLink | None:
    """`/models/<id>/<name>?modelVersionId=<id>`, `/model-versions/<id>`, `/api/download/models/<version>`."""
    version = _number(query.get("modelVersionId", [""])[0])
    if steps[:3] == ["api", "download", "models"] and len(steps) > 3:  # noqa: PLR2004 - the number is what follows
        version = _number(steps[3])
        return CivitaiLink(None, version) if version else None
    if steps[:1] == ["models"] and len(steps) > 1:
        model = _number(steps[1])
        return CivitaiLink(model, version) if model else None
    if steps[:1] == ["model-versions"] and len(steps) > 1:
        version = _number(steps[1])
        return CivitaiLink(None, version) if version else None
    return None


def _hub(steps: list[str]) -> HubLink | None:
    """`/<owner>/<repository>`, then `/blob|resolve/<revision>/<file>` or `/tree/<revision>`."""
    if len(steps) < 2 or steps[0] in {"datasets", "spaces", "api", "docs"}:  # noqa: PLR2004
        return None
    if not all(_NAME.fullmatch(step) for step in steps[:2]):
        return None
    repository, rest = "/".join(steps[:2]), steps[2:]
    if not rest or rest == ["tree"]:
        return HubLink(repository, "main", None)
    if rest[0] in {"blob", "resolve"} and len(rest) > 2:  # noqa: PLR2004
        return HubLink(repository, rest[1], "/".join(rest[2:]))
    return HubLink(repository, rest[1], None) if rest[0] == "tree" else None


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 16 else None  # noqa: PLR2004
