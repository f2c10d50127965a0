"""LoRAs: read with suspicion, worn for a job, taken off without a trace."""
