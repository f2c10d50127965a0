"""Lists and details of jobs. Pure."""

from collections.abc import Sequence

from bot import paging
from bot.submission import LORA_OPTIONS
from bot.wording.answers import mention
from bot.wording.catalogue import DEFAULT_LOCALE, say
from bot.wording.escaping import harmless, plain
from bot.wording.results import MESSAGE_LIMIT, defaults_remark
from tasks.infotext import SAMPLER_NAMES
from tasks.ledger import Job
from tasks.lifecycle import JobState
from tasks.schema import ImageToImageSpec, InpaintSpec, JobSpec, UpscaleSpec

PER_PAGE = 8
CHOICE_LIMIT = 100
_LISTED = 40
_SHOWN = 500


def pages(total: int) -> int:
    """How many pages a list of `total` jobs fills, at least one."""
    return paging.pages(total, per_page=PER_PAGE)


def jobs_message(jobs: Sequence[Job], *, page: int, total: int, locale: str = DEFAULT_LOCALE) -> str:
    """One page of a member's jobs, newest first."""
    if not total:
        return say("jobs.none", locale=locale)
    lines = [say("jobs.title", locale=locale, page=page, pages=pages(total))]
    for job in jobs:
        link = say("jobs.link", locale=locale, url=link_to_pictures(job)) if has_pictures(job) else ""
        prompt = harmless(job.spec.prompt, most=_LISTED)
        lines.append(
            say(
                "jobs.line",
                locale=locale,
                state=state_name(job, locale=locale),
                when=ago(job),
                prompt=prompt,
                link=link,
            )
        )
    return "\n".join(lines)


def choice_name(job: Job, *, locale: str = DEFAULT_LOCALE) -> str:
    """A job in the list of an option: at most 100 characters."""
    return plain(f"{state_name(job, locale=locale)}: {job.spec.prompt}", most=CHOICE_LIMIT)


def info_message(job: Job, parent: Job | None, *, locale: str = DEFAULT_LOCALE) -> str:
    """How a job's pictures were made, and how to get the same again."""
    lines = [
        say("info.title", locale=locale, state=state_name(job, locale=locale), who=mention(job.user_id), when=ago(job)),
        *_order(job.spec, locale),
    ]
    if job.rendered is not None:
        lines.append(say("info.time", locale=locale, seconds=f"{job.rendered.timings.total_s:.1f}"))
    if parent is not None and has_pictures(parent):
        relation = say(f"relation.{job.relation}", locale=locale)
        lines.append(say("info.parent", locale=locale, link=link_to_pictures(parent), relation=relation))
    if has_pictures(job):
        lines.append(say("info.link", locale=locale, link=link_to_pictures(job)))
    remark = defaults_remark(job.defaulted or "", locale=locale)
    lines.append(f"-# {say('result.job', locale=locale, job=job.id)}{remark}")
    command = say("info.again", locale=locale, command=plain(command_of(job.spec), most=_SHOWN).replace("`", "'"))
    typed = not job.spec.inputs  # pictures cannot be typed
    if typed and sum(map(len, lines)) + len(lines) + len(command) < MESSAGE_LIMIT:
        lines.insert(-1, command)
    return "\n".join(lines)


def command_of(spec: JobSpec) -> str:
    """The command that draws the same pictures."""
    options = {
        "prompt": spec.prompt,
        "negative": spec.negative_prompt,
        "model": spec.checkpoint.id,
        "images": spec.num_images,
        "seed": spec.seeds[0],
        "steps": spec.num_inference_steps,
        "cfg": f"{spec.guidance_scale:g}",
        **{option: f"{lora.id}:{lora.weight:g}" for option, lora in zip(LORA_OPTIONS, spec.loras, strict=False)},
    }
    return "/imagine " + " ".join(f"{name}:{value}" for name, value in options.items() if value != "")


def state_name(job: Job, *, locale: str = DEFAULT_LOCALE) -> str:
    """Where the job stands, in a word or two."""
    return say("state.deleted" if job.deleted_at is not None else f"state.{job.state}", locale=locale)


def ago(job: Job) -> str:
    """When it was asked for, counted by Discord itself."""
    return f"<t:{int(job.received_at.timestamp())}:R>"


def has_pictures(job: Job) -> bool:
    """Whether there is a message to link to."""
    return job.state is JobState.POSTED and bool(job.posted_message_id) and job.deleted_at is None


def link_to_pictures(job: Job) -> str:
    """The address of the message with the pictures."""
    return link_to(job, job.posted_message_id or 0)


def link_to(job: Job, message_id: int) -> str:
    """The address of a message in the job's channel, or where its pictures were posted instead."""
    place = "@me" if job.guild_id is None or job.posted_channel_id is not None else str(job.guild_id)
    return f"https://discord.com/channels/{place}/{job.posted_channel_id or job.channel_id}/{message_id}"


def _order(spec: JobSpec, locale: str) -> list[str]:
    lines = [say("info.prompt", locale=locale, text=harmless(spec.prompt, most=_SHOWN))]
    if spec.negative_prompt:
        lines.append(say("info.negative", locale=locale, text=harmless(spec.negative_prompt, most=_SHOWN // 2)))
    return [
        *lines,
        say("info.model", locale=locale, text=harmless(spec.checkpoint.id, most=80)),
        say(
            "info.numbers",
            locale=locale,
            width=spec.width,
            height=spec.height,
            steps=spec.num_inference_steps,
            cfg=f"{spec.guidance_scale:g}",
            sampler=SAMPLER_NAMES[spec.sampler],
        ),
        say("info.seeds", locale=locale, text=", ".join(map(str, spec.seeds))),
        *_companions(spec, locale),
    ]


def _companions(spec: JobSpec, locale: str) -> list[str]:
    """What it was drawn from and with, beside words."""
    lines = []
    if isinstance(spec, ImageToImageSpec | InpaintSpec):
        lines.append(say("info.strength", locale=locale, strength=f"{spec.strength:g}"))
    if isinstance(spec, UpscaleSpec):
        lines.append(say("info.upscale", locale=locale, factor=spec.factor, detail=f"{spec.detail:g}"))
    for key, worn in (("info.loras", spec.loras), ("info.controls", spec.controls)):
        text = ", ".join(f"{harmless(each.id, most=40)} {each.weight:g}" for each in worn)
        lines += [say(key, locale=locale, text=text)] if text else []
    return lines
