"""Answers about quotas, models and rules. Pure."""

from collections.abc import Collection, Sequence
from datetime import datetime

from bot.house.limits import Limits, day_ends
from bot.house.rules import may_preview
from bot.paging import Page
from bot.wording.catalogue import DEFAULT_LOCALE, say
from bot.wording.escaping import harmless
from bot.wording.results import MESSAGE_LIMIT
from config.registry import Checkpoint
from tasks.ledger import House
from tasks.ledger.house_models import AuditEntry, ChannelRule, FilterPattern, ModelRule, RoleLimit

MODELS_PER_PAGE = 8
_AUDIT_LINES = 15
_LIMITS = ("per_day", "parallel", "max_steps", "max_images", "priority")


def quota_message(house: House, limits: Limits, *, gpu_s: float, now: datetime, locale: str = DEFAULT_LOCALE) -> str:
    """What a member has used and what is left."""
    again = f"<t:{int(day_ends(now).timestamp())}:R>"
    lines = [say("quota.title", locale=locale)]
    if limits.per_day is None:
        lines.append(say("quota.day.none", locale=locale, used=house.used))
    else:
        left = max(0, limits.per_day - house.used)
        lines.append(say("quota.day", locale=locale, used=house.used, limit=limits.per_day, left=left, again=again))
    lines.append(say("quota.parallel", locale=locale, given=house.outstanding, limit=limits.parallel))
    lines.append(say("quota.images", locale=locale, most=limits.max_images))
    if limits.max_steps is not None:
        lines.append(say("quota.steps", locale=locale, most=limits.max_steps))
    if limits.priority:
        lines.append(say("quota.priority", locale=locale, number=limits.priority + 1))
    lines.append(say("quota.gpu", locale=locale, seconds=f"{gpu_s:.0f}"))
    lines.append(say("quota.back", locale=locale))
    return "\n".join(lines)


def models_message(page: Page[Checkpoint], *, warm: Collection[str], locale: str = DEFAULT_LOCALE) -> str:
    """One page of the models, with their licences and which a GPU has loaded."""
    lines = [
        say(
            "models.line",
            locale=locale,
            name=harmless(each.name, most=80),
            id=each.id,
            steps=each.defaults.steps,
            licence=harmless(each.licence, most=60),
            warm=say("models.warm", locale=locale) if each.id in warm else "",
        )
        for each in page.lines
    ]
    return "\n".join([say("models.title", locale=locale, page=page.number, pages=page.of), *lines])


def channel_message(rule: ChannelRule, *, locale: str = DEFAULT_LOCALE) -> str:
    """What holds in a channel."""
    return say(
        "admin.channel",
        locale=locale,
        channel=f"<#{rule.channel_id}>",
        enabled=_on(rule.enabled, locale),
        policy=say(f"admin.policy.{rule.nsfw_policy}", locale=locale),
        preview=say("admin.preview.spoiler", locale=locale) if _hides(rule) else _on(rule.preview, locale),
    )


def limits_message(rules: Sequence[RoleLimit], *, locale: str = DEFAULT_LOCALE) -> str:
    """Every role that has limits."""
    lines = [_limits_line(rule, locale) for rule in rules]
    if not lines:
        return say("admin.limits.none", locale=locale)
    return _fitting([say("admin.limits.title", locale=locale), *lines])


def role_name(guild_id: int, role_id: int) -> str:
    """A role as Discord shows it; nobody is pinged by it."""
    return "@everyone" if role_id == guild_id else f"<@&{role_id}>"


def models_rule_message(rules: Sequence[ModelRule], *, locale: str = DEFAULT_LOCALE) -> str:
    """What is allowed and denied."""
    if not rules:
        return say("admin.models.all", locale=locale)
    none = say("admin.none", locale=locale)
    allowed = ", ".join(rule.model_id for rule in rules if rule.allowed) or none
    denied = ", ".join(rule.model_id for rule in rules if not rule.allowed) or none
    return _fitting([say("admin.models.list", locale=locale, allowed=allowed, denied=denied)])


def filter_message(patterns: Sequence[FilterPattern], *, locale: str = DEFAULT_LOCALE) -> str:
    """The whole filter, for moderators only."""
    if not patterns:
        return say("admin.filter.empty", locale=locale)
    adult = say("admin.filter.adult", locale=locale)
    lines = [
        say("admin.filter.line", locale=locale, pattern=each.pattern.replace("`", "'"), adult=adult * each.adult)
        for each in patterns
    ]
    return _fitting([say("admin.filter.title", locale=locale), *lines])


def audit_message(entries: Sequence[AuditEntry], *, locale: str = DEFAULT_LOCALE) -> str:
    """The newest entries."""
    if not entries:
        return say("admin.audit.none", locale=locale)
    newest = entries[:_AUDIT_LINES]
    lines = [
        say(
            "admin.audit.line",
            locale=locale,
            when=f"<t:{int(each.at.timestamp())}:R>",
            actor=f"<@{each.actor_id}>",
            action=each.action,
            target="" if each.target_id in (None, each.actor_id) else f" <@{each.target_id}>",
            detail=harmless(each.detail, most=60),
        )
        for each in newest
    ]
    return _fitting([say("admin.audit.title", locale=locale, number=len(newest)), *lines])


def _limits_line(rule: RoleLimit, locale: str) -> str:
    given = [(name, getattr(rule, name)) for name in _LIMITS]
    parts = [say(f"admin.limits.{name}", locale=locale, number=value) for name, value in given if value is not None]
    name = role_name(rule.guild_id, rule.role_id)
    return say("admin.limits.line", locale=locale, role=name, limits=", ".join(parts))


def _hides(rule: ChannelRule) -> bool:
    """Whether there are no previews although nobody has switched them off."""
    return rule.preview and not may_preview([rule])


def _on(value: bool, locale: str) -> str:
    return say("admin.on" if value else "admin.off", locale=locale)


def _fitting(lines: Sequence[str]) -> str:
    """As many whole lines as fit."""
    text = "\n".join(lines)
    return text if len(text) <= MESSAGE_LIMIT else text[: MESSAGE_LIMIT - 2].rpartition("\n")[0] + "\n…"
