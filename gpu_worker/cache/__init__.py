"""Checkpoints in memory: which ones stay, and how one gets there."""
