"""`/imagine`, Warten, Ergebnisse, Fehler, `/server status`: die deutschen Sätze."""

# ruff: noqa: RUF001 - people read a multiplication sign between sides, not a letter

STUDIO: dict[str, str] = {
    # Refusals: what is wrong, and what would be right.
    "refusal.empty": "`{option}` ist leer. Beschreibe dein Bild mit 1 bis {most} Zeichen.",
    "refusal.too_long": "`{option}` hat {given} Zeichen, höchstens {most} sind möglich. "
    "Kürze es und sende es noch einmal.",
    "refusal.out_of_range": "`{option}` ist {given}, möglich ist {least} bis {most}.",
    "refusal.out_of_range.model": "`{option}` ist {given}, mit {of} ist {least} bis {most} möglich.",
    "refusal.not_a_number": "`{option}` ist {given}, und das ist keine Zahl, mit der ich etwas anfangen kann. "
    "Schreibe eine wie 20 oder 5.5, oder lass es leer.",
    "refusal.not_a_choice": "`{option}` ist {given}; wähle eines von: {known}.",
    "refusal.unknown_model": "Kein Modell heißt {given}. Es gibt: {known}. "
    "Wähle eines aus der Liste, die `model` zeigt.",
    "refusal.own_quota": "Du hast schon {given} von höchstens {limit} Aufträgen laufen. "
    "Warte, bis einer fertig ist, oder brich einen ab.",
    "refusal.overall_quota": "Die Warteschlange ist voll: {given} Aufträge warten. "
    "Versuche es in einigen Minuten wieder.",
    "refusal.permissions": "Ich kann in diesem Kanal keine Bilder senden, mir fehlt: {missing}. "
    "Bitte jemanden, der diesen Server verwaltet, es hier zu erlauben, oder nimm einen anderen Kanal.",
    "permission.view_channel": "Kanal ansehen",
    "permission.send_messages": "Nachrichten senden",
    "permission.send_messages_in_threads": "Nachrichten in Threads senden",
    "permission.attach_files": "Dateien anhängen",
    # What is away.
    "away.ledger": "Ich kann deinen Auftrag gerade nicht aufschreiben, weil meine Datenbank nicht antwortet. "
    "Nichts wurde eingereiht und nichts ging verloren; sende den Befehl in einer Minute noch einmal.",
    "away.lookup": "Ich kann das gerade nicht nachsehen, weil meine Datenbank nicht antwortet. "
    "Nichts wurde geändert; versuche es in einer Minute noch einmal.",
    "away.queue": "Der Server der Warteschlange ist gerade nicht erreichbar. "
    "Dein Auftrag ist aufgeschrieben und beginnt "
    "von selbst, sobald er wieder da ist.",
    "away.unexpected": "Bei mir ging etwas schief, und nichts wurde eingereiht. Versuche es noch einmal; "
    "wenn es wieder geschieht, nenne dem Betreiber diese Nummer: `{reference}`.",
    # Waiting.
    "waiting.next": "Eingereiht: du bist als Nächstes dran.",
    "waiting.behind.one": "Eingereiht: {number} Auftrag ist vor deinem.",
    "waiting.behind.many": "Eingereiht: {number} Aufträge sind vor deinem.",
    "waiting.renting": "Niemand hat gezeichnet, darum miete ich gerade eine GPU für dich.",
    "waiting.booting": "Eine GPU ist gemietet; ihre Maschine startet.",
    "waiting.blocked": "Gerade lässt sich keine GPU mieten: {reason}. Dein Auftrag bleibt in der Warteschlange.",
    "waiting.silent": "Eingereiht. Von dem Teil, der GPUs mietet, war eine Weile nichts zu hören; "
    "dein Auftrag bleibt in der Warteschlange.",
    "waiting.claimed": "Eine GPU hat deinen Auftrag angenommen.",
    "waiting.fetching_weights": "Die GPU holt die Gewichte des Modells.",
    "waiting.loading_model": "Die GPU lädt das Modell.",
    "waiting.sampling": "Zeichnet: Schritt {step} von {steps}.",
    "waiting.sampling.begins": "Zeichnet.",
    "waiting.encoding": "Gezeichnet; das Bild wird gespeichert.",
    "waiting.posting": "Gezeichnet; das Bild wird gesendet.",
    "waiting.ready": "Fertig {when}.",
    "waiting.preview": "Noch nicht fertig: {prompt}",
    "waiting.overdue": "Es dauert länger als erwartet.",
    # Cancelling.
    "cancel.done": "Abgebrochen von {who}.",
    "cancel.too_late.rendered": "Zu spät zum Abbrechen: das Bild ist gezeichnet und wird gesendet.",
    "cancel.too_late.posted": "Zu spät zum Abbrechen: das Bild ist gesendet.",
    "cancel.too_late.failed": "Es gibt nichts abzubrechen: dieser Auftrag ist fehlgeschlagen.",
    "cancel.too_late.cancelled": "Dieser Auftrag ist schon abgebrochen.",
    "cancel.too_late.expired": "Es gibt nichts abzubrechen: dieser Auftrag wartete zu lange und wurde aufgegeben.",
    # Results.
    "result.seed": "Seed {seeds}",
    "result.seeds": "Seeds {seeds}",
    "result.size": "{width}×{height}",
    "result.steps": "{steps} Schritte",
    "result.cfg": "CFG {cfg}",
    "result.seconds": "{seconds} s",
    "result.cost": "{cents} US-Cent",
    "result.job": "Auftrag {job}",
    "result.defaults": "eigene Vorgaben: {options}",
    "result.lossless": "Als verlustfreies WebP gespeichert: das PNG wäre größer als die {limit} MiB, die hier möglich "
    "sind.",
    "result.lossy": "Als WebP mit Qualität 95 gespeichert, also mit kleinem Verlust: "
    "die verlustfreie Datei wäre größer als die {limit} MiB, die hier möglich sind.",
    "result.withheld.one": "Ein Bild wird nicht gezeigt: es gilt als nicht jugendfrei, und das erlaubt dieser Kanal "
    "nicht.",
    "result.withheld.many": "{count} Bilder werden nicht gezeigt: sie gelten als nicht jugendfrei, und das erlaubt "
    "dieser Kanal nicht.",
    "result.elsewhere": "Fertig: {link}",
    # Failures: one sentence of cause, one of remedy.
    "failure.title": "Diesmal gibt es kein Bild.",
    "failure.unknown_model.cause": "Die GPU kennt das Modell {model} nicht.",
    "failure.unknown_model.remedy": "Wähle ein anderes aus der Liste, die `model` zeigt, und sage es dem Betreiber.",
    "failure.weights_unreachable.cause": "Die Gewichte von {model} waren nicht zu bekommen.",
    "failure.weights_unreachable.remedy": "Versuche es in einigen Minuten wieder, oder wähle ein anderes Modell.",
    "failure.weights_broken.cause": "Die Gewichte von {model} sind beschädigt oder nicht die versprochenen.",
    "failure.weights_broken.remedy": "Wähle ein anderes Modell, und sage es dem Betreiber.",
    "failure.weights_unsafe.cause": "Die Datei von {model} ist von einer Art, die ein Programm enthalten kann, "
    "und wird darum nicht geöffnet.",
    "failure.weights_unsafe.remedy": "Nimm eine, die als `.safetensors` gespeichert ist.",
    "failure.weights_unsupported.cause": "{model} ist von einer Art, mit der ich nicht zeichnen kann.",
    "failure.weights_unsupported.remedy": "Einfache LoRAs für SDXL gehen, gleich welchen Rangs; nimm eine davon.",
    "failure.wrong_family.cause": "{model} gehört zu einer anderen Modellfamilie als das Modell, das zeichnet.",
    "failure.wrong_family.remedy": "Lass es weg, oder nimm eines, das für SDXL gemacht ist.",
    "failure.no_preprocessor.cause": "Nichts ist eingerichtet, was die Karte machen könnte, der {model} folgt.",
    "failure.no_preprocessor.remedy": "Gib eine fertige Karte, oder bitte den Betreiber um einen Präprozessor.",
    "failure.prompt_too_long.cause": "Der Prompt ist zu lang.",
    "failure.prompt_too_long.remedy": "Kürze ihn auf {prompt_limit} Zeichen mit wenigen `BREAK`s und sende ihn noch "
    "einmal.",
    "failure.input_missing.cause": "Das Bild, das du gegeben hast, ist nicht mehr aufgehoben.",
    "failure.input_missing.remedy": "Sende den Befehl mit dem Bild noch einmal.",
    "failure.input_broken.cause": "Das Bild, das du gegeben hast, lässt sich nicht lesen.",
    "failure.input_broken.remedy": "Speichere es neu als PNG, JPEG oder WebP, und sende den Befehl noch einmal.",
    "failure.input_too_large.cause": "Das Bild, das du gegeben hast, hat zu viele Pixel.",
    "failure.input_too_large.remedy": "Verkleinere es auf höchstens {side_limit} Pixel je Seite, und sende den Befehl "
    "noch einmal.",
    "failure.mask_size.cause": "Maske und Bild sind verschieden groß.",
    "failure.mask_size.remedy": "Speichere die Maske in genau der Breite und Höhe des Bildes.",
    "failure.control_without_image.cause": "{model} braucht ein Bild, dem es folgt, und es gab keines.",
    "failure.control_without_image.remedy": "Gib ein Bild dazu, oder lass das ControlNet weg.",
    "failure.size_out_of_limits.cause": "{model} kann {width}×{height} nicht zeichnen.",
    "failure.size_out_of_limits.remedy": "Wähle ein anderes `aspect` oder ein anderes Modell.",
    "failure.bad_option.cause": "{model} kann mit diesen Optionen zusammen nicht zeichnen.",
    "failure.bad_option.remedy": "Sende den Befehl mit weniger Optionen noch einmal; die Vorgaben gehen immer.",
    "failure.out_of_memory.cause": "Der Speicher der GPU reichte nicht für {width}×{height}, auch nicht sparsam.",
    "failure.out_of_memory.remedy": "Lass ControlNets weg, oder nimm ein anderes `aspect` oder ein sparsameres Modell.",
    "failure.device_fault.cause": "Die GPU ist beim Zeichnen ausgefallen.",
    "failure.device_fault.remedy": "Sende den Befehl noch einmal; eine andere Maschine wird ihn zeichnen.",
    "failure.worker_fault.cause": "Das Programm, das zeichnet, ist ausgefallen.",
    "failure.worker_fault.remedy": "Sende den Befehl noch einmal, und sage es dem Betreiber, wenn es zweimal "
    "geschieht.",
    "failure.cancelled.cause": "Der Auftrag wurde auf der GPU angehalten.",
    "failure.cancelled.remedy": "Sende den Befehl noch einmal, wenn du das Bild noch willst.",
    "failure.shutting_down.cause": "Die Maschine wurde beim Zeichnen abgeschaltet.",
    "failure.shutting_down.remedy": "Sende den Befehl noch einmal.",
    "failure.too_many_attempts.cause": "Es wurde mehrmals versucht, und jeder Versuch schlug fehl.",
    "failure.too_many_attempts.remedy": "Ändere den Prompt oder das Modell, oder versuche es später.",
    "failure.hosts_lost.cause": "Zwei Maschinen verschwanden beim Zeichnen.",
    "failure.hosts_lost.remedy": "Versuche es später; geschieht es nur mit diesem Auftrag, ändere seine Optionen.",
    "failure.expired.cause": "Es wartete zu lange auf eine GPU und wurde aufgegeben.",
    "failure.expired.remedy": "Sende den Befehl später noch einmal; `/server status` zeigt, wann eine GPU zu haben "
    "ist.",
    "failure.result_rejected.cause": "Was die GPU zurückgab, war nicht das verlangte Bild.",
    "failure.result_rejected.remedy": "Sende den Befehl noch einmal; eine andere Maschine wird ihn zeichnen.",
    "failure.cannot_post.cause": "Ich darf in jenem Kanal keine Bilder senden.",
    "failure.cannot_post.remedy": "Bitte jemanden, der den Server verwaltet, mir dort Kanal ansehen, Nachrichten "
    "senden "
    "und Dateien anhängen zu erlauben.",
    "failure.too_large.cause": "Das Bild hat auch mit verringerter Qualität {size} MiB, und hier sind {limit} MiB "
    "möglich.",
    "failure.too_large.remedy": "Verlange weniger `images`, oder nimm einen Kanal mit höherer Grenze.",
    "failure.refused.cause": "Discord hat die Nachricht mit dem Bild abgelehnt.",
    "failure.refused.remedy": "Sende den Befehl noch einmal, und sage es dem Betreiber, wenn es zweimal geschieht.",
    "failure.adult.cause": "Was gezeichnet wurde, gilt als nicht jugendfrei, und das erlaubt dieser Kanal nicht.",
    "failure.adult.remedy": "Ändere den Prompt, oder zeichne in einem Kanal, der es erlaubt.",
    # Remarks: what was drawn otherwise than asked for.
    "remark.steps": "Mit {given} Schritten gezeichnet: {model} zeichnet gut mit {least} bis {most}.",
    "remark.cfg": "Mit CFG {given} gezeichnet: {model} zeichnet gut mit {least} bis {most}.",
    # `/server status`.
    "status.title": "**Stand des Studios**",
    "status.fleet.none": "Keine GPU ist gemietet.",
    "status.fleet.one": "{number} Maschine für ${rate}/h:",
    "status.fleet.many": "{number} Maschinen für ${rate}/h:",
    "status.machine": "• {stage}: {gpu}, ${rate}/h, seit {age}",
    "status.queue.none": "Warteschlange: leer.",
    "status.queue": "Warteschlange: {waiting} warten, {drawing} werden gezeichnet, {posting} werden gesendet.",
    "status.queue.unknown": "Warteschlange: meine Datenbank antwortet gerade nicht.",
    "status.wait": "Ein neuer Auftrag würde etwa {wait} dauern.",
    "status.wait.unknown": "Wie lange ein neuer Auftrag dauern würde, lässt sich gerade nicht sagen.",
    "status.spend": "Heute ausgegeben: ${today} von höchstens ${cap}.",
    "status.reason": "Die Flotte sagt: {sentence}",
    "status.blocked": "Es wird nichts gemietet, denn: {reason}",
    "status.silent.never": "Von dem Teil, der GPUs mietet, war noch nichts zu hören. "
    "Aufträge bleiben und warten auf ihn.",
    "status.silent.since": "Von dem Teil, der GPUs mietet, war zuletzt vor {age} etwas zu hören; das Folgende kann "
    "veraltet "
    "sein. Aufträge bleiben und warten auf ihn.",
    "status.redis": "Mein Server der Warteschlange ist gerade nicht erreichbar, darum sehe ich die GPUs nicht. "
    "Neue Aufträge werden aufgeschrieben und beginnen, wenn er wieder da ist.",
    "age.seconds": "{number} s",
    "age.minutes": "{number} min",
    "age.hours": "{hours} h {minutes} min",
}
