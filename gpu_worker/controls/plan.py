"""What a job's ControlNets come to: models, maps, and when they count."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from gpu_worker.cache.loading import Components
from gpu_worker.controls.maps import MapStore
from gpu_worker.controls.models import ControlNetCache
from gpu_worker.controls.windowed import WindowedControlNets
from gpu_worker.pipelines import pixels
from gpu_worker.renderer import Materials
from tasks.errors import BadSpec, ErrorCode
from tasks.schema import ControlRef, InputRef, JobSpec


@dataclass(frozen=True)
class Controls:
    """The ControlNets that count, with their maps at the size of the whole picture; `shown` are all maps asked for."""

    refs: Sequence[ControlRef] = ()
    nets: Sequence[Any] = ()
    maps: Sequence[Image.Image] = ()
    shown: Sequence[Image.Image] = ()

    def model(self) -> Any:
        """All of them as one, for a pipeline."""
        return WindowedControlNets(list(self.nets))

    def options(self, image_option: str, box: tuple[int, int, int, int] | None) -> dict[str, Any]:
        """For a pipeline's call; `box` is the part of the picture that is drawn."""
        maps = [each if box is None else pixels.padded(each.crop(box)) for each in self.maps]
        return {
            image_option: maps,
            "controlnet_conditioning_scale": [ref.weight for ref in self.refs],
            "control_guidance_start": [ref.start for ref in self.refs],
            "control_guidance_end": [ref.end for ref in self.refs],
        }


NONE = Controls()


def prepare(
    spec: JobSpec, components: Components, materials: Materials, nets: ControlNetCache, maps: MapStore
) -> Controls:
    """Maps made and models loaded; what has weight 0 is left out, though its map may be shown.

    Raises:
        BadSpec: a ControlNet has nothing to follow, or no map can be made.
        WeightsError: a model or a detector is broken, or of another family.
    """
    made = make_maps(spec, materials, maps)
    counting = [(number, control) for number, control in enumerate(spec.controls) if control.weight > 0]
    width = components.parts["unet"].config.cross_attention_dim
    return Controls(
        refs=[control for _, control in counting],
        nets=[
            nets.get(control, materials.controlnets[control.id], cross_attention_dim=width) for _, control in counting
        ],
        maps=[made[number] for number, _ in counting],
        shown=list(made.values()) if spec.show_maps else [],
    )


def make_maps(spec: JobSpec, materials: Materials, maps: MapStore) -> dict[int, Image.Image]:
    """The maps of a job by the number of their ControlNet; raises as `prepare` does. On any thread."""
    return {
        number: _map(control, spec, materials, maps)
        for number, control in enumerate(spec.controls)
        if control.weight > 0 or spec.show_maps
    }


def _map(control: ControlRef, spec: JobSpec, materials: Materials, maps: MapStore) -> Image.Image:
    ref: InputRef | None = control.image or getattr(spec, "image", None)
    if ref is None:
        raise BadSpec(ErrorCode.CONTROL_WITHOUT_IMAGE, f"{control.id} has nothing to follow", item=control.id)
    files = materials.annotators.get(control.preprocessor.id, ()) if control.preprocessor else ()
    return maps.get(control, materials.inputs[ref.sha256], ref.sha256, (spec.width, spec.height), files)
