"""Meldungen an den Betreiber: was nicht stimmt, was zu tun ist, und ob noch Geld läuft."""

ALERTS: dict[str, str] = {
    "alert.budget_80": "**Budget**: heute sind ${today} von ${cap} ausgegeben. An der Grenze wird bis Mitternacht UTC "
    "nichts mehr gemietet. Mehr erlaubt `max_usd_per_day` in fleet.toml oder das Ende eines `/fleet budget`.",
    "alert.budget_cap": "**Budget**: die Grenze von ${cap} am Tag ist erreicht (${today}). Bis Mitternacht UTC wird "
    "nichts "
    "mehr gemietet, Aufträge warten. Weiter geht es mit einem höheren `max_usd_per_day` in fleet.toml "
    "oder ohne `/fleet budget`.",
    "alert.never_ready": "**Maschine**: {gpu} (Maschine {machine}) wurde nie bereit und ist zurückgegeben: {reason}. "
    "Sie kostet nichts mehr. Geschieht das oft, sieh in `python -m provisioner logs` nach.",
    "alert.orphan": "**Maschine**: {gpu} trug unseren Namen `{label}`, und niemand hatte sie bestellt; sie wird "
    "zerstört. Sie kostete ${usd_per_hour} die Stunde. Kommt das wieder, sieh nach, ob jemand anderes den Namen nutzt.",
    "alert.charges": "**Geld**: der Anbieter berechnete ${charged} für Maschinen der letzten drei Tage, wir zählten "
    "${counted}. `python -m provisioner cost` zeigt, welche.",
    "alert.unknown_charges": "**Geld**: der Anbieter berechnete ${charged} für Maschinen mit unserem Namen, die keine "
    "Bestellung kennt. Soweit wir sehen, läuft keine mehr; `python -m provisioner cost` nennt sie.",
    "alert.posts": "**Senden**: {number} Bilder ließen sich in der letzten Stunde nicht senden, in {channels}. "
    "Gib mir dort Kanal ansehen, Nachrichten senden und Dateien anhängen, oder schalte mit `/admin channel` ab.",
    "alert.no_gpu": "**Warten**: {number} Aufträge warten, der älteste kam {since}, und keine GPU ist zu haben: "
    "{reason}. "
    "Sieh in `python -m provisioner offers` nach, oder erhöhe `max_usd_per_hour` im Profil.",
    "alert.silent": "**Warten**: {number} Aufträge warten, der älteste kam {since}, und der Provisioner schweigt. "
    "Sieh nach, ob `python -m provisioner run` läuft; gemietete Maschinen kosten vielleicht weiter Geld.",
}
