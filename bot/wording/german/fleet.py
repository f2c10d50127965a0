"""`/fleet`: die deutschen Sätze."""

FLEET: dict[str, str] = {
    "fleet.no_right": "Die Flotte gibt das Geld des Besitzers aus: nur Mitglieder mit „Server verwalten“ auf dem "
    "Server des Besitzers befehlen ihr.",
    "fleet.machine": "• `{id}` {gpu}, {state}, ${rate}/h: {reason}",
    "fleet.order": "Von Hand angeordnet: {name}{until} ({reason}).",
    "fleet.until": ", endet {moment}",
    "fleet.no_orders": "Von Hand ist nichts angeordnet.",
    "fleet.caps": "Höchstens {machines} Maschinen, ${hour} in der Stunde, ${day} am Tag, ${month} im Monat.",
    "fleet.caps.budget": "Davon auf Anordnung ${day} am Tag.",
    "fleet.spent": "Heute ausgegeben: ${today} von höchstens ${cap}; die Grenze gilt, was auch angeordnet ist.",
    "fleet.spent.unknown": "Was heute ausgegeben ist, ist gerade nicht zu sehen; die Grenzen gelten trotzdem.",
    "fleet.up.ask": "Eine Maschine wird gemietet und {hours} h gehalten, was auch die Schlange sagt: höchstens ${rate} "
    "in der Stunde, ${whole} insgesamt.",
    "fleet.up.there": "Eine Maschine, die da ist, wird {hours} h gehalten, was auch die Schlange sagt: ${rate} in der "
    "Stunde, ${whole} insgesamt.",
    "fleet.up.done": "Angeordnet. Der Provisioner kümmert sich in Sekunden; `/fleet status` zeigt es, `/fleet resume` "
    "hebt es auf.",
    "fleet.scale.least": "Mindestens {least} Maschinen werden {hours} h gehalten, was auch die Schlange sagt, eigene "
    "mitgezählt: höchstens ${rate} in der Stunde, ${whole} insgesamt. Das hebt `/fleet down` und `/fleet pause` auf.",
    "fleet.scale.most": "Höchstens {most} gemietete Maschinen laufen {hours} h lang zugleich. Was darüber ist, nimmt "
    "keinen Auftrag mehr, zeichnet zu Ende und wird beendet.",
    "fleet.scale.bounds": "Beide Zahlen gehen von 0 bis {machines}, `min` liegt nicht über `max`, und Stunden gehen "
    "von 1 bis {hours}.",
    "fleet.scale.cap": "`max_instances` in fleet.toml ist {cap}: mehr Maschinen lassen sich von hier nicht anordnen.",
    "fleet.scale.done": "Angeordnet. Der Provisioner kümmert sich in Sekunden; `/fleet status` zeigt es, `/fleet "
    "resume` hebt es auf.",
    "fleet.down.ask": "Alle {machines} Maschinen enden, und keine wird gemietet, bis `/fleet resume` oder `/fleet up`. "
    "{jobs} Aufträge sind unterwegs; sie warten und verfallen am Ende.",
    "fleet.down.done": "Angeordnet: alles endet, nichts wird gemietet. `/fleet resume` hebt es auf.",
    "fleet.pause.done": "Angeordnet: es wird nichts Neues gemietet und keine geparkte Maschine von selbst geweckt, bis "
    "`/fleet resume` oder `/fleet up`. Was läuft, zeichnet weiter und endet nach seinen Regeln; wer auf eine GPU "
    "wartet, erfährt es.",
    "fleet.budget.ask": "Am Tag wird nicht mehr als ${day} ausgegeben, bis `/fleet resume` oder ein anderes Budget. "
    "Ist es erreicht, wird nichts gemietet, und was läuft, endet, bis Mitternacht UTC.",
    "fleet.budget.cap": "`max_usd_per_day` in fleet.toml ist ${cap}: mehr lässt sich von hier nicht anordnen.",
    "fleet.budget.bounds": "Ein Budget ist mindestens ${least} am Tag; `/fleet down` beendet alles.",
    "fleet.budget.done": "Angeordnet. `/fleet status` zeigt es, `/fleet resume` hebt es auf.",
    "fleet.park.ask": "{gpu} hält an, sobald sie nichts tut: ${disk} in der Stunde für die Platte statt ${rate}. Beim "
    "Wecken kann ihre GPU weg sein; dann wird eine andere gemietet.",
    "fleet.park.done": "Angeordnet: sie parkt, sobald sie nichts tut.",
    "fleet.park.which": "So eine laufende Maschine gibt es nicht. Wähle eine aus der Liste.",
    "fleet.unpark.ask": "{gpu} läuft wieder für ${rate} in der Stunde und endet oder parkt, wenn sie nichts tut.",
    "fleet.unpark.done": "Angeordnet: sie startet wieder.",
    "fleet.unpark.which": "So eine geparkte Maschine gibt es nicht. Wähle eine aus der Liste.",
    "fleet.drain.ask": "{gpu} nimmt keinen Auftrag mehr, zeichnet zu Ende, was sie hat, und wird mit ihrer Platte "
    "beendet: ${rate} in der Stunde weniger. Braucht die Schlange eine, wird eine andere gemietet.",
    "fleet.drain.parked": "{gpu} ist geparkt: sie wird sofort beendet, ihre Platte auch: ${disk} in der Stunde "
    "weniger.",
    "fleet.drain.starting": "{gpu} hat noch nichts gezeichnet: sie wird sofort beendet, ${rate} in der Stunde weniger. "
    "Braucht die Schlange eine, wird eine andere gemietet.",
    "fleet.drain.done": "Angeordnet: sie nimmt keinen Auftrag mehr und endet, wenn gezeichnet ist, was sie hat.",
    "fleet.drain.which": "So eine Maschine gibt es nicht, oder sie endet schon. Wähle eine aus der Liste.",
    "fleet.too_late": "Diese Frage ist über 15 Minuten alt, und Preise ändern sich. Frage noch einmal.",
    "fleet.resumed": "Aufgehoben: {orders}. Die Flotte folgt wieder der Schlange.",
    "fleet.nothing": "Von Hand war nichts angeordnet; die Flotte folgt der Schlange.",
    "button.fleet.up": "Mieten und halten",
    "button.fleet.scale": "So halten",
    "button.fleet.budget": "Nicht mehr ausgeben",
    "button.fleet.down": "Alles beenden",
    "button.fleet.park": "Parken",
    "button.fleet.unpark": "Starten",
    "button.fleet.drain": "Zu Ende zeichnen und beenden",
}
