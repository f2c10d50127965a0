"""What `make bench` measures: ratios and latencies of one run, printed as a table and stored as JSON."""
