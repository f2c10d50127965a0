"""A local Vast.ai for demos and tests: the same API, a seeded market, and local processes as instances."""

from sandbox.vast.clock import SandboxClock
from sandbox.vast.options import VastOptions
from sandbox.vast.server import VastServer

__all__ = ["SandboxClock", "VastOptions", "VastServer"]
