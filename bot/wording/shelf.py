"""Answers about published models and LoRAs. Pure."""

from collections.abc import Collection

from bot.paging import Page
from bot.publishing.findings import Kind, UnpublishableError
from bot.wording.catalogue import DEFAULT_LOCALE, say
from bot.wording.escaping import harmless
from config.registry import Checkpoint, Lora, Weights

LORAS_PER_PAGE = 10
_SHOWN_WORDS = 5


def unpublishable(error: UnpublishableError, kind: Kind, *, locale: str = DEFAULT_LOCALE) -> str:
    """Why it was not published, and what would help."""
    values = {name: harmless(value, most=300) for name, value in error.data.items()}
    wanted = say(f"publish.kind.{kind}", locale=locale)
    if "found" in values:
        values["found"] = say(f"publish.kind.{values['found']}", locale=locale)
    return say(f"publish.{error.reason}", locale=locale, **({"wanted": wanted, "kind": f"{kind}s"} | values))


def added_message(entry: Checkpoint | Lora, *, locale: str = DEFAULT_LOCALE) -> str:
    """What it became, and that everybody can use it from now on."""
    lines = model_lines(entry, locale) if isinstance(entry, Checkpoint) else lora_lines(entry, locale)
    return "\n".join([say("publish.added", locale=locale, name=harmless(entry.name, most=80), id=entry.id), *lines])


def model_message(entry: Checkpoint, *, is_warm: bool, locale: str = DEFAULT_LOCALE) -> str:
    """All about one model."""
    return "\n".join([_title(entry, is_warm=is_warm, locale=locale), *model_lines(entry, locale)])


def lora_message(entry: Lora, *, is_warm: bool, locale: str = DEFAULT_LOCALE) -> str:
    """All about one LoRA."""
    return "\n".join([_title(entry, is_warm=is_warm, locale=locale), *lora_lines(entry, locale)])


def model_lines(entry: Checkpoint, locale: str) -> list[str]:
    default, limits = entry.defaults, entry.limits
    return [
        say(
            "shelf.model",
            locale=locale,
            gigabytes=f"{entry.download_gb:g}",
            prediction=entry.prediction,
            steps=default.steps,
            least=limits.min_steps,
            most=limits.max_steps,
            cfg=f"{default.cfg:g}",
        ),
        *_provenance(entry, entry.licence, entry.licence_url, locale),
    ]


def lora_lines(entry: Lora, locale: str) -> list[str]:
    return [
        say("shelf.lora", locale=locale, gigabytes=f"{entry.download_gb:g}", weight=f"{entry.weight:g}"),
        say("shelf.words", locale=locale, words=words(entry, locale)),
        *_provenance(entry, entry.licence, None, locale),
    ]


def loras_message(page: Page[Lora], *, warm: Collection[str], locale: str = DEFAULT_LOCALE) -> str:
    """One page of the LoRAs."""
    lines = [
        say(
            "loras.line",
            locale=locale,
            name=harmless(each.name, most=60),
            id=each.id,
            words=words(each, locale),
            warm=say("models.warm", locale=locale) if each.id in warm else "",
        )
        for each in page.lines
    ]
    return "\n".join([say("loras.title", locale=locale, page=page.number, pages=page.of), *lines])


def words(entry: Lora, locale: str) -> str:
    """Its trigger words, or that it needs none."""
    shown = ", ".join(harmless(word, most=30) for word in entry.trigger_words[:_SHOWN_WORDS])
    return shown or say("shelf.no_words", locale=locale)


def _title(entry: Checkpoint | Lora, *, is_warm: bool, locale: str) -> str:
    warm = say("models.warm", locale=locale) if is_warm else ""
    return f"**{harmless(entry.name, most=80)}** `{entry.id}`{warm}"


def _provenance(entry: Weights, licence: str, licence_url: str | None, locale: str) -> list[str]:
    place = harmless(" ".join(filter(None, (entry.source, entry.file))), most=200)
    told = harmless(licence, most=120) + (f" (<{licence_url}>)" if licence_url else "")
    return [
        say("shelf.licence", locale=locale, licence=told),
        say("shelf.source", locale=locale, place=place),
        say("shelf.hash", locale=locale, sha256=entry.sha256 or entry.revision or "-"),
    ]
