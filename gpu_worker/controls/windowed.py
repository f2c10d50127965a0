"""Several ControlNets as one, of which only those are computed that count in this step."""

from typing import Any

import torch
from diffusers.models import MultiControlNetModel


class WindowedControlNets(MultiControlNetModel):  # type: ignore[misc]
    """Outside a ControlNet's window diffusers still computes it and then multiplies it by 0: up to 45 % of a step.

    Where none counts, the UNet gets no residuals at all, so the step is bit for bit one without ControlNet.
    """

    def forward(
        self,
        sample: torch.Tensor,
        timestep: Any,
        encoder_hidden_states: torch.Tensor,
        controlnet_cond: list[torch.Tensor],
        conditioning_scale: list[float],
        **options: Any,
    ) -> tuple[list[torch.Tensor] | None, torch.Tensor | None]:
        """Sum of the residuals for the UNet's down blocks and its middle, or two times None."""
        down: list[torch.Tensor] | None = None
        mid: torch.Tensor | None = None
        for net, condition, scale in zip(self.nets, controlnet_cond, conditioning_scale, strict=True):
            if scale == 0:
                continue
            net_down, net_mid = net(sample, timestep, encoder_hidden_states, condition, scale, **options)
            if down is None or mid is None:
                down, mid = list(net_down), net_mid
            else:
                down = [one + other for one, other in zip(down, net_down, strict=True)]
                mid = mid + net_mid
        return down, mid
