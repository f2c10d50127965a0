"""The kinds of jobs: complete and final orders. The same spec gives the same pictures. Sizes in pixels."""

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, TypeAdapter, model_validator

from config.registry import Sampler
from tasks.references import MAX_INPUT_PIXELS, CheckpointRef, ControlRef, InputRef, LoraRef, SafetyRef
from tasks.wire import Wire, is_default

MAX_IMAGES = 4
MAX_PROMPT_CHARACTERS = 1500
MAX_NEGATIVE_CHARACTERS = 1000
MAX_SEED = 2**32 - 1
MAX_LORAS = 5
MAX_CONTROLS = 3
# Words that stand in a spec's validation errors, for who reads them.
MASK_SIZE = "mask_size"
CONTROL_WITHOUT_IMAGE = "control_without_image"
# Of a tile that nothing holds to the picture: above, it shows things that the picture does not have.
_LITTLE_STRENGTH, _MOST_STRENGTH = 0.2, 0.3


class BaseSpec(Wire):
    """What every kind has. One seed per picture."""

    checkpoint: CheckpointRef
    prompt: str = Field(min_length=1, max_length=MAX_PROMPT_CHARACTERS)
    negative_prompt: str = Field("", max_length=MAX_NEGATIVE_CHARACTERS)
    num_inference_steps: int = Field(ge=1, le=150)
    guidance_scale: float = Field(ge=0, le=30)
    sampler: Sampler
    seeds: tuple[Annotated[int, Field(ge=0, le=MAX_SEED)], ...] = Field(min_length=1, max_length=MAX_IMAGES)
    loras: tuple[LoraRef, ...] = Field(default=(), max_length=MAX_LORAS, exclude_if=is_default)
    controls: tuple[ControlRef, ...] = Field(default=(), max_length=MAX_CONTROLS, exclude_if=is_default)
    show_maps: bool = Field(default=False, exclude_if=is_default)
    safety: SafetyRef | None = Field(default=None, exclude_if=is_default)

    @property
    def num_images(self) -> int:
        """How many pictures are asked for."""
        return len(self.seeds)

    @property
    def steps_per_image(self) -> int:
        """Denoising steps that a picture really takes."""
        return self.num_inference_steps

    @property
    def words(self) -> str:
        """The prompt as it is drawn with."""
        return self.prompt

    @property
    def inputs(self) -> tuple[InputRef, ...]:
        """Every picture that the job needs, each once."""
        return tuple(dict.fromkeys(control.image for control in self.controls if control.image is not None))


class _Sized(BaseSpec):
    """A kind whose size is chosen."""

    width: int = Field(ge=64, le=2048, multiple_of=8)
    height: int = Field(ge=64, le=2048, multiple_of=8)


class TextToImageSpec(_Sized):
    """Pictures from words."""

    kind: Literal["text_to_image"] = "text_to_image"

    @model_validator(mode="after")
    def _controls_have_pictures(self) -> Self:
        for control in self.controls:
            if control.image is None:
                message = f"{CONTROL_WITHOUT_IMAGE}: {control.id} has no picture to follow"
                raise ValueError(message)
        return self


class _FromImage(BaseSpec):
    """A kind that begins with a picture."""

    image: InputRef

    @property
    def inputs(self) -> tuple[InputRef, ...]:
        """Every picture that the job needs, each once."""
        return tuple(dict.fromkeys((self.image, *super().inputs)))


class ImageToImageSpec(_Sized, _FromImage):
    """Pictures from a picture, which is scaled to the size asked for. `strength` 0 changes nothing, 1 forgets it."""

    kind: Literal["image_to_image"] = "image_to_image"
    strength: float = Field(0.6, ge=0, le=1)

    @property
    def steps_per_image(self) -> int:
        """Denoising begins in the middle: at `strength` of the way."""
        return steps_at(self.strength, self.num_inference_steps)


class InpaintSpec(_Sized, _FromImage):
    """Draws again where `mask` is white; what is black stays as it was."""

    kind: Literal["inpaint"] = "inpaint"
    mask: InputRef
    strength: float = Field(1.0, ge=0, le=1)

    @model_validator(mode="after")
    def _mask_fits(self) -> Self:
        if (self.mask.width, self.mask.height) != (self.image.width, self.image.height):
            message = (
                f"{MASK_SIZE}: the mask has {self.mask.width}x{self.mask.height}, "
                f"the picture {self.image.width}x{self.image.height}"
            )
            raise ValueError(message)
        return self

    @property
    def steps_per_image(self) -> int:
        """As for image to image."""
        return steps_at(self.strength, self.num_inference_steps)

    @property
    def inputs(self) -> tuple[InputRef, ...]:
        """Every picture that the job needs, each once."""
        return tuple(dict.fromkeys((*super().inputs, self.mask)))


class UpscaleSpec(_FromImage):
    """The picture larger, drawn again in tiles of the side `tile`: not at all at `detail` 0.

    At 1 it is drawn again as much as can be without becoming another picture.
    """

    kind: Literal["upscale"] = "upscale"
    factor: Literal[2, 4] = 2
    detail: float = Field(0.3, ge=0, le=1)
    tile: int = Field(1024, ge=64, le=2048, multiple_of=8)

    @model_validator(mode="after")
    def _not_too_large(self) -> Self:
        if self.width * self.height > MAX_INPUT_PIXELS:
            message = f"{self.width}x{self.height} would be more than {MAX_INPUT_PIXELS} pixels"
            raise ValueError(message)
        return self

    @property
    def width(self) -> int:
        """Of the result."""
        return self.image.width * self.factor

    @property
    def height(self) -> int:
        """Of the result."""
        return self.image.height * self.factor

    @property
    def strength(self) -> float:
        """How much of the way each tile is denoised again: `detail`, but above 0.2 it rises ever so little, to 0.3.

        A ControlNet of the kind `tile` holds each tile to the picture; then it is `detail` all the way.
        """
        if self._is_held:
            return self.detail
        slope = (_MOST_STRENGTH - _LITTLE_STRENGTH) / (1 - _LITTLE_STRENGTH)
        return min(self.detail, _LITTLE_STRENGTH + slope * (self.detail - _LITTLE_STRENGTH))

    @property
    def words(self) -> str:
        """None where there are several tiles and nothing holds them: each would be drawn as the whole picture."""
        is_cut = max(self.width, self.height) > self.tile
        return "" if is_cut and not self._is_held else self.prompt

    @property
    def _is_held(self) -> bool:
        return any(control.kind == "tile" and control.weight > 0 for control in self.controls)

    @property
    def steps_per_image(self) -> int:
        """Of each tile; tiles overlap a little, so this is also about what the whole picture takes per pixel."""
        return steps_at(self.strength, self.num_inference_steps)


def steps_at(strength: float, steps: int) -> int:
    """How many of `steps` are done at this strength: none at 0, at least one above, as diffusers counts them."""
    return 0 if strength == 0 else max(1, min(int(steps * strength), steps))


JobSpec = Annotated[TextToImageSpec | ImageToImageSpec | InpaintSpec | UpscaleSpec, Discriminator("kind")]
KINDS = ("text_to_image", "image_to_image", "inpaint", "upscale")

_JOB_SPEC: TypeAdapter[JobSpec] = TypeAdapter(JobSpec)


def read_spec(data: dict[str, Any]) -> JobSpec:
    """What a peer wrote, perhaps a newer one: unknown fields are dropped.

    Raises:
        pydantic.ValidationError: where the kind or a known field is missing or wrong.
    """
    return _JOB_SPEC.validate_python(data, extra="ignore")
