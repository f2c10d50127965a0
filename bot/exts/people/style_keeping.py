"""Keeps a style: what it holds, what its name may be, and how many one may have."""

from typing import Any

import discord

from bot.client import EaselClient
from bot.exts.people import styles
from bot.wording.catalogue import say
from bot.wording.escaping import harmless
from tasks.ledger import Job
from tasks.ledger.people_models import Style, scope_of_user


def content_of(words: str | None, negative: str | None, job: Job | None) -> dict[str, Any]:
    """What a style holds: words of one's own, and the numbers of a job."""
    content: dict[str, Any] = {"words": words, "negative": negative}
    if job is not None:
        spec = job.spec
        content |= {
            "negative": negative or spec.negative_prompt or None,
            "model": spec.checkpoint.id,
            "steps": spec.num_inference_steps,
            "cfg": spec.guidance_scale,
            "sampler": spec.sampler,
        }
    return {name: value for name, value in content.items() if value is not None}


async def keep(interaction: discord.Interaction[EaselClient], given: str, content: dict[str, Any]) -> str:
    """Keep it under a name; returns the sentence that says so, or why not."""
    services, locale, user_id = interaction.client.services, str(interaction.locale), interaction.user.id
    name = styles.proper_name(given)
    if name is None:
        return say("style.name", locale=locale, given=harmless(given, most=32))
    if not content:
        return say("style.empty", locale=locale)
    own = {style.name for style in await styles.usable(interaction) if not style.shared}
    if name not in own and len(own) >= styles.MOST_STYLES:
        return say("style.full", locale=locale, most=styles.MOST_STYLES)
    style = Style(scope=scope_of_user(user_id), name=name, owner_id=user_id, values_json=content)
    await services.in_ledger(services.ledger.people.put_style, style)
    return say("style.saved", locale=locale, name=name)
