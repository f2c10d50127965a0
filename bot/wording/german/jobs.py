"""`/jobs`, Knöpfe und Menüs von Ergebnissen: die deutschen Sätze."""

# ruff: noqa: RUF001 - people read a multiplication sign between sides, not a letter

JOBS: dict[str, str] = {
    "button.cancel": "Abbrechen",
    "button.retry": "Noch einmal",
    "button.reroll": "Neu würfeln",
    "button.remix": "Remix",
    "button.info": "Info",
    "button.delete": "Löschen",
    "button.newer": "Neuere",
    "button.older": "Ältere",
    "button.unknown": "Diesen Knopf kenne ich nicht mehr. Sende den Befehl noch einmal, oder nimm `/jobs`.",
    "button.no_job": "Diesen Auftrag kenne ich nicht mehr: er wurde auf Wunsch gelöscht. Sende den Befehl noch einmal.",
    "who.requester": "Das kann nur {owner}, von dem der Auftrag ist. "
    "Du kannst den Befehl mit `/imagine` selbst senden.",
    "who.requester_or_moderator": "Das kann nur {owner} oder ein Mitglied, das Nachrichten verwalten darf.",
    # States, as they stand in a list.
    "state.received": "angenommen",
    "state.queued": "wartet",
    "state.claimed": "wird gezeichnet",
    "state.rendered": "gezeichnet",
    "state.posting": "wird gesendet",
    "state.posted": "fertig",
    "state.deleted": "gelöscht",
    "state.failed": "fehlgeschlagen",
    "state.cancelled": "abgebrochen",
    "state.expired": "aufgegeben",
    # `/jobs`.
    "jobs.title": "**Deine Aufträge**, Seite {page} von {pages}",
    "jobs.none": "Du hast noch keine Aufträge. `/imagine` macht einen.",
    "jobs.line": "• {state} · {when} · {prompt}{link}",
    "jobs.link": " · {url}",
    "jobs.no_such_page": "Eine Seite {page} gibt es nicht; deine Aufträge füllen {pages}. "
    "Wähle eine `page` von 1 bis {pages}.",
    "jobs.unknown": "Kein Auftrag von dir heißt {given}. Wähle einen aus der Liste, die `job` zeigt.",
    "jobs.say_which": "Sage, welchen: wähle einen `job` aus der Liste, oder setze `all` auf True.",
    "jobs.one_or_all": "`job` und `all` zusammen sind unklar. Gib eines davon an.",
    "jobs.cancelled.none": "Es gibt nichts abzubrechen: keiner deiner Aufträge wartet oder wird gezeichnet.",
    "jobs.cancelled.one": "{number} Auftrag ist abgebrochen. Er zählt nicht mehr zu deinem Kontingent.",
    "jobs.cancelled.many": "{number} Aufträge sind abgebrochen. Sie zählen nicht mehr zu deinem Kontingent.",
    "retry.on_its_way": "Dieser Auftrag ist noch nicht zu Ende; es gibt nichts zu wiederholen.",
    "retry.posted": "Dieser Auftrag hat seine Bilder schon. „Neu würfeln“ darunter zeichnet neue.",
    # Info.
    "info.title": "**{state}** · von {who} {when}",
    "info.prompt": "**Prompt** {text}",
    "info.negative": "**Negativ** {text}",
    "info.model": "**Modell** {text}",
    "info.numbers": "**Größe** {width}×{height} · **Schritte** {steps} · **CFG** {cfg} · **Sampler** {sampler}",
    "info.seeds": "**Seeds** {text}",
    "info.time": "**GPU-Zeit** {seconds} s",
    "info.parent": "**Gemacht aus** {link} ({relation})",
    "info.again": "**Dasselbe noch einmal** `{command}`",
    "info.link": "**Nachricht** {link}",
    "relation.retry": "wiederholt",
    "relation.reroll": "neu gewürfelt",
    "relation.remix": "Remix",
    "delete.done": "Gelöscht.",
    "menu.not_ours": "Diese Nachricht hat keine Bilder von mir. "
    "Nimm das Menü einer Nachricht, in der ich welche sandte.",
    # The Remix window.
    "remix.title": "Remix",
    "remix.prompt": "Prompt",
    "remix.negative": "Negativ: was nicht ins Bild soll",
    "remix.steps": "Schritte",
    "remix.cfg": "CFG: wie eng am Prompt",
    "remix.seed": "Seed (leer: ein neuer)",
}
