"""Gegebene Bilder, LoRAs und ControlNets: die deutschen Sätze."""

# ruff: noqa: RUF001 - people read a multiplication sign between sides, not a letter

DRAWING: dict[str, str] = {
    # Pictures that are given.
    "refusal.picture_type": "`{option}` ist von der Art {given}; ich lese PNG, JPEG und WebP. "
    "Speichere es als eines davon und sende es noch einmal.",
    "refusal.picture_too_large": "`{option}` hat {given} MiB, höchstens {most} MiB sind möglich. "
    "Speichere es kleiner und sende es noch einmal.",
    "refusal.picture_pixels": "`{option}` hat {given} Pixel, höchstens {most} Megapixel sind möglich. "
    "Verkleinere es und sende es noch einmal.",
    "refusal.picture_small": "`{option}` hat {given} Pixel, jede Seite braucht mindestens {least}. Sende ein größeres.",
    "refusal.picture_broken": "`{option}` lässt sich nicht als Bild lesen. "
    "Speichere es neu als PNG, JPEG oder WebP und sende es noch einmal.",
    "refusal.picture_elsewhere": "`{option}` liegt nicht bei Discord, und ich hole Dateien von nirgendwo sonst. "
    "Hänge die Datei selbst an.",
    "refusal.picture_gone": "Discord hat `{option}` nicht mehr. Sende den Befehl noch einmal mit der Datei.",
    "refusal.picture_away": "Discord gibt mir `{option}` gerade nicht. Bitte sende den Befehl noch einmal.",
    "refusal.picture_store": "Ich kann `{option}` gerade nicht aufbewahren, weil mein Warteschlangenserver nicht "
    "antwortet. Nichts wurde eingereiht; bitte sende den Befehl in einer Minute noch einmal.",
    "refusal.picture_expired": "Das Bild, aus dem dies entstand, ist nicht mehr aufbewahrt. "
    "Sende den Befehl noch einmal mit dem Bild.",
    # What goes with them.
    "refusal.needs": "`{option}` sagt nichts ohne `{needed}`. Füge `{needed}` hinzu oder lass `{option}` weg.",
    "refusal.no_controls": "Hier ist kein ControlNet eingerichtet. Lass `control` und `control_image` weg, "
    "oder beginne mit dem Bild als `init_image`.",
    "refusal.unknown_control": "Kein ControlNet heißt {given}. Es gibt: {known}. "
    "Wähle eines aus der Liste, die `control` zeigt.",
    "refusal.which_control": "Sage in `control`, was befolgt werden soll: {known}.",
    "refusal.no_loras": "Hier ist kein LoRA eingerichtet. Lass `{option}` weg.",
    "refusal.unknown_lora": "Kein LoRA heißt {given}. Es gibt: {known}. "
    "Wähle eines aus der Liste, die `{option}` zeigt.",
    "refusal.lora_twice": "{given} ist zweimal genannt. Nenne jedes LoRA einmal, mit seinem Gewicht nach einem "
    "Doppelpunkt.",
    "refusal.lora_weight": "Das Gewicht von `{option}` ist {given}; nach dem Doppelpunkt steht eine Zahl "
    "von {least} bis {most}, etwa `ink:0.8`.",
    "refusal.too_many_loras": "Das sind mit denen der Sätze {given} LoRAs, höchstens {most} gehen zusammen. "
    "Lass eines weg.",
    "refusal.no_maps": "Hier ist kein ControlNet eingerichtet, das Vorlagen macht.",
    # Upscaling and inpainting.
    "refusal.upscale_pixels": "Das Bild hat {given} Pixel; {factor}-mal so groß hätte es mehr als "
    "{most} Megapixel. Wähle einen kleineren Faktor oder ein kleineres Bild.",
    "refusal.image_or_job": "Sage, was größer werden soll: hänge ein `image` an, oder wähle einen deiner Aufträge als "
    "`job`; nicht beides.",
    "refusal.no_such_picture": "Dieser Auftrag hat kein Bild {given}; er hat {most}.",
    "refusal.no_mask": "Sage, was sich ändern soll: hänge eine `mask` an, die dort weiß ist, oder ein `image` mit "
    "einem Loch darin.",
    "refusal.mask_size": "Die `mask` hat {given} Pixel und das `image` {known}. "
    "Speichere die Maske in genau der Breite und Höhe des Bildes.",
    "refusal.mask_empty": "Die `mask` ist überall schwarz, also würde sich nichts ändern. Male weiß, was sich ändern "
    "soll.",
    "source.gone": "Diese Nachricht hat kein Bild mehr, mit dem ich beginnen könnte. Hänge das Bild an `/upscale` oder "
    "`/imagine` an.",
    "source.withheld": "Dieses Bild gilt als nicht jugendfrei und wird hier nicht gezeigt, also lässt sich nichts "
    "daraus machen. Drücke Neu würfeln oder Remix für ein anderes.",
    "source.closed": "Diese Nachricht kann ich nicht ansehen: sie ist fort, oder ich darf dort nicht lesen. "
    "Hänge das Bild stattdessen an `/upscale` oder `/imagine` an.",
    "control.ready_made": "{name}: das Bild ist schon die Vorlage",
    # Buttons, lists, menus and windows of results.
    "button.upscale": "Größer 2×",
    "button.upscale.nth": "U{number}",
    "button.fourfold": "Größer 4×",
    "button.vary": "Leicht variieren",
    "button.vary.nth": "V{number}",
    "button.strong": "Stark variieren",
    "more.title": "Mehr …",
    "more.strong": "Stark variieren: Bild {number}",
    "more.fourfold": "Größer 4×: Bild {number}",
    "more.maps": "ControlNet-Vorlagen von Bild {number}",
    "more.originals": "Dateien als Direktnachricht",
    "more.style": "Als Stil speichern …",
    "originals.here": "Deine Dateien aus {link}",
    "originals.sent": "Die Dateien sind in deinen Direktnachrichten.",
    "originals.closed": "Ich kann dir nicht schreiben: erlaube Direktnachrichten von Mitgliedern dieses Servers, "
    "oder speichere die Dateien aus der Nachricht.",
    "originals.too_large": "Die Dateien sind zu groß für Direktnachrichten. Speichere sie aus der Nachricht.",
    "style.window": "Als Stil speichern",
    "style.window.name": "Wie er heißen soll",
    "menu.no_picture": "Diese Nachricht hat kein Bild, das ich lesen kann. Ich lese PNG, JPEG und WebP.",
    "menu.which_picture": "Welches Bild?",
    "reference.title": "Als Vorlage nehmen",
    "reference.prompt": "Was gezeichnet werden soll",
    "reference.picture": "Welches Bild",
    "reference.way": "Was damit geschehen soll",
    "reference.begin": "Damit beginnen und es neu zeichnen",
    "reference.strength": "Wie stark (leer: {begin} oder {control})",
    "relation.upscale": "vergrößert",
    "relation.vary_subtle": "leicht variiert",
    "relation.vary_strong": "stark variiert",
    "relation.reference": "als Vorlage genommen",
    "relation.map": "ControlNet-Vorlagen",
    "info.strength": "**Stärke** {strength}",
    "info.upscale": "**Vergrößert** {factor}× mit Detail {detail}",
    "info.loras": "**LoRAs** {text}",
    "info.controls": "**ControlNets** {text}",
    "result.map": "Die Vorlage, der das ControlNet {control} gefolgt ist",
}
