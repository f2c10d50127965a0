"""`make test-compose`: builds the images, brings everything up against the sandbox, draws one picture, takes all down.

Needs a Docker engine and Compose, no GPU and no account anywhere. The first build fetches about 6 GB.
"""

import io
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

import requests
from PIL import Image

from sandbox.studio import Studio, StudioError, free_port
from tests.compose.project import ComposeProject, DockerError, find_docker

FILES = ("docker-compose.yml", "docker/compose.sandbox.yml")
SERVICES = {"redis", "postgres", "bot", "courier", "provisioner", "flower", "sandbox-discord", "sandbox-vast"}
IMAGES = {
    "EASEL_CONTROL_IMAGE": "easel-control:test",
    "EASEL_GPU_IMAGE": "easel-gpu:test",
    "EASEL_SANDBOX_IMAGE": "easel-sandbox:test",
}
INSIDE = "http://sandbox-discord:8400"  # the local Discord's address among the containers
QUEUES = {"control", "gpu.tiny-sdxl"}
TASKS = {"gpu_worker.render", "courier.rendered"}
HEALTH_TIMEOUT_S = 180
PICTURE_TIMEOUT_S = 300
IDLE_TIMEOUT_S = 180
FLOWER_TIMEOUT_S = 20
LOG_LINES = 60

_Found = TypeVar("_Found")
_started_at = time.monotonic()


def main() -> int:
    """0 where the picture was posted, Flower was closed to strangers and the rented machine is gone; else 1."""
    ports = {name: free_port() for name in ("discord", "vast", "redis", "flower")}
    secret = {name: secrets.token_hex(16) for name in ("redis", "postgres", "flower", "discord", "vast")}
    with tempfile.TemporaryDirectory(prefix="easel-compose-") as folder:
        env_file = Path(folder) / "env"
        env_file.touch(mode=0o600)
        env_file.write_text(environment(ports, secret))
        try:
            project = ComposeProject(
                f"easel-test-{secrets.token_hex(3)}", files=FILES, env_file=env_file, docker=find_docker()
            )
            build(project)
            return run(project, Studio(Path(folder), ports=ports), f"easel:{secret['flower']}")
        except DockerError as error:
            say(f"FAILED: {error}")
            return 1


def environment(ports: dict[str, int], secret: dict[str, str]) -> str:
    """What `.env` would hold."""
    values = {
        **IMAGES,
        "EASEL_REDIS_PASSWORD": secret["redis"],
        "EASEL_WORKER_REDIS_URL": "redis://redis:6379/0",
        "POSTGRES_PASSWORD": secret["postgres"],
        "FLOWER_BASIC_AUTH": f"easel:{secret['flower']}",
        "DISCORD_TOKEN": secret["discord"],
        "VAST_API_KEY": secret["vast"],
        "EASEL_CONFIG_FOLDER": "./sandbox/config",
        "EASEL_REDIS_PUBLISH": f"127.0.0.1:{ports['redis']}",
        "EASEL_FLOWER_PORT": str(ports["flower"]),
        "SANDBOX_DISCORD_PORT": str(ports["discord"]),
        "SANDBOX_VAST_PORT": str(ports["vast"]),
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())


def build(project: ComposeProject) -> None:
    """The control plane's image, the GPU worker's, and the sandbox's on top of that."""
    gpu = "docker/gpu.Dockerfile"
    for dockerfile, target, tag in (
        ("docker/control.Dockerfile", "control", IMAGES["EASEL_CONTROL_IMAGE"]),
        (gpu, "worker", IMAGES["EASEL_GPU_IMAGE"]),
        (gpu, "sandbox", IMAGES["EASEL_SANDBOX_IMAGE"]),
    ):
        say(f"building {tag} …")
        project.build(dockerfile, tag=tag, target=target, release="test")


def run(project: ComposeProject, studio: Studio, credentials: str) -> int:
    """Everything up, one picture, everything down, whatever happens between."""
    problem = ""
    try:
        project.validate(profile="gpu")  # its worker needs a card, so this is as far as it goes
        say(f"starting {project.name} …")
        project.up()
        story(project, studio, credentials)
    except (DockerError, StudioError, requests.RequestException) as error:
        problem = str(error)
        say(f"FAILED: {problem}\nThe last words of every service:\n{project.logs(lines=LOG_LINES)}")
    finally:
        say("taking everything down …")
        left = project.down()
    if left:
        say(f"FAILED: left behind: {', '.join(left)}")
    if problem or left:
        return 1
    say("everything held: the compose files bring up a studio that draws, and nothing of it is left")
    return 0


