"""Use as reference…: a window that begins an order with a picture of any message, drawn anew or followed.

The window's id carries the job whose pictures they are, or the picture itself: Discord shows a bot the files of other
people's messages only at the moment when somebody points at them, so those are fetched before the window opens.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import discord

from bot.client import EaselClient, tell_privately
from bot.companions import DEFAULT_CONTROL_WEIGHT
from bot.control_index import control_choices
from bot.exts.studio.choices import control_name
from bot.exts.studio.given import take_order_with
from bot.exts.studio.orders import refuse, take_order
from bot.exts.studio.source import picture_of, pictures_in, readable
from bot.pictures.receiving import Given, Wanted, receive
from bot.refusals import Refusal, RefusalCode, Refused
from bot.relations import Relation
from bot.submission import DEFAULT_STRENGTH, Options
from bot.wording.catalogue import say
from tasks.ledger import Job
from tasks.schema import MAX_PROMPT_CHARACTERS, InputRef

OF_JOB = r"v1:reference:(?P<job>[0-9A-Za-z]{26})"
OF_PICTURE = r"v1:reference:(?P<sha256>[0-9a-f]{64}):(?P<width>\d{1,4})x(?P<height>\d{1,4})(?P<hidden>:hidden)?"
_Text = discord.ui.TextInput[discord.ui.Modal]
_BEGIN = "begin"
_IN_TIME_S = 2.0  # a window has to open within 3 s
_STRENGTH_CHARACTERS = 6
_MOST_LINES = 25


async def open_window(interaction: discord.Interaction[EaselClient], job: Job | None, message: discord.Message) -> None:
    """Ask for the words, which picture, and what to do with it."""
    if job is not None:
        await _open(interaction, f"v1:reference:{job.id}", list(pictures_in(message, job)), prompt=job.spec.prompt)
        return
    picture = readable(message)
    if picture is None:
        await tell_privately(interaction, say("menu.no_picture", locale=str(interaction.locale)))
        return
    try:
        receiving = receive(interaction.client.services, {"image": Wanted(picture)})
        ref = (await asyncio.wait_for(receiving, _IN_TIME_S))["image"].ref
    except Refused as refused:
        await refuse(interaction, refused.refusal)
    except TimeoutError:
        await refuse(interaction, Refusal(code=RefusalCode.PICTURE_AWAY, option="image"))
    else:
        hidden = ":hidden" if picture.is_spoiler() else ""
        await _open(interaction, f"v1:reference:{ref.sha256}:{ref.width}x{ref.height}{hidden}", [], prompt="")


async def _open(
    interaction: discord.Interaction[EaselClient], custom_id: str, numbers: Sequence[int], *, prompt: str
) -> None:
    locale = str(interaction.locale)
    window = discord.ui.Modal(title=say("reference.title", locale=locale), custom_id=custom_id)
    words: _Text = discord.ui.TextInput(
        custom_id="prompt",
        style=discord.TextStyle.paragraph,
        default=prompt or None,
        max_length=MAX_PROMPT_CHARACTERS,
    )
    _add(window, "prompt", words, locale)
    if tuple(numbers) not in ((), (1,)):  # without a word about it, the first is meant
        _add(window, "picture", _select("picture", {str(each): str(each) for each in numbers}), locale)
    controls = control_choices(interaction.client.services.registry.controlnets, "")
    ways = {_BEGIN: say("reference.begin", locale=locale)}
    ways |= {each.value: control_name(each, locale) for each in controls[: _MOST_LINES - 1]}
    _add(window, "way", _select("way", ways), locale)
    strength: _Text = discord.ui.TextInput(custom_id="strength", required=False, max_length=_STRENGTH_CHARACTERS)
    _add(window, "strength", strength, locale, begin=DEFAULT_STRENGTH, control=DEFAULT_CONTROL_WEIGHT)
    window.stop()  # answered by its id, not by this object
    await interaction.response.send_modal(window)


def _add(window: discord.ui.Modal, name: str, component: Any, locale: str, **values: object) -> None:
    window.add_item(discord.ui.Label(text=say(f"reference.{name}", locale=locale, **values), component=component))


def _select(custom_id: str, lines: Mapping[str, str]) -> discord.ui.Select[discord.ui.Modal]:
    """The first line is chosen already."""
    options = [
        discord.SelectOption(label=label[:100], value=value[:100], default=number == 0)
        for number, (value, label) in enumerate(lines.items())
    ]
    return discord.ui.Select(custom_id=custom_id, options=options)


async def submitted_of_job(interaction: discord.Interaction[EaselClient], job_id: str, fields: dict[str, str]) -> None:
    """The window came back for one of our own pictures: a new order with its parent."""
    services = interaction.client.services
    job = await services.in_ledger(services.ledger.jobs.get, job_id)
    if job is None:
        await tell_privately(interaction, say("button.no_job", locale=str(interaction.locale)))
        return
    try:
        options = _options(fields, parent=job)
    except Refused as refused:
        await refuse(interaction, refused.refusal)
        return
    number = fields.get("picture", "1")
    picture = await picture_of(interaction, job, int(number) if re.fullmatch("[1-4]", number) else 1)
    if picture is None:
        return

    hidden = replace(options, spoiler=job.spoiler or picture.is_spoiler())

    def complete(given: Mapping[str, Given]) -> Options:
        return _with(hidden, fields, given["image"].ref)

    await take_order_with(interaction, {"image": Wanted(picture)}, complete, private=job.private)


async def submitted_of_picture(
    interaction: discord.Interaction[EaselClient], ref: InputRef, fields: dict[str, str], *, hidden: bool
) -> None:
    """The window came back for anybody's picture, which is kept already; `hidden` behind a spoiler, so is the next."""
    try:
        order = replace(_with(_options(fields, parent=None), fields, ref), spoiler=hidden or None)
    except Refused as refused:
        await refuse(interaction, refused.refusal)
        return
    await take_order(interaction, order)


def _options(fields: Mapping[str, str], *, parent: Job | None) -> Options:
    """Raises `Refused` where the number is none."""
    options = Options(prompt=fields.get("prompt", ""))
    name, usual = ("strength", DEFAULT_STRENGTH) if _begins(fields) else ("control_weight", DEFAULT_CONTROL_WEIGHT)
    text = fields.get("strength", "").strip() or str(usual)  # the window says what an empty field means
    if re.fullmatch(r"\d{1,2}([.,]\d{1,3})?", text, re.ASCII) is None:
        raise Refused(RefusalCode.NOT_A_NUMBER, name, given=text)
    number = float(text.replace(",", "."))
    options = replace(options, strength=number) if _begins(fields) else replace(options, control_weight=number)
    if parent is None:
        return options
    return replace(
        options,
        model=parent.spec.checkpoint.id,
        parent_id=parent.id,
        relation=Relation.REFERENCE,
        private=parent.private,
    )


def _with(options: Options, fields: Mapping[str, str], ref: InputRef) -> Options:
    if _begins(fields):
        return replace(options, init_image=ref)
    return replace(options, control_image=ref, control=fields["way"])


def _begins(fields: Mapping[str, str]) -> bool:
    return fields.get("way", _BEGIN) == _BEGIN
