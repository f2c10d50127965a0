"""Rents GPU machines when the queue backs up, destroys them when idle, and brings lost jobs back."""
