"""A local RunPod that answers as its documentation of REST v2 says; time is the test's."""

import json
import threading
from collections.abc import Callable
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

KEY = "rpa_test"
PAGE = 2
_GPUS: list[dict[str, Any]] = [
    {"id": "NVIDIA GeForce RTX 4090", "name": "RTX 4090", "memory": 24, "price": {"secure": 0.69, "community": 0.44}},
    {"id": "NVIDIA RTX A5000", "name": "RTX A5000", "memory": 24, "price": {"secure": 0.27, "community": 0.16}},
    {"id": "NVIDIA L4", "name": "L4", "memory": 24, "price": {"secure": 0.43, "community": 0}},
]
_SOLD_OUT = "NVIDIA L4"


class RunPodServer:
    """`fail("POST", 500, "…")`: the next such request is answered so and not done; `lose("POST")`: done, no answer."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.pods: dict[str, dict[str, Any]] = {}
        self.failures: dict[str, tuple[int, Any]] = {}
        self.lost: set[str] = set()
        self.asked: list[tuple[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def fail(self, method: str, status: int, body: Any) -> None:
        self.failures[method] = (status, body)

    def lose(self, method: str) -> None:
        self.lost.add(method)

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        if path == "/v2/catalog/gpus":
            return self._catalogue(query)
        if path == "/v2/pods":
            return self._create(body) if method == "POST" else self._list(query)
        pod_id, _, action = path.removeprefix("/v2/pods/").partition("/")
        pod: dict[str, Any] | None = self.pods.get(unquote(pod_id))
        if pod is None:
            return 404, _problem(404, "pod not found")
        if method == "DELETE":
            del self.pods[pod["id"]]
            return 204, None
        if action == "action" and body["action"] in {"start", "stop"}:
            pod["stopped"] = body["action"] == "stop"
            pod["since"] = self.now()
            return 200, self._shown(pod)
        return (405, _problem(405, "not allowed")) if action else (200, self._shown(pod))

    def _catalogue(self, query: dict[str, list[str]]) -> tuple[int, Any]:
        if "include" in query and "product" not in query:
            return 400, _problem(400, "product is required with include=AVAILABILITY")
        known = {"include", "product", "count", "cloud", "countryCodes", "cudaVersions", "minCudaVersion"}
        if query.keys() - known:
            return 400, _problem(400, "unknown query parameter")
        return 200, {"gpus": [gpu | {"availability": "NONE" if gpu["id"] == _SOLD_OUT else "HIGH"} for gpu in _GPUS]}

    def _create(self, body: dict[str, Any]) -> tuple[int, Any]:
        allowed = {"name", "image", "args", "env", "disk", "gpu", "cloud", "startSsh", "ports", "mounts"}
        if body.keys() - allowed or not body.get("image") or not isinstance(body.get("disk"), int):
            return 400, _problem(400, "request validation failed")
        known = {gpu["id"] for gpu in _GPUS}
        if body["gpu"]["id"] not in known:
            return 400, _problem(400, "unknown gpu")
        pod: dict[str, Any] = {
            "id": f"pod{len(self.asked)}x",
            "body": body,
            "since": self.now(),
            "made": self.now(),
            "stopped": False,
        }
        self.pods[pod["id"]] = pod
        return 201, self._shown(pod)

    def _list(self, query: dict[str, list[str]]) -> tuple[int, Any]:
        start = int(query.get("cursor", ["0"])[0])
        shown = [self._shown(pod) for pod in self.pods.values()]
        following = str(start + PAGE) if start + PAGE < len(shown) else None
        return 200, {"pods": shown[start : start + PAGE], "nextCursor": following}

    def _shown(self, pod: dict[str, Any]) -> dict[str, Any]:
        age_s = (self.now() - pod["since"]).total_seconds()
        rising = "PROVISIONING" if age_s < 1 else "STARTING" if age_s < 20 else "RUNNING"
        return {
            "id": pod["id"],
            "name": pod["body"]["name"],
            "status": "STOPPED" if pod["stopped"] else rising,
            "image": pod["body"]["image"],
            "env": pod["body"]["env"],
            "gpu": {"id": pod["body"]["gpu"]["id"], "count": 1},
            "costPerHr": "0.69",
            "createdAt": pod["made"].isoformat().replace("+00:00", "Z"),
        }


def _problem(status: int, detail: str) -> dict[str, Any]:
    return {"title": "Refused", "status": status, "detail": detail}


def _handler(server: RunPodServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            server.asked.append((self.command, parts.path))
            if self.headers.get("Authorization") != f"Bearer {KEY}":
                return self._send(401, _problem(401, "unauthorized"))
            if self.command in server.failures:
                return self._send(*server.failures.pop(self.command))
            body = json.loads(raw) if raw else None
            status, answer = server.answer(self.command, parts.path, parse_qs(parts.query), body)
            if self.command in server.lost:
                server.lost.discard(self.command)
                self.close_connection = True
                return None
            return self._send(status, answer)

        def _send(self, status: int, body: Any) -> None:
            content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - the library's names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
            pass

    return Handler
