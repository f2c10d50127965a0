"""Uploaded files: kept on disk under the data directory, described as Discord's attachment objects."""

import mimetypes
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from sandbox.discord.errors import Json
from sandbox.discord.snowflake import Snowflakes

DEFAULT_LIMIT_BYTES = 10 * 1024 * 1024
REQUEST_LIMIT_BYTES = 25 * 1024 * 1024 + 1024 * 1024  # files plus the form around them
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_MAX_NAME = 200


@dataclass(frozen=True)
class Upload:
    """A file as it came in a request: its part's index (files[n]), name and bytes."""

    index: int
    filename: str
    content_type: str
    data: bytes


def safe_name(filename: str) -> str:
    """The name under which Discord would serve the file: spaces and odd characters become underscores."""
    name = _UNSAFE.sub("_", filename.replace("\\", "/").rsplit("/", 1)[-1]).strip("._") or "file"
    return name[-_MAX_NAME:]


class AttachmentStore:
    """Writes uploads to `<root>/<channel>/<attachment>/<name>` and knows their addresses."""

    def __init__(self, root: Path, snowflakes: Snowflakes) -> None:
        self._root = root
        self._snowflakes = snowflakes
        self.base_url = ""

    def clear(self) -> None:
        """Forgets the files of an earlier run."""
        shutil.rmtree(self._root, ignore_errors=True)
        self._root.mkdir(parents=True)

    def save(self, upload: Upload, channel_id: str, *, description: str | None, ephemeral: bool = False) -> Json:
        """Keeps the file and gives its attachment object (sizes in bytes and pixels)."""
        attachment_id, name = self._snowflakes.next(), safe_name(upload.filename)
        folder = self._root / channel_id / attachment_id
        folder.mkdir(parents=True)
        path = folder / name
        path.write_bytes(upload.data)
        url = f"{self.base_url}/attachments/{channel_id}/{attachment_id}/{name}"
        body: Json = {
            "id": attachment_id,
            "filename": name,
            "size": len(upload.data),
            "url": url,
            "proxy_url": url,
            "content_type": _content_type(name, upload.content_type),
        }
        if description is not None:
            body["description"] = description
        if ephemeral:
            body["ephemeral"] = True
        return body | _dimensions(path)

    def path(self, channel_id: str, attachment_id: str, name: str) -> Path | None:
        """Where a file lies, or None when there is no such attachment."""
        if not (channel_id.isdigit() and attachment_id.isdigit() and safe_name(name) == name):
            return None
        path = self._root / channel_id / attachment_id / name
        return path if path.is_file() else None


def _content_type(name: str, declared: str) -> str:
    guessed, _ = mimetypes.guess_type(name)
    return guessed or declared or "application/octet-stream"


def _dimensions(path: Path) -> Json:
    try:
        with Image.open(path) as image:
            return {"width": image.width, "height": image.height}
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        return {}
