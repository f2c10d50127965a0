"""`/help`: the English sentences. A topic's text is one message."""

HELP: dict[str, str] = {
    "help.topics": "Topics: {topics}.",
    "help.unknown": "There is no topic {given}. Topics: {topics}.",
    "help.start": "**Drawing**\n`/imagine` with a `prompt` is enough; every other option has a good default. "
    "The answer shows your place in the queue and when the pictures will be ready. "
    "Nobody drawing means no GPU is rented; the first job then waits some minutes for one.",
    "help.flags": "**Flags and defaults**\n`--ar 16:9`, `--no rain`, `--seed 7`, `--n 2`, `--steps 20`, `--cfg 4.5`, "
    "`--iw 1.5`, `--tile` in a prompt are options; the option itself wins. `/settings set` keeps defaults, "
    "`/style save` named ones.",
    "help.pictures": "**Pictures of yours**\n`init_image` is drawn anew, by `strength`; `control_image` is "
    "followed in its outlines, depth or pose, as `control` says. PNG, JPEG or WebP. "
    "Without `control_image`, `control` follows `init_image`. `lora` takes a name and a weight: `ink:0.8`.",
    "help.buttons": "**Buttons**\nUpscale or U: larger. Vary or V: from the picture, otherwise. Reroll: new seeds. "
    "Remix: rewrite the words. Info: how it was made. "
    "Everybody may press these; the new job counts against their own quota. "
    "Delete and Cancel: who asked for it, or members with Manage Messages. Retry: who asked for it.",
    "help.jobs": "**Jobs**\n`/jobs list` shows yours, `/jobs show` one with its seeds, `/jobs cancel` stops them, "
    "`/jobs retry` sends a failed one again. What fails or is cancelled does not count against your quota.",
    "help.house": "**House rules**\nMembers with Manage Server set them with `/admin`: channels, limits by role, "
    "models, a filter, blocks. `/quota` shows what you have left.",
    "help.waiting": "**Waiting**\nYour message shows the picture as it grows, unless moderators switched that off. "
    "`/server status` shows machines, queue, expected wait and money; "
    "`/server queue` your own place.",
    "help.models": "**Models and LoRAs**\n`/models list` and `/loras list` show what there is, with trigger words and "
    "what a GPU has at hand; `info` tells all about one. The owner's moderators publish more with `add` and a link to "
    "civitai.com or huggingface.co: everybody can draw with it seconds later.",
    "help.privacy": "**Your data**\n`/privacy show` says what I have about you, `/privacy export` gives it to you, "
    "`/privacy delete` erases it.",
}
