"""RunPod: pods by kind of GPU, through its REST API."""

from provisioner.providers.runpod.provider import RunPodProvider

__all__ = ["RunPodProvider"]
