"""One file per kind of job, each read from top to bottom."""
