"""`/upscale`: a picture that somebody attaches, or one of their jobs', two or four times as large."""

import discord
from discord import app_commands

from bot.client import EaselClient
from bot.derived import DEFAULT_DETAIL, FACTORS, MAX_DETAIL
from bot.exts.jobs import choosing
from bot.exts.studio.deriving import enlarge
from bot.exts.studio.orders import refuse
from bot.exts.studio.source import picture_of
from bot.refusals import Refusal, RefusalCode
from tasks.ledger import Job
from tasks.schema import MAX_IMAGES


@app_commands.command(name="upscale", description="Make a picture two or four times as large")
@app_commands.describe(
    image="The picture: PNG, JPEG or WebP",
    job="Or one of your jobs",
    index="Which of its pictures",
    factor="How many times as wide and high",
    detail="How much of it is drawn anew; 0 only enlarges",
)
@app_commands.autocomplete(job=choosing.own_posted_jobs)
@app_commands.choices(factor=[app_commands.Choice(name=f"{each}×", value=each) for each in FACTORS])  # noqa: RUF001
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
async def upscale(  # noqa: PLR0917 - discord.py passes the options by name
    interaction: discord.Interaction[EaselClient],
    image: discord.Attachment | None = None,
    job: str | None = None,
    index: app_commands.Range[int, 1, MAX_IMAGES] = 1,
    factor: int = 2,
    detail: app_commands.Range[float, 0.0, MAX_DETAIL] = DEFAULT_DETAIL,
) -> None:
    with interaction.client.services.in_flight.one():
        if (image is None) == (job is None):
            await refuse(interaction, Refusal(code=RefusalCode.IMAGE_OR_JOB))
        elif image is not None:
            await enlarge(interaction, image, factor=factor, detail=detail)
        elif (parent := await choosing.chosen(interaction, job or "")) is not None:
            await _of_job(interaction, parent, index, factor=factor, detail=detail)


async def _of_job(
    interaction: discord.Interaction[EaselClient], job: Job, number: int, *, factor: int, detail: float
) -> None:
    if not 1 <= number <= job.spec.num_images:
        data = {"most": str(job.spec.num_images)}
        await refuse(interaction, Refusal(code=RefusalCode.NO_SUCH_PICTURE, given=str(number), data=data))
        return
    picture = await picture_of(interaction, job, number)
    if picture is not None:
        await enlarge(interaction, picture, job=job, factor=factor, detail=detail)
