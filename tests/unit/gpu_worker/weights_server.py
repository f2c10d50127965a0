"""A web server that serves weights, and every way in which such servers go wrong, on request."""

import hashlib
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One request, as it came."""

    path: str
    range: str | None
    if_range: str | None
    authorization: str | None


@dataclass
class Faults:
    """What goes wrong. Counts of bytes are per answer."""

    cut_after: int | None = None
    stall_after: int | None = None
    stall_s: float = 5.0
    drip: bool = False
    delay_s: float = 0.0
    ignores_ranges: bool = False
    lies_about_place: bool = False
    claims_more: int = 0
    claims_less: int = 0
    wrong_byte_at: int | None = None
    statuses: list[int] = field(default_factory=list)  # answered first, one a request
    always_status: int | None = None
    retry_after: str | None = None
    etags: bool = True
    token: str | None = None  # wanted as a bearer
    redirect_to: str | None = None
    guards_redirects: bool = False  # the token is wanted before the redirect, not only for files
    disposition: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


class WeightsServer:
    """Serves `files` by path, query left out. `host` may be 127.0.0.1 or localhost: two hosts to a client."""

    def __init__(self, files: dict[str, bytes], *, host: str = "127.0.0.1") -> None:
        self.files = files
        self.faults = Faults()
        self.asked: list[Asked] = []
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"web": self}))
        self._server.daemon_threads = True
        self.url = f"http://{host}:{self._server.server_port}"

    @contextmanager
    def running(self) -> Iterator["WeightsServer"]:
        threading.Thread(target=lambda: self._server.serve_forever(poll_interval=0.01), daemon=True).start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()

    def bodies_asked(self) -> list[str]:
        """The ranges that were asked for, without the first question after one byte."""
        return [asked.range or "all" for asked in self.asked if asked.range != "bytes=0-0"]

    @contextmanager
    def counting(self) -> Iterator[None]:
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            yield
        finally:
            with self._lock:
                self._at_once -= 1


class _Handler(BaseHTTPRequestHandler):
    web: WeightsServer
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        with self.web.counting():
            self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        headers = self.headers
        path = self.path.partition("?")[0]
        self.web.asked.append(Asked(self.path, headers["Range"], headers["If-Range"], headers["Authorization"]))
        faults = self.web.faults
        status = faults.statuses.pop(0) if faults.statuses else faults.always_status
        if faults.token is not None and headers["Authorization"] != f"Bearer {faults.token}":
            status = 401
        if faults.redirect_to is not None and not (status == 401 and faults.guards_redirects):
            self._short(302, {"Location": f"{faults.redirect_to}{self.path}"})
        elif status is not None:
            self._short(status, {"Retry-After": faults.retry_after} if faults.retry_after else {})
        elif path not in self.web.files:
            self._short(404, {})
        else:
            self._file(self.web.files[path], faults, with_body=with_body)

    def _short(self, status: int, extra: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": "0", **extra}.items():
            self.send_header(name, value)
        self.end_headers()

    def _file(self, content: bytes, faults: Faults, *, with_body: bool) -> None:
        etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        part = self._part(len(content), etag)
        first, last = part or (0, len(content) - 1)
        body = _spoilt(content[first : last + 1], first, faults)
        is_question = len(body) == 1
        self.send_response(206 if part else 200)
        self.send_header("Content-Length", str(len(body) + (0 if is_question else faults.claims_more)))
        if part:
            place = first + 7 if faults.lies_about_place and not is_question else first
            self.send_header("Content-Range", f"bytes {place}-{last}/{len(content)}")
        if faults.etags:
            self.send_header("ETag", etag)
        for name, value in faults.headers.items():
            self.send_header(name, value)
        if faults.disposition:
            self.send_header("Content-Disposition", f'attachment; filename="{faults.disposition}"')
        self.end_headers()
        if with_body:
            self._send(body, faults, is_question=is_question)

    def _part(self, size: int, etag: str) -> tuple[int, int] | None:
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers["Range"] or "")
        if found is None or self.web.faults.ignores_ranges or self.headers["If-Range"] not in {None, etag}:
            return None
        return int(found.group(1)), min(int(found.group(2) or size - 1), size - 1)

    def _send(self, body: bytes, faults: Faults, *, is_question: bool) -> None:
        time.sleep(faults.delay_s)
        if is_question:
            self.wfile.write(body)
        elif faults.stall_after is not None:
            self._write(body[: faults.stall_after])
            time.sleep(faults.stall_s)
            self.close_connection = True
        elif faults.drip:
            for byte in body[:200]:
                self._write(bytes([byte]))
                time.sleep(0.02)
            self.close_connection = True
        else:
            self._write(body[: faults.cut_after])
            self.close_connection = faults.cut_after is not None or bool(faults.claims_more)

    def _write(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            return  # the client hung up, as it may

    def log_message(self, *_args: Any) -> None:
        pass


def _spoilt(body: bytes, first: int, faults: Faults) -> bytes:
    changed = bytearray(body)
    place = faults.wrong_byte_at
    if place is not None and first <= place < first + len(body):
        changed[place - first] ^= 0xFF
    kept = len(body) - faults.claims_less if len(body) > 1 else len(body)
    return bytes(changed[:kept])


def safetensors_bytes(size: int, *, seed: int = 0) -> bytes:
    """A well-formed safetensors file of about `size` bytes, incompressible and different for each seed."""
    data = hashlib.shake_256(str(seed).encode()).digest(size)
    header = f'{{"tensor":{{"dtype":"U8","shape":[{size}],"data_offsets":[0,{size}]}}}}'.encode()
    return len(header).to_bytes(8, "little") + header + data
