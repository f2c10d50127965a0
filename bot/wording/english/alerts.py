"""Alerts for the owner: what is wrong, what to do, and whether money still runs."""

ALERTS: dict[str, str] = {
    "alert.budget_80": "**Budget**: ${today} of ${cap} are spent today. At the cap nothing more is rented until "
    "midnight "
    "UTC. To raise it, change `max_usd_per_day` in fleet.toml, or lift a `/fleet budget`.",
    "alert.budget_cap": "**Budget**: the cap of ${cap} a day is reached (${today}). Nothing more is rented until "
    "midnight "
    "UTC; jobs wait. To go on, raise `max_usd_per_day` in fleet.toml, or lift a `/fleet budget`.",
    "alert.never_ready": "**Machine**: {gpu} (machine {machine}) never became ready and was given back: {reason}. "
    "It costs nothing any more. If it happens often, look at `python -m provisioner logs`.",
    "alert.orphan": "**Machine**: {gpu} carried our label `{label}` and nobody had ordered it; it is being destroyed. "
    "It cost ${usd_per_hour} an hour. If this comes again, look whether somebody else uses this deployment's name.",
    "alert.charges": "**Money**: the provider charged ${charged} for machines of the last three days, and we counted "
    "${counted}. `python -m provisioner cost` shows which.",
    "alert.unknown_charges": "**Money**: the provider charged ${charged} for machines under our label that no order "
    "knows. Nothing of them runs any more as far as we see; `python -m provisioner cost` names them.",
    "alert.posts": "**Posting**: {number} pictures could not be posted in the last hour, in {channels}. "
    "Give me View Channel, Send Messages and Attach Files there, or switch drawing off with `/admin channel`.",
    "alert.no_gpu": "**Waiting**: {number} jobs wait, the oldest was sent {since}, and no GPU is to be had: {reason}. "
    "Look at `python -m provisioner offers`, or raise `max_usd_per_hour` in the profile.",
    "alert.silent": "**Waiting**: {number} jobs wait, the oldest was sent {since}, and the provisioner is silent. "
    "Look whether `python -m provisioner run` runs; rented machines may still cost money.",
}
