"""The GPU worker: takes render tasks from Redis, draws with SDXL, hands the pictures over. torch lives here only."""
