"""A tiny SDXL that has learned a small world of coloured shapes, and how it was made."""
