"""Weights: from a registry source to verified files on this machine's disk."""
