"""Where a job is, told truthfully and not too often."""
