"""Hausregeln, Kontingente, `/admin`: die deutschen Sätze."""

HOUSE: dict[str, str] = {
    # Refusals by the house.
    "refusal.day_quota": "Du hast auf diesem Server heute {given} von {limit} Bildern verbraucht. "
    "Dein Kontingent beginnt <t:{again}:R> neu; was fehlschlägt oder abgebrochen wird, zählt nicht.",
    "refusal.house_limit": "`{option}` ist {given}; auf diesem Server sind höchstens {most} erlaubt. Wähle weniger.",
    "refusal.channel_off": "In diesem Kanal ist das Zeichnen ausgeschaltet. Nimm einen anderen; "
    "Mitglieder mit „Server verwalten“ ändern das mit `/admin channel`.",
    "refusal.blocked": "Du darfst auf diesem Server nicht mehr zeichnen. Grund: {given}. "
    "Seine Moderatoren können das aufheben.",
    "refusal.blocked_until": "Du darfst auf diesem Server bis <t:{until}:f> nicht zeichnen. Grund: {given}.",
    "refusal.filtered": "Dieser Server nimmt keine Prompts mit „{given}“. Schreibe deinen Prompt ohne das.",
    "refusal.adult_here": "Solche Prompts gelten auf diesem Server als nicht jugendfrei und werden in diesem Kanal "
    "nicht "
    "gezeichnet. Ändere deinen Prompt, oder nimm einen Kanal, in dem sie erlaubt sind.",
    "refusal.model_denied": "{given} ist auf diesem Server nicht erlaubt. Erlaubt sind: {known}.",
    "refusal.no_model": "Dieser Server erlaubt keines der Modelle, die ich habe. "
    "Mitglieder mit „Server verwalten“ ändern das mit `/admin models`.",
    # `/quota`.
    "quota.title": "**Dein Kontingent**",
    "quota.day": "Bilder heute: {used} von {limit}, {left} übrig. Es beginnt {again} neu.",
    "quota.day.none": "Bilder heute: {used}. Es gibt keine Tagesgrenze.",
    "quota.parallel": "Laufende Aufträge: {given} von {limit}.",
    "quota.images": "Bilder je Auftrag: höchstens {most}.",
    "quota.steps": "Schritte: höchstens {most}.",
    "quota.priority": "Deine ersten {number} Aufträge zugleich kommen nach vorn in der Warteschlange.",
    "quota.gpu": "GPU-Zeit heute: {seconds} s.",
    "quota.back": "Was fehlschlägt, abgebrochen oder aufgegeben wird, zählt nicht.",
    # `/models list`.
    "models.title": "**Modelle**, Seite {page} von {pages}",
    "models.none": "Kein Modell passt zu {given}. `/models list` ohne `search` zeigt alle.",
    "models.line": "• **{name}** `{id}` · {steps} Schritte · {licence}{warm}",
    "models.warm": " · gerade geladen",
    # `/admin`.
    "admin.no_right": "Regeln ändern nur Mitglieder mit „Server verwalten“. Bitte eines davon.",
    "admin.server_only": "Regeln gehören zu einem Server. Nimm diesen Befehl auf einem.",
    "admin.channel": "{channel}: Zeichnen ist {enabled}; nicht jugendfreie Prompts: {policy}; Vorschauen: {preview}.",
    "admin.on": "an",
    "admin.off": "aus",
    "admin.preview.spoiler": "aus, solange nicht jugendfreie Bilder hier als Spoiler gesendet werden",
    "admin.policy.block": "abgelehnt",
    "admin.policy.spoiler": "als Spoiler gesendet",
    "admin.policy.age_restricted": "erlaubt, wo der Kanal altersbeschränkt ist, sonst abgelehnt",
    "admin.limits.title": "**Grenzen nach Rolle.** Von mehreren Rollen zählt die großzügigste.",
    "admin.limits.none": "Keine Rolle hat Grenzen; es gelten die des Betreibers. "
    "Nenne eine `role` und mindestens eine Zahl.",
    "admin.limits.line": "• {role}: {limits}",
    "admin.limits.per_day": "{number} Bilder am Tag",
    "admin.limits.parallel": "{number} Aufträge zugleich",
    "admin.limits.max_steps": "{number} Schritte",
    "admin.limits.max_images": "{number} Bilder je Auftrag",
    "admin.limits.priority": "Vorrang {number}",
    "admin.limits.name_role": "Sage, wessen Grenzen: nenne eine `role`; auch `@everyone` ist eine.",
    "admin.limits.cleared": "{role} hat keine eigenen Grenzen mehr.",
    "admin.models.all": "Jedes Modell ist erlaubt.",
    "admin.models.list": "Erlaubt: {allowed}. Verboten: {denied}.",
    "admin.models.unknown": "Kein Modell heißt {given}. Wähle eines aus der Liste, die `name` zeigt.",
    "admin.models.name": "Sage, welches Modell: wähle einen `name` aus der Liste.",
    "admin.filter.empty": "Der Filter ist leer. `action: add` mit einem `pattern` füllt ihn.",
    "admin.filter.line": "• `{pattern}`{adult}",
    "admin.filter.adult": " macht einen Prompt nicht jugendfrei",
    "admin.filter.title": "**Filter**: ganze Wörter; `*` steht für jede Endung.",
    "admin.filter.pattern": "Gib ein `pattern` an: die Wörter, oder für eine Probe den Prompt.",
    "admin.filter.too_short": "{given} träfe zu viel. Gib mindestens zwei Buchstaben an.",
    "admin.filter.full": "Der Filter hat {most} Muster und nimmt keine mehr. Entferne erst eines.",
    "admin.filter.added": "Hinzugefügt: {given}.",
    "admin.filter.removed": "Entfernt: {given}.",
    "admin.filter.missing": "Der Filter hat kein Muster {given}. `action: list` zeigt alle.",
    "admin.filter.passes": "Dieser Prompt geht durch.",
    "admin.filter.caught": "Dieser Prompt wird abgelehnt: er enthält {given}.",
    "admin.filter.caught_adult": "Dieser Prompt gilt als nicht jugendfrei: er enthält {given}.",
    "admin.none": "keine",
    "admin.block.until": "{given} verstehe ich nicht als Zeit. Schreibe eine Zahl mit m, h, d oder w, wie 12h oder 7d.",
    "admin.block.done": "{user} darf hier nicht mehr zeichnen.",
    "admin.block.done_until": "{user} darf hier bis {until} nicht zeichnen.",
    "admin.unblock.done": "{user} darf wieder zeichnen.",
    "admin.unblock.not": "{user} war nicht gesperrt.",
    "admin.grant.done": "{user} darf heute {number} Bilder mehr zeichnen.",
    "admin.audit.title": "**Protokoll**, die neuesten {number}. In der Datei steht alles, auch die Prompts.",
    "admin.audit.none": "In dieser Zeit wurde nichts geändert und nichts gezeichnet.",
    "admin.audit.line": "• {when} {actor} · {action}{target} {detail}",
    "admin.audit.job": "Kein Auftrag auf diesem Server hat diese Kennung. `/jobs show` und die letzte Zeile eines "
    "Ergebnisses nennen sie.",
    # `/server queue`.
    "queue.none": "Du hast keinen Auftrag in der Warteschlange. {total} von anderen sind unterwegs.",
    "queue.title": "**Dein Platz in der Warteschlange** von {total} Aufträgen",
    "queue.line": "• {prompt}: {stage}",
}
