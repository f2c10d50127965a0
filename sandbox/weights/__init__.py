"""Tiny weights in the true shape of SDXL, made on the spot, so that nothing has to be downloaded."""
