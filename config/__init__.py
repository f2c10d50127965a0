"""Typed settings from the environment, and the registry of checkpoints, LoRAs and profiles from TOML."""
