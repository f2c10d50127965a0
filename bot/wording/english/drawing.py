"""Pictures that are given, LoRAs and ControlNets: the English sentences."""

# ruff: noqa: RUF001 - people read a multiplication sign between sides, not a letter

DRAWING: dict[str, str] = {
    # Pictures that are given.
    "refusal.picture_type": "`{option}` is of the kind {given}; I read PNG, JPEG and WebP. "
    "Save it as one of these and send it again.",
    "refusal.picture_too_large": "`{option}` has {given} MiB; at most {most} MiB are possible. "
    "Save it smaller and send it again.",
    "refusal.picture_pixels": "`{option}` has {given} pixels; at most {most} megapixels are possible. "
    "Scale it down and send it again.",
    "refusal.picture_small": "`{option}` has {given} pixels; each side needs at least {least}. Send a larger one.",
    "refusal.picture_broken": "`{option}` cannot be read as a picture. "
    "Save it again as PNG, JPEG or WebP and send it again.",
    "refusal.picture_elsewhere": "`{option}` does not lie with Discord, and I fetch files from nowhere else. "
    "Attach the file itself.",
    "refusal.picture_gone": "Discord does not have `{option}` any more. Send the command again with the file.",
    "refusal.picture_away": "Discord did not give me `{option}` just now. Please send the command again.",
    "refusal.picture_store": "I cannot keep `{option}` just now because my queue server does not answer. "
    "Nothing was queued; please send the command again in a minute.",
    "refusal.picture_expired": "The picture that this was made from is not kept any more. "
    "Send the command again with the picture.",
    # What goes with them.
    "refusal.needs": "`{option}` says nothing without `{needed}`. Add `{needed}`, or leave `{option}` out.",
    "refusal.no_controls": "Nobody has set up a ControlNet here. Leave `control` and `control_image` out, "
    "or begin with the picture as `init_image`.",
    "refusal.unknown_control": "No ControlNet is called {given}. There are: {known}. "
    "Pick one from the list that `control` shows.",
    "refusal.which_control": "Say in `control` what to follow: {known}.",
    "refusal.no_loras": "Nobody has set up a LoRA here. Leave `{option}` out.",
    "refusal.unknown_lora": "No LoRA is called {given}. There are: {known}. "
    "Pick one from the list that `{option}` shows.",
    "refusal.lora_twice": "{given} is given twice. Name each LoRA once, with its weight behind a colon.",
    "refusal.lora_weight": "The weight of `{option}` is {given}; behind the colon it must be a number "
    "from {least} to {most}, like `ink:0.8`.",
    "refusal.too_many_loras": "These are {given} LoRAs with those of the sets; at most {most} go together. "
    "Leave one out.",
    "refusal.no_maps": "Nobody has set up a ControlNet here that makes maps.",
    # Upscaling and inpainting.
    "refusal.upscale_pixels": "The picture has {given} pixels; {factor} times as large it would have more than "
    "{most} megapixels. Choose a smaller factor or a smaller picture.",
    "refusal.image_or_job": "Say what to enlarge: attach an `image`, or pick one of your jobs as `job`; not both.",
    "refusal.no_such_picture": "This job has no picture {given}; it has {most}.",
    "refusal.no_mask": "Say what to change: attach a `mask` that is white there, "
    "or an `image` with a hole cut into it.",
    "refusal.mask_size": "The `mask` has {given} pixels and the `image` {known}. "
    "Save the mask at exactly the picture's width and height.",
    "refusal.mask_empty": "The `mask` is black everywhere, so nothing would change. Paint white what is to change.",
    "source.gone": "This message has no picture to begin with any more. "
    "Attach the picture to `/upscale` or `/imagine`.",
    "source.withheld": "That picture was found to be adult and is not shown here, so nothing can be made of it. "
    "Press Reroll or Remix for another one.",
    "source.closed": "I cannot look at that message: it is gone, or I may not read there. "
    "Attach the picture to `/upscale` or `/imagine` instead.",
    "control.ready_made": "{name}: the picture is the map already",
    # Buttons, lists, menus and windows of results.
    "button.upscale": "Upscale 2×",
    "button.upscale.nth": "U{number}",
    "button.fourfold": "Upscale 4×",
    "button.vary": "Vary subtle",
    "button.vary.nth": "V{number}",
    "button.strong": "Vary strong",
    "more.title": "More…",
    "more.strong": "Vary strong: picture {number}",
    "more.fourfold": "Upscale 4×: picture {number}",
    "more.maps": "Control maps of picture {number}",
    "more.originals": "Files by direct message",
    "more.style": "Save as style…",
    "originals.here": "Your files from {link}",
    "originals.sent": "The files are in your direct messages.",
    "originals.closed": "I cannot write to you: allow direct messages from members of this server, or save the "
    "files from the message.",
    "originals.too_large": "The files are too large for direct messages. Save them from the message.",
    "style.window": "Save as style",
    "style.window.name": "What to call it",
    "menu.no_picture": "This message has no picture that I can read. I read PNG, JPEG and WebP.",
    "menu.which_picture": "Which picture?",
    "reference.title": "Use as reference",
    "reference.prompt": "What to draw",
    "reference.picture": "Which picture",
    "reference.way": "What to do with it",
    "reference.begin": "Begin with it and draw it anew",
    "reference.strength": "How strongly (empty: {begin} or {control})",
    "relation.upscale": "upscaled",
    "relation.vary_subtle": "varied a little",
    "relation.vary_strong": "varied strongly",
    "relation.reference": "used as reference",
    "relation.map": "control maps",
    "info.strength": "**Strength** {strength}",
    "info.upscale": "**Enlarged** {factor}× with detail {detail}",
    "info.loras": "**LoRAs** {text}",
    "info.controls": "**ControlNets** {text}",
    "result.map": "The map that the ControlNet {control} followed",
}
