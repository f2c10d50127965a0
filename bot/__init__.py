"""All that speaks to Discord: the bot (gateway) and the courier (results)."""
