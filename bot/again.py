"""An earlier order once more: the same, with new seeds, or with some of it rewritten. Pure.

It copies the spec and changes fields by name, so it works for every kind of job that has them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.refusals import check_range, checked_text
from bot.relations import Relation
from bot.submission import checked_cfg, checked_steps, seeds_from, unknown_model
from config.loading import Registry
from tasks.schema import MAX_NEGATIVE_CHARACTERS, MAX_PROMPT_CHARACTERS, MAX_SEED, CheckpointRef, JobSpec


@dataclass(frozen=True, kw_only=True)
class Again:
    """What is to be drawn again. None leaves a field as it was; `seed` None draws new ones unless `same_seeds`."""

    parent_id: str
    spec: JobSpec
    relation: Relation
    same_seeds: bool = False
    prompt: str | None = None
    negative: str | None = None
    steps: int | None = None
    cfg: float | None = None
    seed: int | None = None
    private: bool = False
    spoiler: bool = False

    @property
    def model(self) -> str:
        """The model that draws."""
        return self.spec.checkpoint.id

    @property
    def words(self) -> str:
        """What is looked at by the house's filter, and shown."""
        return self.prompt or self.spec.prompt


def revise(again: Again, *, registry: Registry, draw_seed: Callable[[], int]) -> JobSpec:
    """The new order, complete and final; the model's weights and limits are today's.

    Raises:
        Refused: it cannot be; with what would be right.
    """
    return again.spec.model_copy(update=_changes(again, registry, draw_seed))


def _changes(again: Again, registry: Registry, draw_seed: Callable[[], int]) -> dict[str, Any]:
    spec = again.spec
    checkpoint = registry.checkpoints.get(spec.checkpoint.id)
    if checkpoint is None:
        raise unknown_model(spec.checkpoint.id, registry)
    changes: dict[str, Any] = {"checkpoint": CheckpointRef.of(checkpoint)}
    if again.prompt is not None:
        changes["prompt"] = checked_text("prompt", again.prompt, most=MAX_PROMPT_CHARACTERS, required=True)
    if again.negative is not None:
        changes["negative_prompt"] = checked_text("negative", again.negative, most=MAX_NEGATIVE_CHARACTERS)
    if again.steps is not None:
        changes["num_inference_steps"] = checked_steps(again.steps, checkpoint)
    if again.cfg is not None:
        changes["guidance_scale"] = checked_cfg(again.cfg, checkpoint)
    if not again.same_seeds:
        changes["seeds"] = _seeds(again, draw_seed)
    return changes


def _seeds(again: Again, draw_seed: Callable[[], int]) -> tuple[int, ...]:
    if again.seed is None:
        return seeds_from(draw_seed(), again.spec.num_images)
    check_range("seed", again.seed, 0, MAX_SEED)
    return seeds_from(again.seed, again.spec.num_images)
