"""`/models`, `/loras`, and what can be wrong with what one wants to publish: the English sentences."""

SHELF: dict[str, str] = {
    "button.undo": "Undo",
    # `/loras`, `/models info`.
    "loras.title": "**LoRAs**, page {page} of {pages}",
    "loras.line": "• **{name}** `{id}` · {words}{warm}",
    "loras.none": "No LoRA matches {given}. Send `/loras list` without `search` to see all.",
    "loras.nothing": "There are no LoRAs here yet. The owner's moderators add one with `/loras add`.",
    "shelf.model": "SDXL · {gigabytes} GB · {prediction} · {steps} steps ({least} to {most}), cfg {cfg}",
    "shelf.lora": "For SDXL · {gigabytes} GB · weight {weight}",
    "shelf.words": "Trigger words: {words}",
    "shelf.no_words": "no trigger words",
    "shelf.licence": "Licence: {licence}",
    "shelf.source": "From: {place}",
    "shelf.hash": "-# {sha256}",
    # Removing.
    "shelf.removed": "**{name}** is gone from every list. What was ordered with it is still drawn.",
    "shelf.not_removed": "There is no published **{name}**. Pick a name from the list.",
    "shelf.restored": "**{name}** is back.",
    "shelf.not_restored": "**{name}** is there already, or was never published.",
    "shelf.file_gone": "The file of **{name}** was kept for a week after its removal, and not longer. Attach it again "
    "with `/models add` or `/loras add`.",
    "shelf.is_file": "This one comes from the file `{file}`. Delete the file and restart the bot instead.",
    # Adding.
    "publish.added": "**{name}** is published as `{id}`. Everybody can draw with it from now on.",
    "publish.no_owner": "Nobody can publish here yet: the owner has to set `DISCORD_OWNER_GUILD_ID`.",
    "publish.no_right": "What is published serves everybody, so only members with Manage Server in the owner's "
    "server may do it. Ask one of them.",
    "publish.kind.model": "model",
    "publish.kind.lora": "LoRA",
    "publish.choose_one": "Give either a `link` or a `file`: one of the two, not both.",
    "publish.unknown_link": "{given} is no link that I know. Paste a page of a model from civitai.com or "
    "huggingface.co.",
    "publish.discord_file": "Links to files in Discord expire. Attach the file itself: the option `file` of this "
    "command takes it.",
    "publish.file_gone": "Discord does not have the file any more. Attach it again.",
    "publish.file_away": "Discord did not give me the file just now. Try again in a few minutes.",
    "publish.file_cut": "The file is not whole: it has {size} bytes, and by its own words {whole}. Fetch it anew "
    "and attach that.",
    "publish.file_too_big": "The file has {size}, and files up to {most} are taken here. What is larger, as most "
    "checkpoints are, comes from a page of civitai.com or huggingface.co: give that as `link`.",
    "publish.no_room": "There is no room for the file here. The owner has to make some, or to look into the bot's log.",
    "publish.not_found": "{site} has no such model, or not any more. Check the link.",
    "publish.needs_key": "{site} gives this only to those who sign in. The owner has to set **{setting}**.",
    "publish.key_refused": "{site} does not give this to the owner's account. Its terms may have to be accepted on "
    "its page first, or **{setting}** is not valid any more.",
    "publish.site_away": "{site} does not answer as it should. Try again in a few minutes.",
    "publish.no_file": "There are no weights behind this link. Paste the link of a file or of another version.",
    "publish.several_files": "There are several files: {files}. Paste the link of the one that you mean.",
    "publish.not_safetensors": "This is not a `.safetensors` file. Other formats can carry code and are never opened; "
    "look for a version in safetensors.",
    "publish.too_big": "It is {size}, and more than {most} does not fit here.",
    "publish.no_hash": "{site} names no SHA-256 for this file, so nobody could check what arrives. "
    "Choose another file.",
    "publish.wrong_kind": "This is a {found}, not a {wanted}. Use the other command.",
    "publish.wrong_family": "This is not for SDXL ({why}). Only SDXL and what is built on it can be drawn with here.",
    "publish.unsupported": "This kind cannot be drawn with: {why}.",
    "publish.name_taken": "**{given}** is taken. Choose another `name`; **{free}** is free.",
    "publish.bad_name": "{given} has no letter from a to z or digit in it. Give a `name` that has some.",
    "publish.same_file": "We have this already: {given}.",
}
