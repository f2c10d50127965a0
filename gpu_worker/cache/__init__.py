"""Models in memory: which ones stay, and how a checkpoint gets there."""
