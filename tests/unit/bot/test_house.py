"""The house's decisions: the most generous role, the filter that is not fooled, and no adult picture shown bare."""

# ruff: noqa: RUF001 - look-alike letters are tried

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.house import prompt_filter
from bot.house.adult import Policy, Showing, showing
from bot.house.limits import day_began, day_ends, limits_of
from bot.house.rules import Place, allowed_models, check_model, check_spec, check_visitor, may_preview
from bot.refusals import RefusalCode, Refused
from config.registry import Quotas
from tasks.ledger import House
from tasks.ledger.house_models import Block, ChannelRule, FilterPattern, ModelRule, RoleLimit
from tests.specs import tiny_spec
from tests.unit.bot.registries import registry

NOW = datetime(2026, 11, 20, 23, 59, tzinfo=UTC)


def limit(**values: int) -> RoleLimit:
    return RoleLimit(guild_id=1, role_id=1, **values)


def asked(house: House, **spec: object) -> None:
    limits = check_visitor(house, registry(), NOW)
    check_spec(tiny_spec(**spec), house, limits, Place(), NOW)


def refusal(house: House, **spec: object) -> RefusalCode:
    """Why this house refuses an order."""
    with pytest.raises(Refused) as caught:
        asked(house, **spec)
    return caught.value.refusal.code


def test_the_most_generous_role_counts() -> None:
    """Field by field; what no role says is left to the owner, whose own limit nobody can widen."""
    house = House(limits=[limit(per_day=5, parallel=2), limit(per_day=9), limit(max_steps=20, priority=3)], granted=4)
    found = limits_of(house, Quotas(max_outstanding_per_user=10))
    assert (found.per_day, found.parallel, found.max_steps, found.max_images, found.priority) == (13, 2, 20, 4, 3)
    assert limits_of(House(limits=[limit(parallel=20)]), Quotas(max_outstanding_per_user=3)).parallel == 3
    assert limits_of(House(limits=[limit(per_day=0)]), Quotas()).per_day == 0


def test_days_are_those_of_utc() -> None:
    """One moment for everybody, told as a timestamp."""
    assert day_began(NOW) == datetime(2026, 11, 20, tzinfo=UTC)
    assert day_ends(NOW) == datetime(2026, 11, 21, tzinfo=UTC)


REFUSED: list[tuple[House, dict[str, object], RefusalCode]] = [
    (House(block=Block(guild_id=1, user_id=1, until=None, reason="spam")), {}, RefusalCode.BLOCKED),
    (House(block=Block(guild_id=1, user_id=1, until=NOW, reason="x")), {}, RefusalCode.BLOCKED_UNTIL),
    (House(channels=[ChannelRule(enabled=False, nsfw_policy="block")]), {}, RefusalCode.CHANNEL_OFF),
    (House(limits=[limit(parallel=1)], outstanding=1), {}, RefusalCode.OWN_QUOTA),
    (House(everybody=500), {}, RefusalCode.OVERALL_QUOTA),
    (House(limits=[limit(per_day=3)], used=3), {}, RefusalCode.DAY_QUOTA),
    (House(limits=[limit(per_day=3)], used=2), {"seeds": (1, 2)}, RefusalCode.DAY_QUOTA),
    (House(limits=[limit(max_images=1)]), {"seeds": (1, 2)}, RefusalCode.HOUSE_LIMIT),
    (House(limits=[limit(max_steps=1)]), {}, RefusalCode.HOUSE_LIMIT),
    (House(patterns=[FilterPattern(pattern="gore", adult=False)]), {"prompt": "G0RE!"}, RefusalCode.FILTERED),
    (House(patterns=[FilterPattern(pattern="nude", adult=True)]), {"prompt": "a nude"}, RefusalCode.ADULT_HERE),
]


@pytest.mark.parametrize(("house", "spec", "code"), REFUSED)
def test_each_rule_refuses_by_its_own_code(house: House, spec: dict[str, object], code: RefusalCode) -> None:
    """So each has its own sentence."""
    assert refusal(house, **spec) is code


