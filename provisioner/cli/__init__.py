"""The commands of `python -m provisioner`, a module per subject."""
