"""`/models`, `/loras` und was an einer Veröffentlichung nicht stimmen kann: die deutschen Sätze."""

SHELF: dict[str, str] = {
    "button.undo": "Rückgängig",
    "loras.title": "**LoRAs**, Seite {page} von {pages}",
    "loras.line": "• **{name}** `{id}` · {words}{warm}",
    "loras.none": "Kein LoRA passt zu {given}. `/loras list` ohne `search` zeigt alle.",
    "loras.nothing": "Hier gibt es noch keine LoRAs. Moderatoren des Besitzers fügen mit `/loras add` eines hinzu.",
    "shelf.model": "SDXL · {gigabytes} GB · {prediction} · {steps} Schritte ({least} bis {most}), cfg {cfg}",
    "shelf.lora": "Für SDXL · {gigabytes} GB · Gewicht {weight}",
    "shelf.words": "Auslöser: {words}",
    "shelf.no_words": "keine Auslöser",
    "shelf.licence": "Lizenz: {licence}",
    "shelf.source": "Von: {place}",
    "shelf.hash": "-# {sha256}",
    "shelf.removed": "**{name}** steht in keiner Liste mehr. Was damit bestellt ist, wird noch gezeichnet.",
    "shelf.not_removed": "Es gibt kein veröffentlichtes **{name}**. Wähle einen Namen aus der Liste.",
    "shelf.restored": "**{name}** ist wieder da.",
    "shelf.not_restored": "**{name}** ist schon da oder wurde nie veröffentlicht.",
    "shelf.file_gone": "Die Datei von **{name}** wurde nach dem Entfernen noch eine Woche aufbewahrt, länger nicht. "
    "Hänge sie mit `/models add` oder `/loras add` noch einmal an.",
    "shelf.is_file": "Das kommt aus der Datei `{file}`. Lösche sie und starte den Bot neu.",
    "publish.added": "**{name}** ist als `{id}` veröffentlicht. Ab jetzt können alle damit zeichnen.",
    "publish.no_owner": "Hier kann noch niemand veröffentlichen: der Besitzer muss `DISCORD_OWNER_GUILD_ID` setzen.",
    "publish.no_right": "Was veröffentlicht ist, dient allen; darum dürfen das nur Mitglieder mit „Server verwalten“ "
    "auf dem Server des Besitzers. Frage eines von ihnen.",
    "publish.kind.model": "Modell",
    "publish.kind.lora": "LoRA",
    "publish.choose_one": "Gib entweder einen `link` oder eine `file` an: eins von beiden, nicht beides.",
    "publish.unknown_link": "{given} ist kein Link, den ich kenne. Füge die Seite eines Modells von civitai.com oder "
    "huggingface.co ein.",
    "publish.discord_file": "Links zu Dateien in Discord laufen ab. Hänge die Datei selbst an: die Option `file` "
    "dieses Befehls nimmt sie.",
    "publish.file_gone": "Discord hat die Datei nicht mehr. Hänge sie noch einmal an.",
    "publish.file_away": "Discord hat mir die Datei gerade nicht gegeben. Versuche es in ein paar Minuten noch einmal.",
    "publish.file_cut": "Die Datei ist nicht vollständig: sie hat {size} Bytes, nach eigener Angabe wären es {whole}. "
    "Lade sie neu herunter und hänge diese an.",
    "publish.file_too_big": "Die Datei hat {size}, und bis {most} werden hier genommen. Größeres, wie die meisten "
    "Checkpoints, kommt von einer Seite auf civitai.com oder huggingface.co: gib die als `link` an.",
    "publish.no_room": "Für die Datei ist hier kein Platz. Der Besitzer muss welchen schaffen oder ins Log "
    "des Bots sehen.",
    "publish.not_found": "{site} hat so ein Modell nicht, oder nicht mehr. Prüfe den Link.",
    "publish.needs_key": "{site} gibt das nur Angemeldeten. Der Besitzer muss **{setting}** setzen.",
    "publish.key_refused": "{site} gibt das dem Konto des Besitzers nicht. Vielleicht müssen auf der Seite zuerst "
    "Bedingungen angenommen werden, oder **{setting}** gilt nicht mehr.",
    "publish.site_away": "{site} antwortet nicht wie erwartet. Versuche es in ein paar Minuten noch einmal.",
    "publish.no_file": "Hinter diesem Link sind keine Gewichte. Nimm den Link einer Datei oder einer anderen Version.",
    "publish.several_files": "Es gibt mehrere Dateien: {files}. Nimm den Link der einen, die du meinst.",
    "publish.not_safetensors": "Das ist keine `.safetensors`-Datei. Andere Formate können Programme enthalten und "
    "werden nie geöffnet; suche eine Version in safetensors.",
    "publish.too_big": "Es sind {size}, und mehr als {most} passt hier nicht.",
    "publish.no_hash": "{site} nennt für diese Datei keine SHA-256; niemand könnte prüfen, was ankommt. "
    "Nimm eine andere Datei.",
    "publish.wrong_kind": "Das ist ein {found}, kein {wanted}. Nimm den anderen Befehl.",
    "publish.wrong_family": "Das ist nicht für SDXL ({why}). Hier geht nur SDXL und was darauf aufbaut.",
    "publish.unsupported": "Mit dieser Art kann man nicht zeichnen: {why}.",
    "publish.name_taken": "**{given}** ist vergeben. Wähle einen anderen `name`; **{free}** ist frei.",
    "publish.bad_name": "{given} enthält keinen Buchstaben von a bis z und keine Ziffer. Gib einen `name` mit welchen.",
    "publish.same_file": "Das haben wir schon: {given}.",
}
