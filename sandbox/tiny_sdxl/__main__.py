"""`python -m sandbox.tiny_sdxl train|evaluate|report`."""

from sandbox.tiny_sdxl.cli import cli

cli()
