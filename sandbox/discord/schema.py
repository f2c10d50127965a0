"""Requests and answers checked against Discord's own OpenAPI description (3.1, so JSON Schema 2020-12).

Validators are compiled when first needed. Exemptions, where real traffic differs from the description:

1. A snowflake in a request may be an integer. The description says string; discord.py sends integers
   (attachment indices, allowed users, recipients) and Discord has always read them.
2. Error answers are not checked: the description wants integer `code`s inside `_errors`, Discord sends
   strings like BASE_TYPE_REQUIRED.
3. `format` (uri, date-time) is an annotation in JSON Schema 2020-12 and is not enforced.
"""

import copy
import functools
import gzip
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from sandbox.discord.errors import FieldErrors, Json
from sandbox.discord.schema_errors import field_errors

_FILE = Path(__file__).with_name("openapi.json.gz")
_STRICT = "urn:discord:strict"
_LENIENT = "urn:discord:lenient"
_TRUE = {"1", "true", "True"}
_FALSE = {"0", "false", "False"}


@functools.cache
def document() -> Json:
    with gzip.open(_FILE, "rt", encoding="utf-8") as file:
        loaded: Json = json.load(file)
    return loaded


@functools.cache
def _registry() -> Registry[Any]:
    lenient = copy.deepcopy(document())
    lenient["components"]["schemas"]["SnowflakeType"] = {
        "type": ["string", "integer"],
        "pattern": "^(0|[1-9][0-9]*)$",
        "minimum": 0,
    }
    pairs = [(_STRICT, document()), (_LENIENT, lenient)]
    return Registry().with_resources(
        [(uri, Resource.from_contents(contents, default_specification=DRAFT202012)) for uri, contents in pairs]
    )


def load() -> None:
    """Reads the description now (some tenths of a second) instead of during the first request."""
    _registry()


@functools.cache
def _validator(uri: str, *pointer: str) -> Draft202012Validator:
    escaped = "/".join(quote(part.replace("~", "~0").replace("/", "~1"), safe="~") for part in pointer)
    return Draft202012Validator({"$ref": f"{uri}#/{escaped}"}, registry=_registry())


def _operation(path: str, method: str) -> Json | None:
    found: Json | None = document()["paths"].get(path, {}).get(method.lower())
    return found


def is_described(path: str, method: str) -> bool:
    return _operation(path, method) is not None


def needs_body(path: str, method: str) -> bool:
    return bool((_operation(path, method) or {}).get("requestBody", {}).get("required"))


def request_errors(path: str, method: str, body: Any) -> FieldErrors:
    """What is wrong with a JSON body (for multipart: with its payload_json). Empty when it conforms."""
    operation = _operation(path, method) or {}
    if "application/json" not in operation.get("requestBody", {}).get("content", {}):
        return []
    pointer = ("paths", path, method.lower(), "requestBody", "content", "application/json", "schema")
    return field_errors(_validator(_LENIENT, *pointer).iter_errors(body))


def parameter_errors(path: str, method: str, place: str, values: dict[str, str]) -> FieldErrors:
    """What is wrong with the parameters of one place, `path` or `query`."""
    found: FieldErrors = []
    for parameter in _parameters(path, method):
        if parameter["in"] != place or parameter["name"] not in values:
            continue
        value = _parsed(values[parameter["name"]], parameter["schema"])
        validator = Draft202012Validator(_rebased(parameter["schema"]), registry=_registry())
        for _, code, message in field_errors(validator.iter_errors(value)):
            found.append(([parameter["name"]], code, message))
    return found


def _parameters(path: str, method: str) -> list[Json]:
    operation = _operation(path, method) or {}
    shared = document()["paths"].get(path, {}).get("parameters", [])
    return [*shared, *operation.get("parameters", [])]


def _rebased(schema: Json) -> Json:
    if "$ref" in schema:
        return {"$ref": _LENIENT + schema["$ref"]}
    return schema


def _parsed(raw: str, schema: Json) -> Any:
    if schema.get("type") == "boolean" and raw in _TRUE | _FALSE:
        return raw in _TRUE
    if schema.get("type") == "integer" and raw.removeprefix("-").isdigit():
        return int(raw)
    return raw


def response_errors(path: str, method: str, status: int, body: Any) -> FieldErrors:
    """Where an answer of ours differs from the description. Empty when it conforms."""
    responses = (_operation(path, method) or {}).get("responses", {})
    described = responses.get(str(status))
    if described is None:
        return [([], "STATUS", f"status {status} is not described; described are {', '.join(responses)}")]
    if "content" not in described:
        return []
    pointer = ("paths", path, method.lower(), "responses", str(status), "content", "application/json", "schema")
    return field_errors(_validator(_STRICT, *pointer).iter_errors(body))
