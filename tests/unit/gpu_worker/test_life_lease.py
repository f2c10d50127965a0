import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pydantic import SecretStr

from gpu_worker.life_lease import LifeLease, RentedMachine, RentedPod


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Vast:
    """The one route that counts, answering what it is told to, one answer after the other."""

    def __init__(self) -> None:
        self.answers = [200]
        self.asked: list[tuple[str, str, str | None]] = []
        vast = self

        class Handler(BaseHTTPRequestHandler):
            def do_DELETE(self) -> None:
                vast.asked.append(("DELETE", self.path, self.headers["Authorization"]))
                self.send_response(vast.answers.pop(0) if len(vast.answers) > 1 else vast.answers[0])
                self.end_headers()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                vast.asked.append(("POST", body, self.headers["Authorization"]))
                answer = vast.answers.pop(0) if len(vast.answers) > 1 else vast.answers[0]
                self.send_response(200 if answer == 404 else answer)
                self.end_headers()
                self.wfile.write(b'{"errors": [{"message": "no such pod"}]}' if answer == 404 else b'{"data": null}')

            def log_message(self, *_args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def vast() -> Iterator[Vast]:
    server = Vast()
    threading.Thread(target=server.server.serve_forever, daemon=True).start()
    yield server
    server.server.shutdown()
    server.server.server_close()


def test_a_machine_that_is_wanted_stays_alive() -> None:
    """An hour without a job is no reason to die while the provisioner wants it."""
    clock, ends = Clock(), list[str]()
    lease = LifeLease(600, lambda: ends.append("over"), clock=clock)
    for _ in range(10):
        clock.now += 599
        lease.touch()
        assert not lease.look()
    assert ends == []


def test_silence_ends_it_once() -> None:
    """Nobody may be left who would destroy the machine."""
    clock, ends = Clock(), list[str]()
    lease = LifeLease(600, lambda: ends.append("over"), clock=clock)
    clock.now += 601
    assert lease.look()
    assert ends == ["over"]


def test_the_machine_destroys_itself(vast: Vast) -> None:
    """With the key that Vast put on it, which can do nothing else."""
    RentedMachine(vast.url, "1234", SecretStr("key")).destroy()
    assert vast.asked == [("DELETE", "/api/v0/instances/1234/", "Bearer key")]


def test_it_asks_until_it_is_gone(vast: Vast) -> None:
    """Each refused attempt would leave a machine that costs money; gone already is success."""
    vast.answers = [500, 429, 404]
    pauses: list[float] = []
    RentedMachine(vast.url, "1", SecretStr("key")).destroy(sleep=pauses.append)
    assert len(vast.asked) == 3
    assert pauses == [2.0, 5.0]


def test_a_pod_destroys_itself(vast: Vast) -> None:
    """At RunPod an answer of 200 may still carry a refusal."""
    vast.answers = [500, 404, 200]
    pauses: list[float] = []
    RentedPod(vast.url, "pod-1", SecretStr("key")).destroy(sleep=pauses.append)
    assert len(pauses) == 2
    (verb, body, key) = vast.asked[-1]
    assert (verb, key) == ("POST", "Bearer key")
    assert "podTerminate" in body
    assert '"id": "pod-1"' in body


def test_no_answer_is_asked_again() -> None:
    """The network is what is broken when this runs."""
    machine = RentedMachine("http://127.0.0.1:9", "1", SecretStr("key"))

    class Enough(Exception):  # noqa: N818
        pass

    def stop(_seconds: float) -> None:
        raise Enough

    with pytest.raises(Enough):
        machine.destroy(sleep=stop)
