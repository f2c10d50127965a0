"""`/privacy`: die deutschen Sätze."""

PRIVACY: dict[str, str] = {
    "privacy.title": "**Was ich über dich habe**",
    "privacy.jobs": "• {number} Aufträge: Prompt, Optionen, Zeiten, wohin die Bilder gesendet wurden. "
    "Die Bilder selbst sind nur bei Discord.",
    "privacy.styles": "• {number} Stile und {settings} Vorgaben.",
    "privacy.audit": "• {number} Vermerke der Moderatoren über dich: Sperren, Zugaben, abgelehnte Prompts.",
    "privacy.logs": "Protokolle nennen deine Discord-Kennung und keinen Prompt. "
    "Eine GPU bekommt den Prompt und die Optionen, nie, wer du bist.",
    "privacy.how": "`/privacy export` gibt dir alles als Datei; `/privacy delete` löscht es.",
    "privacy.export": "Alles, was ich über dich habe.",
    "privacy.sure": "Das löscht deine Aufträge mit ihren Prompts, deine Stile und Vorgaben und hält an, was noch "
    "wartet. "
    "Es lässt sich nicht rückgängig machen. {pictures}\n"
    "Sperren durch Moderatoren bleiben, und was du heute gezeichnet hast, zählt bis Mitternacht UTC.",
    "privacy.sure.pictures": "Auch die Nachrichten mit deinen Bildern werden gelöscht.",
    "privacy.sure.no_pictures": "Die Nachrichten mit deinen Bildern bleiben; `pictures: True` löscht auch sie.",
    "privacy.not_yours": "Diese Frage galt jemand anderem. `/privacy delete` stellt sie dir.",
    "privacy.works": "Ich lösche; das kann etwas dauern. Ich sage dir, wenn es fertig ist.",
    "privacy.done": "Fertig: {jobs} Aufträge und {styles} Stile sind gelöscht.",
    "privacy.done.pictures": " {deleted} Nachrichten mit Bildern sind gelöscht.",
    "privacy.done.left": " {left} ließen sich nicht löschen, weil ich nicht mehr in ihre Kanäle sehen darf.",
    "button.erase": "Löschen",
}
