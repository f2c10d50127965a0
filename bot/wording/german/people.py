"""Flags, `/settings`, `/style`, private Bilder: die deutschen Sätze."""

PEOPLE: dict[str, str] = {
    "flag.overruled": "`{flag} {ignored}` blieb unbeachtet, weil die Option `{option}` {kept} sagt.",
    "flag.stylize": "{given} gibt es hier nicht. `--cfg` bestimmt, wie eng das Bild deinen Worten folgt.",
    "flag.chaos": "{given} gibt es hier nicht. „Neu würfeln“ gibt andere Bilder aus denselben Worten.",
    "flag.version": "{given} gibt es hier nicht. Die Option `model` bestimmt, was zeichnet.",
    "flag.quality": "{given} gibt es hier nicht. `--steps` bestimmt, wie fein das Bild gezeichnet wird.",
    "flag.style": "{given} gibt es hier nicht. Die Option `style` nimmt einen deiner Stile oder einen dieses Servers.",
    "refusal.unknown_flag": "Das Flag {given} kenne ich nicht. Es gibt: {known}. "
    "Setze ein Leerzeichen zwischen die Striche, wenn sie zu deinen Worten gehören.",
    "refusal.foreign_flag": "{given} gibt es hier nicht.",
    "refusal.empty_flag": "{given} steht ohne Wert da. Schreibe ihn dahinter, wie `--ar 16:9` oder `--seed 7`.",
    "refusal.unknown_style": "Kein Stil heißt {given}. Es gibt: {known}. Wähle einen aus der Liste, die `style` zeigt.",
    "refusal.no_styles": "Kein Stil heißt {given}; du hast noch keine. `/style save` macht einen.",
    # `/settings`.
    "settings.title": "**Deine Vorgaben.** Eine Option oder ein Flag gilt mehr.",
    "settings.none": "Du hast keine eigenen Vorgaben. `/settings set` macht welche.",
    "settings.line": "• `{name}`: {value}",
    "settings.nothing": "Gib mindestens eine Option an, die bleiben soll.",
    "settings.left_out": "Deine Vorgabe für {options} blieb weg, weil es das hier nicht mehr gibt. `/settings set` "
    "oder `/settings reset` ändert sie.",
    "settings.reset": "Deine Vorgaben sind vergessen.",
    "settings.reset.one": "Deine Vorgabe für `{option}` ist vergessen.",
    "settings.not_set": "Für `{option}` hast du keine Vorgabe.",
    "settings.yes": "ja",
    "settings.no": "nein",
    # `/style`.
    "style.saved": "Der Stil `{name}` ist gespeichert. Nimm ihn mit der Option `style`.",
    "style.empty": "In einem Stil muss etwas stehen: `words`, `negative`, oder ein Auftrag mit `from_job`.",
    "style.name": "{given} ist kein Name für einen Stil. Nimm 1 bis 32 Buchstaben, Ziffern, Leerzeichen und Striche.",
    "style.full": "Du hast {most} Stile, und mehr sind nicht möglich. Lösche erst einen mit `/style delete`.",
    "style.title": "**Stile**",
    "style.none": "Es gibt noch keine Stile. `/style save` macht einen.",
    "style.line": "• `{name}`{shared}: {content}",
    "style.shared": " (Server)",
    "style.deleted": "Der Stil `{name}` ist gelöscht.",
    "style.unknown": "Du hast keinen Stil, der {given} heißt. `/style list` zeigt alle.",
    "style.is_shared": "Der Stil `{name}` gehört jetzt diesem Server; jeder hier kann ihn nehmen.",
    "style.no_right": "Die Stile dieses Servers ändern nur Mitglieder mit „Server verwalten“. Bitte eines davon.",
    "style.server_only": "Stile lassen sich nur auf einem Server teilen. Nimm diesen Befehl auf einem.",
    # Private pictures and direct messages.
    "button.dm": "Sag es mir per DM",
    "dm.will": "Ich schreibe dir eine Direktnachricht, wenn er zu Ende ist.",
    "dm.already": "Das tue ich schon.",
    "dm.too_late": "Dieser Auftrag ist schon zu Ende.",
    "dm.done": "Deine Bilder sind da: {link}",
    "dm.failed": "Dein Auftrag ist ohne Bilder zu Ende: {link}",
}