def test_models_are_denied_or_all_but_some_are() -> None:
    """Once one is allowed, only allowed ones are; a denied one is told apart from one that does not exist."""
    shop = registry()
    denied = allowed_models(shop, House(models=[ModelRule(model_id="tiny-sdxl", allowed=False)]))
    assert list(denied.checkpoints) == ["sdxl-base-1.0"]
    assert denied.default_checkpoint.id == "sdxl-base-1.0"
    only = allowed_models(shop, House(models=[ModelRule(model_id="tiny-sdxl", allowed=True)]))
    assert list(only.checkpoints) == ["tiny-sdxl"]
    with pytest.raises(Refused, match="model_denied"):
        check_model("Tiny SDXL", allowed=denied, registry=shop)
    check_model("midjourney", allowed=denied, registry=shop)  # `submit` says that there is none


ADULT_TABLE = [
    (Policy.BLOCK, False, Showing.NOT),
    (Policy.BLOCK, True, Showing.NOT),
    (Policy.SPOILER, False, Showing.SPOILER),
    (Policy.SPOILER, True, Showing.SPOILER),
    (Policy.AGE_RESTRICTED, False, Showing.NOT),
    (Policy.AGE_RESTRICTED, True, Showing.OPEN),
]


@pytest.mark.parametrize(("policy", "age_restricted", "shown"), ADULT_TABLE)
def test_adult_orders_by_policy_and_place(policy: Policy, age_restricted: bool, shown: Showing) -> None:
    """Never bare where minors may look; a harmless order is shown everywhere."""
    assert showing(policy, adult=True, age_restricted=age_restricted) is shown
    assert showing(policy, adult=False, age_restricted=age_restricted) is Showing.OPEN


@pytest.mark.parametrize(
    ("rules", "allowed"),
    [
        ([], True),
        ([(True, "block")], True),
        ([(False, "block")], False),
        ([(True, "age_restricted")], True),
        ([(True, "spoiler")], False),
        ([(True, "block"), (True, "age_restricted")], True),
        ([(True, "block"), (False, "block")], False),
        ([(True, "spoiler"), (True, "block")], False),
    ],
)
def test_previews_are_shown_unless_somebody_objects(rules: list[tuple[bool, str]], allowed: bool) -> None:
    """A thread and its channel may each say no; where adult pictures are hidden, nobody knows yet what this one is."""
    written = [
        ChannelRule(guild_id=1, channel_id=number, preview=preview, nsfw_policy=policy)
        for number, (preview, policy) in enumerate(rules)
    ]
    assert may_preview(written) is allowed


@pytest.mark.parametrize(
    "prompt",
    [
        "a dick",
        "A DICK",
        "a d1ck",
        "a d i c k",
        "a d-i-c-k!",
        "a d.i.c.k",
        "a di\u200bck",
        "а dісk",
        "a díck",
        "ｄｉｃｋ",
    ],
)
def test_dressed_up_words_are_found(prompt: str) -> None:
    """Case, digits, spacing, invisible characters, look-alike letters, accents, full width."""
    assert prompt_filter.find(prompt, ["dick"]) == "dick"


@pytest.mark.parametrize(
    ("prompt", "pattern"),
    [
        ("Scunthorpe at dusk", "cunt"),
        ("Dickens reading", "dick"),
        ("a classic cocktail", "ass"),
        ("a classic cocktail", "cock"),
        ("Essex, Penistone and Lightwater", "sex"),
        ("shiitake mushrooms", "shit"),
        ("a b c of drawing", "abcd"),
        ("analysis of an analog clock", "anal"),
        ("a grape vine", "rape"),
    ],
)
def test_innocent_words_pass(prompt: str, pattern: str) -> None:
    """A word inside another one is another word."""
    assert prompt_filter.find(prompt, [pattern]) is None


def test_patterns_of_several_words_and_open_endings() -> None:
    """Phrases match in their order; `*` stands for any ending."""
    assert prompt_filter.find("a Red\n  Square at night", ["red square"]) == "red square"
    assert prompt_filter.find("square red", ["red square"]) is None
    assert prompt_filter.find("dickish", ["dick*"]) == "dick*"
    assert not prompt_filter.is_usable("!")
    assert not prompt_filter.is_usable("a*")


@given(st.text(max_size=60), st.text(max_size=300))
def test_no_pattern_and_no_prompt_breaks_the_filter(pattern: str, prompt: str) -> None:
    """Both come from strangers; a pattern always finds itself."""
    prompt_filter.find(prompt, [pattern])
    if prompt_filter.is_usable(pattern) and "*" not in pattern:
        assert prompt_filter.find(" ".join(prompt_filter.words(pattern)), [" ".join(prompt_filter.words(pattern))])
