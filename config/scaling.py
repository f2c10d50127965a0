"""How eager the fleet is: three named operating points, chosen by simulation (docs/autoscaling.md)."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

PointName = Literal["thrifty", "standard", "fast"]
# Hours of the day in UTC, such as "18:00-23:30"; the end may lie after midnight.
WarmHours = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")]


class OperatingPoint(BaseModel):
    """Evidence up, inertia down. Times in seconds.

    `tolerated_wait_s`: so much predicted work per worker before another one is rented. `idle_last_s` and
    `idle_rest_s`: how long the last worker and the others may idle. `park_slots`: how many are parked instead of
    destroyed, each for at most `parked_s`. `workers_per_user`: what one member's jobs alone may call for; 0 sets no
    bound. `workers_per_load`: workers kept per GPU that the last quarter of an hour asked for; 0 keeps none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tolerated_wait_s: float = Field(40, gt=0)
    idle_last_s: float = Field(600, ge=5)
    idle_rest_s: float = Field(300, ge=5)
    park_slots: int = Field(3, ge=0, le=10)
    parked_s: float = Field(12 * 3600, ge=0)
    workers_per_user: int = Field(0, ge=0)
    workers_per_load: float = Field(0.0, ge=0)


POINTS: dict[PointName, OperatingPoint] = {
    "thrifty": OperatingPoint(tolerated_wait_s=90, idle_last_s=90, idle_rest_s=90, park_slots=3, parked_s=12 * 3600),
    "standard": OperatingPoint(tolerated_wait_s=40, idle_last_s=300, idle_rest_s=200, park_slots=3, parked_s=12 * 3600),
    "fast": OperatingPoint(tolerated_wait_s=20, idle_last_s=600, idle_rest_s=300, park_slots=4, parked_s=24 * 3600),
}
