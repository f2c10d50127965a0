"""What those who run Easel want to know: metrics for Prometheus, and alerts in a channel of theirs."""
