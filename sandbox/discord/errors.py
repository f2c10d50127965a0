"""Discord's error answers: an HTTP status, a JSON code and, for bad forms, a tree of field errors.

Source: https://discord.com/developers/docs/topics/opcodes-and-status-codes
"""

from http import HTTPStatus
from typing import Any

Json = dict[str, Any]
FieldErrors = list[tuple[list[str | int], str, str]]


class ApiError(Exception):
    """An answer other than 2xx. `fields` lists (path, code, message) for code 50035."""

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        *,
        fields: FieldErrors | None = None,
        headers: dict[str, str] | None = None,
        extra: Json | None = None,
    ) -> None:
        super().__init__(f"{status} {code} {message}")
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields or []
        self.headers = headers or {}
        self.extra = extra or {}

    def body(self) -> Json:
        body: Json = {"message": self.message, "code": self.code, **self.extra}
        if self.fields:
            body["errors"] = _tree(self.fields)
        return body


def _tree(fields: FieldErrors) -> Json:
    root: Json = {}
    for path, code, message in fields:
        node = root
        for part in path:
            node = node.setdefault(str(part), {})
        node.setdefault("_errors", []).append({"code": code, "message": message})
    return root


def invalid_form(fields: FieldErrors) -> ApiError:
    return ApiError(HTTPStatus.BAD_REQUEST, 50035, "Invalid Form Body", fields=fields)


def bad_field(path: list[str | int], code: str, message: str) -> ApiError:
    return invalid_form([(path, code, message)])


def unauthorized() -> ApiError:
    return ApiError(HTTPStatus.UNAUTHORIZED, 0, "401: Unauthorized")


def not_found() -> ApiError:
    return ApiError(HTTPStatus.NOT_FOUND, 0, "404: Not Found")


def unknown_application() -> ApiError:
    return ApiError(HTTPStatus.NOT_FOUND, 10002, "Unknown Application")


def unknown_channel() -> ApiError:
    return ApiError(HTTPStatus.NOT_FOUND, 10003, "Unknown Channel")


def unknown_guild() -> ApiError:
    return ApiError(HTTPStatus.NOT_FOUND, 10004, "Unknown Guild")


def unknown_member() -> ApiError:
    return ApiError(HTTPStatus.NOT_FOUND, 10007, "Unknown Member")


def unknown_message() -> ApiError:
    return ApiError(HTTPStatus.NOT_FOUND, 10008, "Unknown Message")


def unknown_user() -> ApiError:
    return ApiError(HTTPStatus.NOT_FOUND, 10013, "Unknown User")


def unknown_webhook() -> ApiError:
    return ApiError(HTTPStatus.NOT_FOUND, 10015, "Unknown Webhook")


def unknown_interaction() -> ApiError:
    return ApiError(HTTPStatus.NOT_FOUND, 10062, "Unknown interaction")


def unknown_command() -> ApiError:
    return ApiError(HTTPStatus.NOT_FOUND, 10063, "Unknown application command")


def already_acknowledged() -> ApiError:
    return ApiError(HTTPStatus.BAD_REQUEST, 40060, "Interaction has already been acknowledged.")


def too_large() -> ApiError:
    return ApiError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, 40005, "Request entity too large")


def missing_access() -> ApiError:
    return ApiError(HTTPStatus.FORBIDDEN, 50001, "Missing Access")


def not_your_message() -> ApiError:
    return ApiError(HTTPStatus.FORBIDDEN, 50005, "Cannot edit a message authored by another user")


def empty_message() -> ApiError:
    return ApiError(HTTPStatus.BAD_REQUEST, 50006, "Cannot send an empty message")


def missing_permissions() -> ApiError:
    return ApiError(HTTPStatus.FORBIDDEN, 50013, "Missing Permissions")


def invalid_webhook_token() -> ApiError:
    return ApiError(HTTPStatus.UNAUTHORIZED, 50027, "Invalid Webhook Token")


def invalid_json() -> ApiError:
    return ApiError(HTTPStatus.BAD_REQUEST, 50109, "The request body contains invalid JSON.")