def story(project: ComposeProject, studio: Studio, credentials: str) -> None:
    """What a member, an owner and a stranger see."""
    wait_for("every service to be healthy", lambda: all_healthy(project), timeout_s=HEALTH_TIMEOUT_S)
    say("publishing the commands …")
    say(project.execute("bot", "python", "-m", "bot", "sync").strip())
    wait_for("the bot at the gateway", lambda: studio.discord("GET", "health")["gateway_connections"], timeout_s=30)
    say("member-1 types /imagine …")
    message_id = studio.imagine(prompt="a lighthouse in the fog", seed=7)["message"]["id"]
    picture = wait_for("the picture", lambda: the_picture(studio, message_id), timeout_s=PICTURE_TIMEOUT_S)
    say(f"the message carries a picture: {picture.format}, {picture.width}x{picture.height}")
    check_flower(studio, credentials)
    wait_for("the rented machine to be destroyed", lambda: rented_and_gone(studio), timeout_s=IDLE_TIMEOUT_S)


def all_healthy(project: ComposeProject) -> bool:
    """True once each service is; an ended or unhealthy one is reported at once."""
    health = project.health()
    sick = {name: state for name, state in health.items() if state not in {"healthy", "starting"}}
    if sick:
        message = ", ".join(f"{name} is {state}" for name, state in sick.items())
        raise StudioError(message)
    return set(health) == SERVICES and set(health.values()) == {"healthy"}


def the_picture(studio: Studio, message_id: str) -> Image.Image | None:
    """The picture of a message as a client would load it, decoded; None while there is none."""
    found = [message for message in studio.pictures() if message["id"] == message_id]
    if not found:
        return None
    (attachment,) = found[0]["attachments"]
    outside = {**attachment, "url": attachment["url"].replace(INSIDE, studio.discord_url)}
    image = Image.open(io.BytesIO(studio.download(outside)))
    image.load()
    return image


def check_flower(studio: Studio, credentials: str) -> None:
    """Closed to a stranger; the owner sees the queues and the tasks of both kinds of workers, and changes nothing."""
    owner = requests.Session()
    user, _, password = credentials.partition(":")
    owner.auth = (user, password)
    for page in ("", "/tasks", "/broker", "/api/tasks", "/api/queues/length"):
        expect(requests.get(f"{studio.flower_url}{page}", timeout=10), HTTPStatus.UNAUTHORIZED)
        expect(owner.get(f"{studio.flower_url}{page}", timeout=10), HTTPStatus.OK)
    expect(owner.post(f"{studio.flower_url}/api/worker/shutdown/any", timeout=10), HTTPStatus.FORBIDDEN)
    lengths = owner.get(f"{studio.flower_url}/api/queues/length", timeout=10).json()["active_queues"]
    if missing := QUEUES - {queue["name"] for queue in lengths}:
        message = f"Flower does not show the queues {', '.join(sorted(missing))}"
        raise StudioError(message)

    def shown() -> bool:
        tasks = owner.get(f"{studio.flower_url}/api/tasks", timeout=10).json()
        return {task["name"] for task in tasks.values()} >= TASKS

    wait_for("Flower to list the tasks of both kinds of workers", shown, timeout_s=FLOWER_TIMEOUT_S)
    say(f"Flower turns strangers away and shows the owner {', '.join(sorted(QUEUES | TASKS))}")


def expect(answer: requests.Response, status: HTTPStatus) -> None:
    """Complain where an answer has another status."""
    if answer.status_code != status:
        who = "with the password" if "Authorization" in answer.request.headers else "to a stranger"
        message = f"Flower answered {answer.status_code} {who} at {answer.request.path_url}, not {status}"
        raise StudioError(message)


def rented_and_gone(studio: Studio) -> bool:
    """True once something was rented and no machine bills any more."""
    return bool(studio.instances()) and not studio.rented()


def wait_for(what: str, look: Callable[[], _Found | None], *, timeout_s: float) -> _Found:
    """Look each second until something true comes back; says how long it took."""
    say(f"waiting for {what} …")
    started_at = time.monotonic()
    while time.monotonic() - started_at < timeout_s:
        if found := look():
            say(f"{what}: after {time.monotonic() - started_at:.0f} s")
            return found
        time.sleep(1)
    message = f"waited {timeout_s:.0f} s for {what}, in vain"
    raise StudioError(message)


def say(line: str) -> None:
    """A line of progress for a person, with the minutes since the start."""
    minutes, seconds = divmod(int(time.monotonic() - _started_at), 60)
    sys.stdout.write(f"[{minutes:2}:{seconds:02}] {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
