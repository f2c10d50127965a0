"""Embeds: the rules beyond the schema, and the form in which Discord gives them back."""

from sandbox.discord.errors import Json, bad_field

_MAX_CHARACTERS = 6000
_MEDIA = ("image", "thumbnail")


def check(embeds: list[Json]) -> None:
    """All embeds of a message hold 6000 characters together.

    Raises:
        ApiError: 50035.
    """
    if sum(_characters(embed) for embed in embeds) > _MAX_CHARACTERS:
        text = f"Embed size exceeds maximum size of {_MAX_CHARACTERS}"
        raise bad_field(["embeds"], "MAX_EMBED_SIZE_EXCEEDED", text)


def _characters(embed: Json) -> int:
    texts = [embed.get("title"), embed.get("description")]
    texts += [(embed.get(part) or {}).get(key) for part, key in (("footer", "text"), ("author", "name"))]
    for field in embed.get("fields") or []:
        texts += [field.get("name"), field.get("value")]
    return sum(len(text or "") for text in texts)


def referenced_files(embeds: list[Json]) -> set[str]:
    """File names that embeds show as `attachment://name`."""
    urls = [(embed.get(key) or {}).get("url") or "" for embed in embeds for key in _MEDIA]
    return {url.removeprefix("attachment://") for url in urls if url.startswith("attachment://")}


def rendered(embeds: list[Json], attachments: list[Json]) -> list[Json]:
    by_name = {each["filename"]: each for each in attachments}
    return [_rendered(embed, by_name) for embed in embeds]


def _rendered(embed: Json, by_name: dict[str, Json]) -> Json:
    body: Json = {key: value for key, value in embed.items() if value is not None}
    body["type"] = "rich"
    for key in _MEDIA:
        if key in body:
            body[key] = _media(body[key], by_name)
    if "fields" in body:
        body["fields"] = [{"inline": False} | field for field in body["fields"]]
    return body


def _media(media: Json, by_name: dict[str, Json]) -> Json:
    attachment = by_name.get(str(media.get("url", "")).removeprefix("attachment://"))
    if attachment is None:
        return {"proxy_url": media.get("url", ""), "width": 0, "height": 0} | media
    return {
        "url": attachment["url"],
        "proxy_url": attachment["proxy_url"],
        "width": attachment.get("width", 0),
        "height": attachment.get("height", 0),
    }
