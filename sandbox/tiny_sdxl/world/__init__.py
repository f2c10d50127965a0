"""The small world: scenes, the sentences that describe them, pictures of them, and measures on pictures."""
