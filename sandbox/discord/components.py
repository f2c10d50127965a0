"""Buttons, selects and layouts: Discord's rules beyond the schema, and the form in which it gives them back."""

from collections.abc import Iterator
from typing import Any

from sandbox.discord.errors import FieldErrors, Json, invalid_form

ACTION_ROW, BUTTON, STRING_SELECT, TEXT_INPUT = 1, 2, 3, 4
SELECTS = (3, 5, 6, 7, 8)
SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER, LABEL = 9, 10, 11, 12, 13, 14, 17, 18
LINK_STYLE, PREMIUM_STYLE = 5, 6
MAX_ROWS, MAX_BUTTONS, MAX_V2 = 5, 5, 40


def walk(components: list[Json]) -> Iterator[tuple[list[str | int], Json]]:
    """Every component with its path, outer ones first."""
    for index, component in enumerate(components):
        yield [index], component
        for path, inner in walk(component.get("components") or []):
            yield [index, "components", *path], inner
        for key in ("accessory", "component"):
            if isinstance(component.get(key), dict):
                for path, inner in walk([component[key]]):
                    yield [index, key, *path[1:]], inner


def check(components: list[Json], *, layout_v2: bool) -> None:
    """Discord's rules for the components of a message.

    Raises:
        ApiError: 50035 with every broken rule.
    """
    errors: FieldErrors = []
    found = list(walk(components))
    limit = MAX_V2 if layout_v2 else MAX_ROWS
    if len(found if layout_v2 else components) > limit:
        errors.append(([], "BASE_TYPE_BAD_LENGTH", f"Must be {limit} or fewer in length."))
    for path, component in found:
        errors.extend((path + extra, code, text) for extra, code, text in _broken_rules(component, layout_v2))
    errors.extend(_duplicate_ids(found))
    if errors:
        raise invalid_form([(["components", *path], code, text) for path, code, text in errors])


def _broken_rules(component: Json, layout_v2: bool) -> FieldErrors:
    kind = component.get("type")
    if kind == ACTION_ROW:
        return _row_errors(component)
    if kind == BUTTON:
        return _button_errors(component)
    if kind == STRING_SELECT:
        return _select_errors(component)
    if not layout_v2 and kind in (SECTION, TEXT, GALLERY, FILE, SEPARATOR, CONTAINER):
        return [(["type"], "UNION_TYPE_CHOICES", "Value of field 'type' must be one of (1,).")]
    return []


def _row_errors(row: Json) -> FieldErrors:
    inner = row.get("components") or []
    selects = [each for each in inner if each.get("type") in SELECTS]
    if selects and len(inner) > 1:
        text = "A select takes a whole row: no other component fits in."
        return [(["components"], "COMPONENT_LAYOUT_WIDTH_EXCEEDED", text)]
    return []


def _button_errors(button: Json) -> FieldErrors:
    errors: FieldErrors = []
    if button["style"] == LINK_STYLE:
        if not button.get("url"):
            errors.append((["url"], "BASE_TYPE_REQUIRED", "A url is required"))
        if button.get("custom_id"):
            errors.append((["custom_id"], "BUTTON_COMPONENT_CUSTOM_ID_URL_EXCLUSIVE", "Not with a url."))
    elif button["style"] != PREMIUM_STYLE:
        if not button.get("custom_id"):
            errors.append((["custom_id"], "BASE_TYPE_REQUIRED", "A custom id is required"))
        if button.get("url"):
            errors.append((["url"], "BUTTON_COMPONENT_INVALID_URL", "Only link buttons have a url."))
    if button["style"] != PREMIUM_STYLE and not button.get("label") and not button.get("emoji"):
        errors.append((["label"], "BUTTON_COMPONENT_LABEL_REQUIRED", "A label or an emoji is required"))
    return errors


