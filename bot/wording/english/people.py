"""Flags, `/settings`, `/style`, private pictures: the English sentences."""

PEOPLE: dict[str, str] = {
    "flag.overruled": "`{flag} {ignored}` was left out, because the option `{option}` says {kept}.",
    "flag.stylize": "There is no {given} here. `--cfg` sets how closely the picture follows your words.",
    "flag.chaos": "There is no {given} here. Press Reroll for other pictures from the same words.",
    "flag.version": "There is no {given} here. The option `model` chooses what draws.",
    "flag.quality": "There is no {given} here. `--steps` sets how finely the picture is drawn.",
    "flag.style": "There is no {given} here. The option `style` takes one of your styles or of this server's.",
    "refusal.unknown_flag": "I do not know the flag {given}. Flags are: {known}. Put a space between the dashes "
    "if they belong to your words.",
    "refusal.foreign_flag": "There is no {given} here.",
    "refusal.empty_flag": "{given} stands without a value. Write it behind the flag, like `--ar 16:9` or `--seed 7`.",
    "refusal.unknown_style": "No style is called {given}. There are: {known}. "
    "Pick one from the list that `style` shows.",
    "refusal.no_styles": "No style is called {given}; you have none yet. `/style save` makes one.",
    # `/settings`.
    "settings.title": "**Your defaults.** An option or a flag wins over them.",
    "settings.none": "You have no defaults of your own. `/settings set` makes some.",
    "settings.line": "• `{name}`: {value}",
    "settings.nothing": "Give at least one option to keep.",
    "settings.left_out": "Your default for {options} was left out, because it is not to be had here any more. "
    "`/settings set` or `/settings reset` changes it.",
    "settings.reset": "Your defaults are forgotten.",
    "settings.reset.one": "Your default for `{option}` is forgotten.",
    "settings.not_set": "You have no default for `{option}`.",
    "settings.yes": "yes",
    "settings.no": "no",
    # `/style`.
    "style.saved": "Style `{name}` is saved. Use it with the option `style`.",
    "style.empty": "A style needs something in it: `words`, `negative`, or a job with `from_job`.",
    "style.name": "{given} is no name for a style. Use 1 to 32 letters, digits, spaces and dashes.",
    "style.full": "You have {most} styles, and more are not possible. Delete one first with `/style delete`.",
    "style.title": "**Styles**",
    "style.none": "There are no styles yet. `/style save` makes one.",
    "style.line": "• `{name}`{shared}: {content}",
    "style.shared": " (server)",
    "style.deleted": "Style `{name}` is deleted.",
    "style.unknown": "You have no style called {given}. `/style list` shows all.",
    "style.is_shared": "Style `{name}` now belongs to this server; everybody here can use it.",
    "style.no_right": "Only members with Manage Server can change the styles of this server. Ask one of them.",
    "style.server_only": "Styles can be shared only in a server. Use this command in one.",
    # Private pictures and direct messages.
    "button.dm": "Tell me by DM",
    "dm.will": "I will send you a direct message when it has ended.",
    "dm.already": "I will do that already.",
    "dm.too_late": "This job has ended already.",
    "dm.done": "Your pictures are there: {link}",
    "dm.failed": "Your job has ended without pictures: {link}",
}
