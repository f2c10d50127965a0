"""What the bot needs in a channel, looked at before any GPU works: `app_permissions` arrives with each interaction."""

import discord

_NEEDED = ("view_channel", "send_messages", "attach_files")
_NEEDED_IN_THREADS = ("view_channel", "send_messages_in_threads", "attach_files")


def missing_permissions(interaction: discord.Interaction[discord.Client]) -> list[str]:
    """discord.py's names of what is missing; direct messages need nothing."""
    if interaction.guild_id is None:
        return []
    needed = _NEEDED_IN_THREADS if isinstance(interaction.channel, discord.Thread) else _NEEDED
    allowed = interaction.app_permissions
    return [name for name in needed if not getattr(allowed, name)]
