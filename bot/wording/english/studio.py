"""`/imagine`, waiting, results, failures, `/server status`: the English sentences."""

# ruff: noqa: RUF001 - people read a multiplication sign between sides, not a letter

STUDIO: dict[str, str] = {
    # Refusals: what is wrong, and what would be right.
    "refusal.empty": "`{option}` is empty. Describe your picture in 1 to {most} characters.",
    "refusal.too_long": "`{option}` has {given} characters; at most {most} are possible. Shorten it and send it again.",
    "refusal.out_of_range": "`{option}` is {given}; it must be from {least} to {most}.",
    "refusal.out_of_range.model": "`{option}` is {given}; with {of} it must be from {least} to {most}.",
    "refusal.not_a_number": "`{option}` is {given}, which is no number I can use. "
    "Write one, like 20 or 5.5, or leave it empty.",
    "refusal.not_a_choice": "`{option}` is {given}; choose one of {known}.",
    "refusal.unknown_model": "No model is called {given}. There are: {known}. "
    "Pick one from the list that `model` shows.",
    "refusal.own_quota": "You already have {given} of at most {limit} jobs on their way. "
    "Wait for one to finish, or cancel one.",
    "refusal.overall_quota": "The queue is full: {given} jobs are waiting. Try again in a few minutes.",
    "refusal.permissions": "I cannot post pictures in this channel: I am missing {missing}. "
    "Ask somebody who manages this server to allow it here, or use another channel.",
    "permission.view_channel": "View Channel",
    "permission.send_messages": "Send Messages",
    "permission.send_messages_in_threads": "Send Messages in Threads",
    "permission.attach_files": "Attach Files",
    # What is away.
    "away.ledger": "I cannot write your job down just now because my database does not answer. "
    "Nothing was queued and nothing is lost; please send the command again in a minute.",
    "away.lookup": "I cannot look this up just now because my database does not answer. "
    "Nothing was changed; please try again in a minute.",
    "away.queue": "The queue server cannot be reached just now. Your job is written down and starts by itself "
    "as soon as it is back.",
    "away.unexpected": "Something went wrong on my side, and nothing was queued. Please try again; "
    "if it happens again, tell whoever runs me this number: `{reference}`.",
    # Waiting.
    "waiting.next": "Queued: you are next.",
    "waiting.behind.one": "Queued: {number} job is before yours.",
    "waiting.behind.many": "Queued: {number} jobs are before yours.",
    "waiting.renting": "Nobody was drawing, so I am renting a GPU for you.",
    "waiting.booting": "A GPU is rented; its machine is starting.",
    "waiting.blocked": "No GPU can be rented just now: {reason}. Your job stays in the queue.",
    "waiting.silent": "Queued. Whoever rents the GPUs has not been heard of for a while; your job stays in the queue.",
    "waiting.claimed": "A GPU has taken your job.",
    "waiting.fetching_weights": "The GPU is fetching the model's weights.",
    "waiting.loading_model": "The GPU is loading the model.",
    "waiting.sampling": "Drawing: step {step} of {steps}.",
    "waiting.sampling.begins": "Drawing.",
    "waiting.encoding": "Drawn; saving the picture.",
    "waiting.posting": "Drawn; posting the picture.",
    "waiting.ready": "Ready {when}.",
    "waiting.overdue": "It takes longer than expected.",
    # Cancelling.
    "cancel.done": "Cancelled by {who}.",
    "cancel.too_late.rendered": "Too late to cancel: the picture is drawn and being posted.",
    "cancel.too_late.posted": "Too late to cancel: the picture is posted.",
    "cancel.too_late.failed": "There is nothing to cancel: this job has failed.",
    "cancel.too_late.cancelled": "This job is cancelled already.",
    "cancel.too_late.expired": "There is nothing to cancel: this job waited too long and was given up.",
    # Results.
    "result.seed": "seed {seeds}",
    "result.seeds": "seeds {seeds}",
    "result.size": "{width}×{height}",
    "result.steps": "{steps} steps",
    "result.cfg": "cfg {cfg}",
    "result.seconds": "{seconds} s",
    "result.job": "job {job}",
    "result.lossless": "Saved as lossless WebP: the PNG would exceed the {limit} MiB that this place takes.",
    "result.lossy": "Saved as WebP at quality 95, slightly lossy: the lossless file would exceed the {limit} MiB "
    "that this place takes.",
    "result.elsewhere": "Done: {link}",
    # Failures: one sentence of cause, one of remedy.
    "failure.title": "No picture this time.",
    "failure.unknown_model.cause": "The GPU does not know the model {model}.",
    "failure.unknown_model.remedy": "Choose another one from the list that `model` shows, and tell whoever runs me.",
    "failure.weights_unreachable.cause": "The weights of {model} could not be fetched.",
    "failure.weights_unreachable.remedy": "Try again in a few minutes, or choose another model.",
    "failure.weights_broken.cause": "The weights of {model} are damaged or not the ones that were promised.",
    "failure.weights_broken.remedy": "Choose another model, and tell whoever runs me.",
    "failure.size_out_of_limits.cause": "{model} cannot draw {width}×{height}.",
    "failure.size_out_of_limits.remedy": "Choose another `aspect` or another model.",
    "failure.bad_option.cause": "{model} cannot draw with these options together.",
    "failure.bad_option.remedy": "Send the command again with fewer options; the defaults always work.",
    "failure.out_of_memory.cause": "The GPU ran out of memory with {images} × {width}×{height}.",
    "failure.out_of_memory.remedy": "Ask for fewer `images` or a model that needs less.",
    "failure.device_fault.cause": "The GPU failed while drawing.",
    "failure.device_fault.remedy": "Send the command again; it will be drawn by another machine.",
    "failure.worker_fault.cause": "The program that draws failed.",
    "failure.worker_fault.remedy": "Send the command again, and tell whoever runs me if it happens twice.",
    "failure.cancelled.cause": "The job was stopped on the GPU.",
    "failure.cancelled.remedy": "Send the command again if you still want the picture.",
    "failure.shutting_down.cause": "The machine was switched off while drawing.",
    "failure.shutting_down.remedy": "Send the command again.",
    "failure.too_many_attempts.cause": "It was tried several times, and each attempt failed.",
    "failure.too_many_attempts.remedy": "Change the prompt or the model, or try again later.",
    "failure.hosts_lost.cause": "Two machines vanished while drawing it.",
    "failure.hosts_lost.remedy": "Try again later; if it happens with this job only, change its options.",
    "failure.expired.cause": "It waited too long for a GPU and was given up.",
    "failure.expired.remedy": "Send the command again later; `/server status` shows when a GPU can be had.",
    "failure.result_rejected.cause": "What the GPU sent back was not the picture that was asked for.",
    "failure.result_rejected.remedy": "Send the command again; it will be drawn by another machine.",
    "failure.cannot_post.cause": "I may not post pictures in that channel.",
    "failure.cannot_post.remedy": "Ask somebody who manages the server to allow me View Channel, Send Messages and "
    "Attach Files there.",
    "failure.too_large.cause": "The picture has {size} MiB even at reduced quality, and this place takes {limit} MiB.",
    "failure.too_large.remedy": "Ask for fewer `images`, or use a channel with a higher limit.",
    "failure.refused.cause": "Discord refused the message with the picture.",
    "failure.refused.remedy": "Send the command again, and tell whoever runs me if it happens twice.",
    # `/server status`.
    "status.title": "**Studio status**",
    "status.fleet.none": "No GPU is rented.",
    "status.fleet.one": "{number} machine at ${rate}/h:",
    "status.fleet.many": "{number} machines at ${rate}/h:",
    "status.machine": "• {stage}: {gpu}, ${rate}/h, for {age}",
    "status.queue.none": "Queue: empty.",
    "status.queue": "Queue: {waiting} waiting, {drawing} drawing, {posting} being posted.",
    "status.queue.unknown": "Queue: my database does not answer just now.",
    "status.wait": "A new job would take about {wait}.",
    "status.wait.unknown": "How long a new job would take cannot be said just now.",
    "status.spend": "Spent today: ${today} of at most ${cap}.",
    "status.reason": "The fleet says: {sentence}",
    "status.blocked": "Nothing is rented because: {reason}",
    "status.silent.never": "The part of me that rents GPUs has not been heard of. Jobs are kept and wait for it.",
    "status.silent.since": "The part of me that rents GPUs was last heard of {age} ago; what follows may be out of "
    "date. Jobs are kept and wait for it.",
    "status.redis": "My queue server cannot be reached just now, so I cannot see the GPUs. "
    "New jobs are written down and start when it is back.",
    "age.seconds": "{number} s",
    "age.minutes": "{number} min",
    "age.hours": "{hours} h {minutes} min",
}
