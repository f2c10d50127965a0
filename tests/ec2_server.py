"""moto's EC2 with refusals in front of it, in a thread of its own."""

import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

REGION = "eu-central-1"
_Start = Callable[..., Any]


class Ec2Server:
    """`refuse("StartInstances", "InsufficientInstanceCapacity")`: the next such call is answered so, and not done.

    `lose("StartInstances")`: it is done, and then the answer is a 503 without any code of EC2's.
    """

    def __init__(self) -> None:
        self._app = DomainDispatcherApplication(create_backend_app)
        self._refusals: dict[str, tuple[str, int]] = {}
        self._lost: set[str] = set()
        self.impaired = False
        self.asked: list[str] = []
        self._server: BaseWSGIServer = make_server("127.0.0.1", 0, self._answer, threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()

    def refuse(self, action: str, code: str, *, status: int = 400) -> None:
        self._refusals[action] = (code, status)

    def lose(self, action: str) -> None:
        self._lost.add(action)

    def client(self) -> Any:
        return boto3.client("ec2", region_name=REGION, endpoint_url=self.url)

    def instance(self) -> str:
        """A stopped instance, as an owner made it."""
        ec2 = self.client()
        (made,) = ec2.run_instances(ImageId="ami-12c6146b", InstanceType="g5.xlarge", MinCount=1, MaxCount=1)[
            "Instances"
        ]
        ec2.stop_instances(InstanceIds=[made["InstanceId"]])
        return str(made["InstanceId"])

    def state(self, instance_id: str) -> str:
        (group,) = self.client().describe_instances(InstanceIds=[instance_id])["Reservations"]
        return str(group["Instances"][0]["State"]["Name"])

    def _answer(self, environ: dict[str, Any], start_response: _Start) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        action = parse_qs(body.decode()).get("Action", [""])[0]
        self.asked.append(action)
        if action in self._refusals:
            return _error(*self._refusals.pop(action), start_response)
        environ["wsgi.input"] = _Body(body)
        if self.impaired and action == "DescribeInstanceStatus":
            answer = b"".join(self._app(environ, lambda *_: None)).replace(b"<status>ok<", b"<status>impaired<")
            return _send("200 OK", "text/xml", answer, start_response)
        if action not in self._lost:
            passed: Iterable[bytes] = self._app(environ, start_response)
            return passed
        self._lost.discard(action)
        list(self._app(environ, lambda *_: None))
        return _send("503 Service Unavailable", "text/plain", b"upstream timed out", start_response)


class _Body:
    """A request's body that may be read once more."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, size: int = -1) -> bytes:
        part, self._content = self._content[: size if size >= 0 else None], b"" if size < 0 else self._content[size:]
        return part


def _error(code: str, status: int, start_response: _Start) -> list[bytes]:
    said = f"<Error><Code>{code}</Code><Message>refused by the test</Message></Error>"
    body = f"<Response><Errors>{said}</Errors><RequestID>1</RequestID></Response>"
    return _send(f"{status} Refused", "text/xml", body.encode(), start_response)


def _send(status: str, kind: str, body: bytes, start_response: _Start) -> list[bytes]:
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]
