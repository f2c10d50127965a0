"""`/help`: how to, by topic."""

import discord
from discord import app_commands

from bot.client import EaselClient, tell_privately
from bot.wording.catalogue import say
from bot.wording.escaping import harmless

TOPICS = ("start", "flags", "models", "pictures", "buttons", "jobs", "waiting", "house", "privacy")


@app_commands.command(name="help", description="How to use the studio")
@app_commands.describe(topic="What about")
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
async def help_command(interaction: discord.Interaction[EaselClient], topic: str = TOPICS[0]) -> None:
    locale, topics = str(interaction.locale), ", ".join(TOPICS)
    wanted = topic.strip().casefold()
    if wanted not in TOPICS:
        sentence = say("help.unknown", locale=locale, given=harmless(topic, most=40), topics=topics)
        await tell_privately(interaction, sentence)
        return
    more = say("help.topics", locale=locale, topics=topics)
    await tell_privately(interaction, f"{say(f'help.{wanted}', locale=locale)}\n-# {more}")


@help_command.autocomplete("topic")
async def suggest_topics(interaction: discord.Interaction[EaselClient], typed: str) -> list[app_commands.Choice[str]]:
    del interaction
    return [app_commands.Choice(name=each, value=each) for each in TOPICS if typed.strip().casefold() in each]
