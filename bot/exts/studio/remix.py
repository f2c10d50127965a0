"""Remix: a window with the old words and numbers, to be rewritten. Its id carries the job, so it survives a restart."""

import re

import discord

from bot.again import Again
from bot.client import EaselClient, tell_privately
from bot.exts.studio.orders import take_order
from bot.refusals import Refusal, RefusalCode
from bot.relations import Relation
from bot.wording import answers
from bot.wording.catalogue import say
from tasks.ledger import Job
from tasks.schema import MAX_NEGATIVE_CHARACTERS, MAX_PROMPT_CHARACTERS

WINDOW = r"v1:remix:(?P<job>[0-9A-Za-z]{26})"
_NUMBER_CHARACTERS = 12


async def open_modal(interaction: discord.Interaction[EaselClient], job: Job) -> None:
    """Show the window, filled in with what was asked for."""
    spec, locale = job.spec, str(interaction.locale)
    modal = discord.ui.Modal(title=say("remix.title", locale=locale), custom_id=f"v1:remix:{job.id}")
    fields = {
        "prompt": (spec.prompt, MAX_PROMPT_CHARACTERS),
        "negative": (spec.negative_prompt, MAX_NEGATIVE_CHARACTERS),
        "steps": (str(spec.num_inference_steps), _NUMBER_CHARACTERS),
        "cfg": (f"{spec.guidance_scale:g}", _NUMBER_CHARACTERS),
        "seed": ("", _NUMBER_CHARACTERS),
    }
    for name, (value, most) in fields.items():
        long = most > _NUMBER_CHARACTERS
        modal.add_item(
            discord.ui.TextInput(
                label=say(f"remix.{name}", locale=locale),
                custom_id=name,
                style=discord.TextStyle.paragraph if long else discord.TextStyle.short,
                default=value or None,
                max_length=most,
                required=name == "prompt",
            )
        )
    modal.stop()  # answered by its id, not by this object
    await interaction.response.send_modal(modal)


async def submitted(interaction: discord.Interaction[EaselClient], job_id: str, fields: dict[str, str]) -> None:
    """The window came back: a new order, or the reason why not."""
    locale = str(interaction.locale)
    services = interaction.client.services
    job = await services.in_ledger(services.ledger.jobs.get, job_id)
    if job is None:
        await tell_privately(interaction, say("button.no_job", locale=locale))
        return
    order = rewritten(job, fields)
    if isinstance(order, Refusal):
        await tell_privately(interaction, answers.refusal(order, locale=locale))
    else:
        await take_order(interaction, order)


def rewritten(job: Job, fields: dict[str, str]) -> Again | Refusal:
    """The order that the window's texts mean; an empty number leaves what was, an empty seed draws a new one."""
    typed = {name: fields.get(name, "").strip() for name in ("steps", "cfg", "seed")}
    for name, text in typed.items():
        if text and not _is_number(text, whole=name != "cfg"):
            return Refusal(code=RefusalCode.NOT_A_NUMBER, option=name, given=text)
    return Again(
        parent_id=job.id,
        spec=job.spec,
        relation=Relation.REMIX,
        private=job.private,
        spoiler=job.spoiler,
        prompt=fields.get("prompt", ""),
        negative=fields.get("negative", ""),
        steps=int(typed["steps"]) if typed["steps"] else None,
        cfg=float(typed["cfg"].replace(",", ".")) if typed["cfg"] else None,
        seed=int(typed["seed"]) if typed["seed"] else None,
    )


def _is_number(text: str, *, whole: bool) -> bool:
    return re.fullmatch(r"-?\d{1,12}" if whole else r"-?\d{1,6}([.,]\d{1,6})?", text, re.ASCII) is not None
