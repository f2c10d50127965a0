"""The clouds: what each must promise, and one folder per cloud."""
