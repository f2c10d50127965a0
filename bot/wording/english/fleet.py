"""`/fleet`: the English sentences."""

FLEET: dict[str, str] = {
    "fleet.no_right": "The fleet spends the owner's money: only members with Manage Server in the owner's server "
    "command it.",
    "fleet.machine": "• `{id}` {gpu}, {state}, ${rate}/h: {reason}",
    "fleet.order": "Ordered by hand: {name}{until} ({reason}).",
    "fleet.until": ", ends {moment}",
    "fleet.no_orders": "Nothing is ordered by hand.",
    "fleet.caps": "At most {machines} machines, ${hour} an hour, ${day} a day, ${month} a month.",
    "fleet.caps.budget": "Of these ${day} a day by order.",
    "fleet.spent": "Spent today: ${today} of at most ${cap}, which holds whatever is ordered.",
    "fleet.spent.unknown": "What is spent today cannot be seen just now; the caps hold whatever is ordered.",
    "fleet.up.ask": "One machine will be rented and kept for {hours} h, whatever the queue says: at most ${rate} an "
    "hour, ${whole} in all.",
    "fleet.up.there": "A machine that is there will be kept for {hours} h, whatever the queue says: ${rate} an hour, "
    "${whole} in all.",
    "fleet.up.done": "Ordered. The provisioner sees to it within seconds; `/fleet status` shows it, `/fleet resume` "
    "lifts it.",
    "fleet.scale.least": "At least {least} machines are kept for {hours} h, whatever the queue says, your own counted: "
    "at most ${rate} an hour, ${whole} in all. It lifts `/fleet down` and `/fleet pause`.",
    "fleet.scale.most": "At most {most} rented machines run at once for {hours} h. Those beyond take no further job, "
    "finish what they draw, and are ended.",
    "fleet.scale.bounds": "Both numbers are from 0 to {machines}, `min` is not above `max`, and hours are from 1 to "
    "{hours}.",
    "fleet.scale.cap": "`max_instances` in fleet.toml is {cap}: from here no more machines than that can be ordered.",
    "fleet.scale.done": "Ordered. The provisioner sees to it within seconds; `/fleet status` shows it, `/fleet resume` "
    "lifts it.",
    "fleet.down.ask": "All {machines} machines will be ended and none rented again, until `/fleet resume` or "
    "`/fleet up`. {jobs} jobs are on their way; they wait, and expire in the end.",
    "fleet.down.done": "Ordered: everything ends, and nothing is rented. `/fleet resume` lifts it.",
    "fleet.pause.done": "Ordered: nothing new is rented and no parked machine is woken by itself, until `/fleet "
    "resume` or `/fleet up`. What runs draws on and ends by its own rules; whoever waits for a GPU is told.",
    "fleet.budget.ask": "No more than ${day} will be spent a day, until `/fleet resume` or another budget. Once it is "
    "reached nothing is rented and what runs is ended, until midnight UTC.",
    "fleet.budget.cap": "`max_usd_per_day` in fleet.toml is ${cap}: from here no more than that can be ordered.",
    "fleet.budget.bounds": "A budget is at least ${least} a day; `/fleet down` ends everything.",
    "fleet.budget.done": "Ordered. `/fleet status` shows it, `/fleet resume` lifts it.",
    "fleet.park.ask": "{gpu} stops once it is idle: ${disk} an hour for its disk instead of ${rate}. Its GPU may be "
    "gone when it is woken; then another one is rented.",
    "fleet.park.done": "Ordered: it parks once it is idle.",
    "fleet.park.which": "There is no such machine that runs. Pick one from the list.",
    "fleet.unpark.ask": "{gpu} runs again for ${rate} an hour, and ends or parks when it is idle.",
    "fleet.unpark.done": "Ordered: it starts again.",
    "fleet.unpark.which": "There is no such machine that is parked. Pick one from the list.",
    "fleet.drain.ask": "{gpu} takes no further job, finishes what it draws, and is ended with its disk: ${rate} an "
    "hour less. Where the queue needs one, another is rented.",
    "fleet.drain.parked": "{gpu} is parked: it is ended at once, and its disk with it: ${disk} an hour less.",
    "fleet.drain.starting": "{gpu} has not drawn anything yet: it is ended at once, ${rate} an hour less. Where the "
    "queue needs one, another is rented.",
    "fleet.drain.done": "Ordered: it takes no further job, and ends when it has drawn what it holds.",
    "fleet.drain.which": "There is no such machine, or it is ending already. Pick one from the list.",
    "fleet.too_late": "This question is more than 15 minutes old, and prices change. Ask again.",
    "fleet.resumed": "Lifted: {orders}. The fleet follows the queue again.",
    "fleet.nothing": "Nothing was ordered by hand; the fleet follows the queue.",
    "button.fleet.up": "Rent and keep",
    "button.fleet.scale": "Hold to that",
    "button.fleet.budget": "Spend no more",
    "button.fleet.down": "End everything",
    "button.fleet.park": "Park it",
    "button.fleet.unpark": "Start it",
    "button.fleet.drain": "Finish and end it",
}
