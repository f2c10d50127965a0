"""How long the rest of a drawing will take, from its steps so far. Pure."""

_DECODING_STEPS = 2.0  # turning latents into pixels costs about as much as this many steps at full size


class Pace:
    """The mean of the steps so far, the first one left out: it also pays for the prompt and for new kernels."""

    def __init__(self, started: float) -> None:
        self._started = started
        self._first_done: float | None = None

    def seconds_left(self, step: int, steps: int, *, now: float) -> float:
        """Expected seconds after `step` of `steps`, until the pixels are there."""
        if self._first_done is None:
            self._first_done = now
            step_s = now - self._started
        elif step > 1:
            step_s = (now - self._first_done) / (step - 1)
        else:
            step_s = now - self._started
        return (steps - step + _DECODING_STEPS) * step_s
