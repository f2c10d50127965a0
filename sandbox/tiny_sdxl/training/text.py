"""Stage 3: the text encoders alone learn to tell what a sentence says, as CLIP's did long before SDXL used them.

Learning from the pictures' loss alone, they pass on the background, then colours, and shapes only after very long: a
shape's outline is a small part of that loss. Here fixed random directions must tell each attribute, so that it is not
only present in the encoders' outputs but as large in them as the others.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from sandbox.tiny_sdxl.training.loop import Training
from sandbox.tiny_sdxl.training.scenes import caption_ids
from sandbox.tiny_sdxl.training.settings import Settings, Stage
from sandbox.tiny_sdxl.training.team import Team
from sandbox.tiny_sdxl.training.unet import Base
from sandbox.tiny_sdxl.world.captions import ANY_SHAPE, UNSAID, tell
from sandbox.tiny_sdxl.world.palette import COLOURS
from sandbox.tiny_sdxl.world.scene import CENTRES, CONCEPT, PLACES, SHAPES, Scene, Thing, draw_scene

_SEED: Final = 30_000_000
_ABSENT: Final = "-"
# As CLIP knows more words than a checkpoint can draw: the UNet sees its first heart with the LoRA.
_KNOWN: Final = (*SHAPES, CONCEPT)
_OPTIONS: Final = (
    (UNSAID, *PLACES, "two beside each other", "two above each other"),
    (UNSAID, *COLOURS),
    *(
        ((_ABSENT, UNSAID, ANY_SHAPE, *_KNOWN), (_ABSENT, UNSAID, "", *COLOURS), (_ABSENT, UNSAID, "", "small", "big"))
        * 2
    ),
)


def attributes(scene: Scene) -> tuple[int, ...]:
    """Layout, background, then shape, colour and size of the first and the second thing, as places in _OPTIONS."""
    first, *others = sorted(scene.things, key=lambda thing: CENTRES.get(thing.place, (0, 0)))
    second = others[0] if others else Thing(_ABSENT, _ABSENT, _ABSENT)
    layout = first.place
    if others:
        layout = "two beside each other" if first.place == "left" else "two above each other"
    values = (layout, scene.background, *_words(first), *_words(second))
    return tuple(options.index(value) for options, value in zip(_OPTIONS, values, strict=True))


def _words(thing: Thing) -> tuple[str, str, str]:
    return thing.shape, thing.colour, thing.size


def _sentences(count: int, rng: np.random.Generator) -> tuple[list[str], Tensor]:
    captions, targets = [], []
    for _ in range(count):
        caption, said = tell(draw_scene(rng, shapes=_KNOWN), rng)
        captions.append(caption)
        targets.append(attributes(said))
    return captions, torch.tensor(targets)


class TextLosses:
    """How badly the attributes are told from what the UNet will be given."""

    def __init__(self, base: Base, stage: Stage) -> None:
        self._base, self._count, self._team = base, stage.batch, Team()
        self._seed = [_SEED, stage.seed]
        sizes = [len(options) for options in _OPTIONS]
        generator = torch.Generator().manual_seed(_SEED)
        width = base.second.config.hidden_size
        drawn = [torch.randn(width, sum(sizes), generator=generator) for _ in range(3)]
        self._directions, self._sizes = [normalize(one, dim=0) for one in drawn], sizes

    def __call__(self, step: int, generator: torch.Generator) -> Mapping[str, Tensor]:
        captions, targets = _sentences(self._count, np.random.default_rng([*self._seed, step]))
        ids = caption_ids(self._base.tokenizer, captions)
        ends = (ids == self._base.tokenizer.eos_token_id).int().argmax(dim=1)
        late = ends + (torch.rand(len(ends), generator=generator) * (ids.shape[1] - ends)).long()
        ids, late, targets = (self._team.part(drawn) for drawn in (ids, late, targets))
        a = self._base.first(ids, output_hidden_states=True)
        b = self._base.second(ids, output_hidden_states=True)
        rows = torch.arange(len(ids))
        outputs = (b[0], a.hidden_states[-2][rows, late], b.hidden_states[-2][rows, late])
        terms = [self._told(one, n, targets) for n, one in enumerate(outputs)]
        right = self._right(outputs[0], targets)
        return {"loss": torch.stack(terms).mean(), "right": right}

    def _logits(self, outputs: Tensor, which: int) -> Sequence[Tensor]:
        return torch.split(outputs @ self._directions[which], self._sizes, dim=1)

    def _told(self, outputs: Tensor, which: int, targets: Tensor) -> Tensor:
        logits = self._logits(outputs, which)
        return torch.stack([cross_entropy(one, targets[:, n]) for n, one in enumerate(logits)]).mean()

    @torch.no_grad()
    def _right(self, outputs: Tensor, targets: Tensor) -> Tensor:
        found = torch.stack([one.argmax(dim=1) for one in self._logits(outputs, 0)], dim=1)
        return (found == targets).float().mean()


def train_text(base: Base, settings: Settings, *, run: bool = True) -> None:
    """Train both text encoders of the base as far as the settings say (or, without `run`, as far as they are)."""
    encoders = nn.ModuleList([base.first, base.second])
    training = Training("text", settings.text, encoders, settings.work / "text")
    if run and training.step < settings.text.steps:
        training.run(TextLosses(base, settings.text))
    training.settle()
