"""The one shape in which Vast refuses: `{success, error, msg}`, on create with `ask_id`."""

from typing import Any

Json = dict[str, Any]


class ApiError(Exception):
    """An answer that is a refusal. `extra` is merged into the body, for example `ask_id`."""

    def __init__(self, status: int, error: str, msg: str, **extra: Any) -> None:
        super().__init__(f"{status} {error}: {msg}")
        self.status = status
        self.error = error
        self.msg = msg
        self.extra = extra

    def body(self) -> Json:
        return {"success": False, "error": self.error, "msg": self.msg, **self.extra}


def no_such_instance(instance_id: object) -> ApiError:
    return ApiError(404, "no_such_instance", f"Instance {instance_id} not found.")


def invalid_args(msg: str) -> ApiError:
    return ApiError(400, "invalid_args", msg)
