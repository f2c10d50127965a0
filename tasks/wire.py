"""The base of every wire model. Pure."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict

SCHEMA_VERSION = 1


class Wire(BaseModel):
    """A frozen value that forbids unknown fields when we write it; `read` ignores them for newer writers' sake."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def read(cls, data: str | bytes | dict[str, Any]) -> Self:
        """What a peer wrote, perhaps a newer one: unknown fields are dropped.

        Raises:
            pydantic.ValidationError: where a known field is missing or wrong.
        """
        if isinstance(data, str | bytes):
            return cls.model_validate_json(data, extra="ignore")
        return cls.model_validate(data, extra="ignore")

    def write(self) -> str:
        """JSON for Redis."""
        return self.model_dump_json()

    def payload(self) -> dict[str, Any]:
        """JSON-ready dictionary for a Celery message."""
        return self.model_dump(mode="json")


def is_default(value: object) -> bool:
    """For `exclude_if` of fields that joined later: silent where unused, so that older readers see what they know."""
    return value is None or value is False or value == ()
