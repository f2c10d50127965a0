"""Vast.ai through its own SDK."""

from provisioner.providers.vast.provider import VastProvider

__all__ = ["VastProvider"]
