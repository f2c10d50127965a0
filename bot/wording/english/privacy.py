"""`/privacy`: the English sentences."""

PRIVACY: dict[str, str] = {
    "privacy.title": "**What I have about you**",
    "privacy.jobs": "• {number} jobs: prompt, options, times, where the pictures were posted. "
    "The pictures themselves are in Discord alone.",
    "privacy.styles": "• {number} styles, and {settings} defaults.",
    "privacy.audit": "• {number} notes of the servers' moderators about you: blocks, grants, refused prompts.",
    "privacy.logs": "Logs name your Discord id and no prompt. A GPU gets the prompt and the options, never who you "
    "are.",
    "privacy.how": "`/privacy export` gives you all of it as a file; `/privacy delete` erases it.",
    "privacy.export": "Everything that I have about you.",
    "privacy.sure": "This erases your jobs with their prompts, your styles and defaults, and stops what still waits. "
    "It cannot be undone. {pictures}\nModerators' blocks stay, and what you drew today still counts until midnight "
    "UTC.",
    "privacy.sure.pictures": "The messages with your pictures are deleted, too.",
    "privacy.sure.no_pictures": "The messages with your pictures stay; `pictures: True` deletes them, too.",
    "privacy.not_yours": "This question was put to somebody else. `/privacy delete` puts it to you.",
    "privacy.works": "Erasing; this may take a while. I tell you when it is done.",
    "privacy.done": "Done: {jobs} jobs and {styles} styles are erased.",
    "privacy.done.pictures": " {deleted} messages with pictures are deleted.",
    "privacy.done.left": " {left} could not be deleted, because I may not look into their channels any more.",
    "button.erase": "Erase",
}
