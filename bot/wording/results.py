"""The message that carries the pictures, and the one that says why there are none. Pure."""

from bot.wording.answers import mention
from bot.wording.catalogue import DEFAULT_LOCALE, say
from bot.wording.escaping import harmless, plain
from tasks.clamping import clamped
from tasks.errors import ErrorCode
from tasks.infotext import SAMPLER_NAMES
from tasks.schema import MAX_PROMPT_CHARACTERS, Failure, JobSpec

MESSAGE_LIMIT = 2000
ALT_TEXT_LIMIT = 1024
MAX_SIDE = 4096  # its square is what a worker takes
_ECHO = 600
_MIB = 2**20
_LEAST_CENTS = 0.1

# Why a result could not be posted, beyond a channel that is closed to us: values of a CANNOT_POST's `reason`.
TOO_LARGE = "too_large"
REFUSED = "refused"


def result_message(
    spec: JobSpec,
    *,
    job_id: str,
    model: str,
    seconds: float,
    cost_usd: float | None = None,
    mention_user_id: int | None = None,
    remark: str = "",
    defaulted: str = "",
    locale: str = DEFAULT_LOCALE,
) -> str:
    """The text over the pictures: prompt, then how to get the same again.

    Args:
        spec: the order.
        job_id: shown small, for questions to whoever runs Easel, and for the look into the channel's history.
        model: the checkpoint's name.
        seconds: from the command to now.
        cost_usd: the price of drawing it; None where no machine was rented for it, and then nothing is said.
        mention_user_id: whom to address first, where the message is a new one.
        remark: a sentence about the files, if any.
        defaulted: names of the options that came from the member's own defaults, with commas.
        locale: the reader's.
    """
    spec, _ = clamped(spec)
    seeds = ", ".join(str(seed) for seed in spec.seeds)
    facts = [
        harmless(model, most=80),
        say("result.seed" if spec.num_images == 1 else "result.seeds", locale=locale, seeds=seeds),
        say("result.size", locale=locale, width=spec.width, height=spec.height),
        say("result.steps", locale=locale, steps=spec.num_inference_steps),
        say("result.cfg", locale=locale, cfg=f"{spec.guidance_scale:g}"),
        SAMPLER_NAMES[spec.sampler],
        say("result.seconds", locale=locale, seconds=_seconds(seconds)),
    ]
    if cost_usd is not None:
        facts.append(say("result.cost", locale=locale, cents=_cents(cost_usd)))
    address = f"{mention(mention_user_id)} " if mention_user_id is not None else ""
    lines = [f"{address}**{harmless(spec.prompt, most=_ECHO)}**", " · ".join(facts)]
    if remark:
        lines.append(remark)
    lines.append(f"-# {say('result.job', locale=locale, job=job_id)}{defaults_remark(defaulted, locale=locale)}")
    return "\n".join(lines)


def defaults_remark(defaulted: str, *, locale: str = DEFAULT_LOCALE) -> str:
    """What goes behind the job's number where own defaults had a part in it."""
    options = ", ".join(defaulted.split(","))
    return f" · {say('result.defaults', locale=locale, options=options)}" if defaulted else ""


def alt_text(prompt: str) -> str:
    """The description of each file, for those who cannot see it."""
    return plain(prompt, most=ALT_TEXT_LIMIT)


def map_text(control: str, *, locale: str = DEFAULT_LOCALE) -> str:
    """The description of a ControlNet's map."""
    return say("result.map", locale=locale, control=plain(control, most=100))


def file_remark(key: str, *, limit_bytes: int, locale: str = DEFAULT_LOCALE) -> str:
    """Why the files are not PNG: `key` is "lossless" or "lossy"."""
    return say(f"result.{key}", locale=locale, limit=f"{limit_bytes / _MIB:.3g}")


def withheld_remark(count: int, *, locale: str = DEFAULT_LOCALE) -> str:
    """Why there are fewer pictures than were asked for."""
    return say("result.withheld.one" if count == 1 else "result.withheld.many", locale=locale, count=count)


def clamp_remarks(spec: JobSpec, *, model: str, locale: str = DEFAULT_LOCALE) -> list[str]:
    """A sentence for each option that was moved into the range in which the model draws well."""
    return [
        say(
            f"remark.{clamp.option}",
            locale=locale,
            given=f"{clamp.used:g}",
            model=harmless(model, most=80),
            least=f"{clamp.least:g}",
            most=f"{clamp.most:g}",
        )
        for clamp in clamped(spec)[1]
    ]


def elsewhere(link: str, *, locale: str = DEFAULT_LOCALE) -> str:
    """What the old status message becomes when the pictures are in a new one."""
    return say("result.elsewhere", locale=locale, link=link)


def failure_message(
    spec: JobSpec,
    failure: Failure,
    *,
    job_id: str,
    model: str,
    mention_user_id: int | None = None,
    locale: str = DEFAULT_LOCALE,
) -> str:
    """One sentence of cause, one of remedy. Nothing that a worker wrote is repeated, only what the ledger knows."""
    values: dict[str, object] = {
        "model": harmless(_culprit(spec, failure) or model, most=80),
        "width": spec.width,
        "height": spec.height,
        "prompt_limit": MAX_PROMPT_CHARACTERS,
        "side_limit": MAX_SIDE,
        "size": "",
        "limit": "",
    }
    code = str(failure.code)
    if failure.code is ErrorCode.CANNOT_POST and failure.data.get("reason") in (TOO_LARGE, REFUSED):
        code = failure.data["reason"]
        values |= {name: _mib(failure.data.get(f"{name}_bytes", "0")) for name in ("size", "limit")}
    address = f"{mention(mention_user_id)} " if mention_user_id is not None else ""
    return "\n".join(
        [
            f"{address}**{harmless(spec.prompt, most=_ECHO)}**",
            say("failure.title", locale=locale),
            say(f"failure.{code}.cause", locale=locale, **values),
            say(f"failure.{code}.remedy", locale=locale, **values),
            f"-# {say('result.job', locale=locale, job=job_id)}",
        ]
    )


def _culprit(spec: JobSpec, failure: Failure) -> str | None:
    """The LoRA, ControlNet or safety checker that a worker blames, by the ledger's own name for it."""
    blamed = failure.data.get("item")
    known = [lora.id for lora in spec.loras] + [control.id for control in spec.controls]
    known += [spec.safety.id] if spec.safety is not None else []
    return next((name for name in known if name == blamed), None)


def _mib(size_bytes: str) -> str:
    return f"{int(size_bytes) / _MIB:.3g}"


def _cents(usd: float) -> str:
    cents = usd * 100
    if cents < _LEAST_CENTS:
        return f"<{_LEAST_CENTS}"
    return f"{cents:.1f}" if cents < 10 else f"{cents:.0f}"  # noqa: PLR2004 - as with seconds


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f}" if seconds < 100 else f"{seconds:.0f}"  # noqa: PLR2004 - tenths matter to nobody beyond
