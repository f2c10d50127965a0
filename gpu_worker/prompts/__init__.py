"""From a prompt with weights, of any length, to what the UNet attends to."""
