"""A job's prompts → embeddings, on the lane or, where nothing can come of it, on the thread of a job that waits."""

from collections.abc import Mapping
from pathlib import Path

from gpu_worker.cache.loading import Components
from gpu_worker.prompts.encoding import encode
from gpu_worker.prompts.shelf import Embeddings
from gpu_worker.prompts.triggers import with_trigger_words
from tasks.schema import JobSpec

_GUIDANCE_THRESHOLD = 1.0


def embeddings(components: Components, spec: JobSpec) -> Embeddings:
    """Options for a pipeline's call, under the LoRAs that the text encoders wear now.

    Raises:
        BadSpec: a prompt is longer than can be drawn with.
    """
    prompt = with_trigger_words(spec.words, spec.loras)
    # Against no words at all there is nothing to be guided towards; zeros would be something else than them.
    negative = spec.negative_prompt or (None if components.zeros_for_empty_prompt and prompt else "")
    is_guided = spec.guidance_scale > _GUIDANCE_THRESHOLD
    with components.prompts.lock:
        key = (prompt, negative, is_guided, components.adapters.worn_by_text)
        return components.prompts.get(key, lambda: encode(components.parts, prompt, negative, with_negative=is_guided))


def encode_ahead(components: Components, spec: JobSpec, loras: Mapping[str, Path]) -> bool:
    """Encode what `embeddings` will be asked for, unless the text encoders wear other LoRAs than the job wants.

    The lane changes them between two jobs and not while this runs; what was made under the right ones stays right.
    Returns whether it was done. Raises as `embeddings` does.
    """
    with components.prompts.lock:
        if components.adapters.wanted_by_text(spec.loras, loras) != components.adapters.worn_by_text:
            return False
        embeddings(components, spec)
        return True
