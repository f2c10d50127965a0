"""JSON Schema errors in Discord's words, for the branch of a union that the sender meant."""

from collections.abc import Iterable

from jsonschema.exceptions import ValidationError

from sandbox.discord.errors import FieldErrors

_UNIONS = ("oneOf", "anyOf")


def field_errors(errors: Iterable[ValidationError]) -> FieldErrors:
    """(path, code, message) of every leaf error, in the order of the body."""
    leaves: list[ValidationError] = []
    for error in errors:
        leaves.extend(_leaves(error))
    return [_described(leaf) for leaf in sorted(leaves, key=lambda leaf: [str(p) for p in leaf.absolute_path])]


def _leaves(error: ValidationError) -> list[ValidationError]:
    if error.validator not in _UNIONS or not error.context:
        return [error]
    branches: dict[int, list[ValidationError]] = {}
    for inner in error.context:
        branches.setdefault(int(inner.schema_path[0]), []).append(inner)
    meant = min(branches.values(), key=_distance)
    return [leaf for inner in meant for leaf in _leaves(inner)]


def _distance(branch: list[ValidationError]) -> tuple[bool, int]:
    """How far a branch is from what was sent: a wrong `type` says that another one was meant."""
    wrong_kind = any(_is_wrong_kind(error) for error in branch)
    return wrong_kind, len(branch)


def _is_wrong_kind(error: ValidationError) -> bool:
    own_path = list(error.path)
    if error.validator == "type" and not own_path:
        return True
    return own_path == ["type"] and error.validator in ("enum", "const", "oneOf", "allOf")


# What is wrong, as Discord's code and words; {0} is the schema's limit.
_WORDS = {
    "maxLength": ("BASE_TYPE_MAX_LENGTH", "Must be {0} or fewer in length."),
    "minLength": ("BASE_TYPE_MIN_LENGTH", "Must be {0} or more in length."),
    "maxItems": ("BASE_TYPE_BAD_LENGTH", "Must be {0} or fewer in length."),
    "minItems": ("BASE_TYPE_BAD_LENGTH", "Must be {0} or more in length."),
    "maximum": ("NUMBER_TYPE_MAX", "Value should be less than or equal to {0}."),
    "minimum": ("NUMBER_TYPE_MIN", "Value should be greater than or equal to {0}."),
    "enum": ("BASE_TYPE_CHOICES", "Value must be one of {0}."),
    "const": ("BASE_TYPE_CHOICES", "Value must be {0}."),
}


def _described(error: ValidationError) -> tuple[list[str | int], str, str]:
    path = list(error.absolute_path)
    if error.validator == "required":
        missing = error.message.split("'")[1]
        return [*path, missing], "BASE_TYPE_REQUIRED", "This field is required"
    code, words = _WORDS.get(str(error.validator), ("BASE_TYPE_BAD_TYPE", error.message[:200]))
    if code == "BASE_TYPE_BAD_TYPE":
        return path, code, words
    return path, code, words.format(error.validator_value)