def _select_errors(select: Json) -> FieldErrors:
    errors: FieldErrors = []
    values = [option["value"] for option in select.get("options") or []]
    if len(set(values)) < len(values):
        errors.append((["options"], "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "Values must be unique."))
    if (select.get("min_values") or 0) > (select.get("max_values") or 1):
        errors.append((["min_values"], "NUMBER_TYPE_MAX", "min_values is above max_values."))
    return errors


def _duplicate_ids(found: list[tuple[list[str | int], Json]]) -> FieldErrors:
    seen: set[str] = set()
    errors: FieldErrors = []
    for path, component in found:
        custom_id = component.get("custom_id")
        if custom_id in seen:
            text = "Component custom id cannot be duplicated"
            errors.append(([*path, "custom_id"], "COMPONENT_CUSTOM_ID_DUPLICATED", text))
        if custom_id:
            seen.add(custom_id)
    return errors


def without_nulls(value: Any) -> Any:
    """The same, without fields that are null: Discord leaves them out of what it gives back."""
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


_SELECT_DEFAULTS: Json = {"min_values": 1, "max_values": 1, "disabled": False}
_DEFAULTS: dict[int, Json] = {
    **dict.fromkeys(SELECTS, _SELECT_DEFAULTS),
    SEPARATOR: {"spacing": 1, "divider": True},
    CONTAINER: {"accent_color": None, "spoiler": False},
}


class Rendered:
    """Turns request components into the ones that Discord gives back: ids counted, defaults filled."""

    def __init__(self, attachments: list[Json], media_id: str) -> None:
        self._attachments = {each["filename"]: each for each in attachments}
        self._media_id = media_id
        self._next_id = 1

    def all(self, components: list[Json]) -> list[Json]:
        return [self._one(component) for component in components]

    def _one(self, component: Json) -> Json:
        body: Json = without_nulls({key: value for key, value in component.items() if key != "required"})
        body["id"] = component.get("id") or self._counted()
        if "components" in body:
            body["components"] = self.all(body["components"])
        for key in ("accessory", "component"):
            if isinstance(body.get(key), dict):
                body[key] = self._one(body[key])
        return self._with_defaults(body)

    def _counted(self) -> int:
        number = self._next_id
        self._next_id += 1
        return number

    def _with_defaults(self, body: Json) -> Json:
        kind = body["type"]
        if kind == GALLERY:
            return body | {"items": [self._item(item) for item in body["items"]]}
        if kind == THUMBNAIL:
            return self._item(body)
        if kind == FILE:
            return self._file(body)
        return _DEFAULTS.get(kind, {}) | body

    def _item(self, item: Json) -> Json:
        return {"description": None, "spoiler": False} | item | {"media": self.media(item["media"]["url"])}

    def _file(self, body: Json) -> Json:
        media = self.media(body["file"]["url"])
        attachment = self._attachments.get(_referenced(body["file"]["url"]), {})
        named = {"name": attachment.get("filename"), "size": attachment.get("size")}
        return {"spoiler": False} | body | named | {"file": media}

    def media(self, url: str) -> Json:
        """The unfurled form of a media url; `attachment://name` becomes the attachment's address."""
        attachment = self._attachments.get(_referenced(url))
        if attachment is None:
            return {"id": self._media_id, "url": url, "proxy_url": url, "width": None, "height": None}
        return {
            "id": attachment["id"],
            "url": attachment["url"],
            "proxy_url": attachment["proxy_url"],
            "width": attachment.get("width"),
            "height": attachment.get("height"),
            "content_type": attachment["content_type"],
            "attachment_id": attachment["id"],
        }


def _referenced(url: str) -> str:
    return url.removeprefix("attachment://") if url.startswith("attachment://") else ""


def find(components: list[Json], *, custom_id: str | None = None, label: str | None = None) -> Json | None:
    """The first interactive component with this custom_id, label or (for selects) placeholder."""
    for _, component in walk(components):
        if custom_id is not None and component.get("custom_id") == custom_id:
            return component
        if label is not None and label in _names(component):
            return component
    return None


def _names(component: Json) -> list[Any]:
    emoji = (component.get("emoji") or {}).get("name")
    text = component.get("label")
    return [text, component.get("placeholder"), emoji, f"{emoji} {text}"]
