"""`/help`: die deutschen Sätze."""

HELP: dict[str, str] = {
    "help.topics": "Themen: {topics}.",
    "help.unknown": "Ein Thema {given} gibt es nicht. Themen: {topics}.",
    "help.start": "**Zeichnen**\n`/imagine` mit einem `prompt` genügt; jede andere Option hat eine gute Vorgabe. "
    "Die Antwort zeigt deinen Platz in der Warteschlange und wann die Bilder fertig sind. "
    "Zeichnet niemand, ist keine GPU gemietet; der erste Auftrag wartet dann einige Minuten auf eine.",
    "help.flags": "**Flags und Vorgaben**\n`--ar 16:9`, `--no Regen`, `--seed 7`, `--n 2`, `--steps 20`, `--cfg 4.5`, "
    "`--iw 1.5`, `--tile` im Prompt sind Optionen; die Option selbst gilt mehr. `/settings set` behält Vorgaben, "
    "`/style save` benannte.",
    "help.pictures": "**Eigene Bilder**\n`init_image` wird neu gezeichnet, so sehr, wie `strength` sagt; dem "
    "`control_image` wird in Umrissen, Tiefe oder Haltung gefolgt, wie `control` sagt. PNG, JPEG oder WebP. Ohne "
    "`control_image` folgt `control` dem `init_image`. `lora` nimmt einen Namen und ein Gewicht: `ink:0.8`.",
    "help.buttons": "**Knöpfe**\nGrößer oder U: vergrößern. Variieren oder V: aus dem Bild, anders. "
    "Neu würfeln: neue Seeds. Remix: die Worte ändern. Info: wie es gemacht wurde. "
    "Das darf jeder; der neue Auftrag zählt zum eigenen Kontingent. "
    "Löschen und Abbrechen: von wem der Auftrag ist, oder wer Nachrichten verwalten darf. "
    "Noch einmal: von wem der Auftrag ist.",
    "help.jobs": "**Aufträge**\n`/jobs list` zeigt deine, `/jobs show` einen mit seinen Seeds, `/jobs cancel` hält "
    "sie an, "
    "`/jobs retry` sendet einen fehlgeschlagenen noch einmal. "
    "Was fehlschlägt oder abgebrochen wird, zählt nicht zu deinem Kontingent.",
    "help.house": "**Hausregeln**\nMitglieder mit „Server verwalten“ setzen sie mit `/admin`: Kanäle, Grenzen nach "
    "Rolle, "
    "Modelle, einen Filter, Sperren. `/quota` zeigt, was dir bleibt.",
    "help.waiting": "**Warten**\nDeine Nachricht zeigt, wie das Bild entsteht, wenn Moderatoren das nicht "
    "abgeschaltet haben. "
    "`/server status` zeigt Maschinen, Warteschlange, erwartete Wartezeit und Geld; "
    "`/server queue` deinen eigenen Platz.",
    "help.models": "**Modelle und LoRAs**\n`/models list` und `/loras list` zeigen, was es gibt, mit Auslösern und "
    "dem, was eine GPU zur Hand hat; `info` sagt alles über eines. Moderatoren des Besitzers veröffentlichen mit `add` "
    "und einem Link zu civitai.com oder huggingface.co mehr: Sekunden später können alle damit zeichnen.",
    "help.privacy": "**Deine Daten**\n`/privacy show` sagt, was ich über dich habe, `/privacy export` gibt es dir, "
    "`/privacy delete` löscht es.",
}
