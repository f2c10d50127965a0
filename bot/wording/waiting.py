"""The status message of a job that waits or is drawn. Pure."""

from collections.abc import Sequence
from datetime import datetime

from bot.progress.stages import Phase, Waiting
from bot.wording.catalogue import DEFAULT_LOCALE, count, say
from bot.wording.escaping import harmless, plain
from tasks.ledger import Job

_ECHO = 300
_LISTED = 40
_MOST_LISTED = 8


def status_message(prompt: str, line: Waiting, *, now: datetime, locale: str = DEFAULT_LOCALE) -> str:
    """The prompt, where the job is, and when it will be ready as a timestamp that counts down by itself."""
    sentences = [*_position(line, locale), *_stage(line, locale), *_promise(line, now, locale)]
    return f"**{harmless(prompt, most=_ECHO)}**\n{' '.join(sentences)}"


def queue_message(
    own: Sequence[tuple[Job, Waiting]], *, total: int, now: datetime, locale: str = DEFAULT_LOCALE
) -> str:
    """A member's own jobs and where each of them is, of `total` jobs of all."""
    if not own:
        return say("queue.none", locale=locale, total=total)
    lines = [say("queue.title", locale=locale, total=total)]
    for job, line in own[:_MOST_LISTED]:
        stage = " ".join([*_position(line, locale), *_stage(line, locale), *_promise(line, now, locale)])
        prompt = harmless(job.spec.prompt, most=_LISTED)
        lines.append(say("queue.line", locale=locale, prompt=prompt, stage=stage))
    return "\n".join(lines)


def queue_away_message(prompt: str, *, locale: str = DEFAULT_LOCALE) -> str:
    """The status message of a job that is written down but could not be sent to the queue."""
    return f"**{harmless(prompt, most=_ECHO)}**\n{say('away.queue', locale=locale)}"


def preview_text(prompt: str, locale: str) -> str:
    """The description of a preview, for those who cannot see it."""
    return say("waiting.preview", locale=locale, prompt=plain(prompt, most=_ECHO))


def _position(line: Waiting, locale: str) -> list[str]:
    if line.phase is Phase.QUEUED and not line.ahead:
        return [say("waiting.next", locale=locale)]
    return [count("waiting.behind", line.ahead, locale=locale)] if line.ahead else []


def _stage(line: Waiting, locale: str) -> list[str]:
    if line.phase is Phase.QUEUED:
        return []
    if line.phase is Phase.SAMPLING and not line.steps:
        return [say("waiting.sampling.begins", locale=locale)]
    reason = harmless(line.reason.rstrip("."), most=_ECHO)
    return [say(f"waiting.{line.phase}", locale=locale, step=line.step, steps=line.steps, reason=reason)]


def _promise(line: Waiting, now: datetime, locale: str) -> list[str]:
    if line.ready_at is None:
        return []
    if line.ready_at <= now:
        return [say("waiting.overdue", locale=locale)]
    return [say("waiting.ready", locale=locale, when=f"<t:{int(line.ready_at.timestamp())}:R>")]
