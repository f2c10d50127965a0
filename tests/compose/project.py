"""One throw-away Compose project: builds images, starts and stops services, and says how they are."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
BUILD_TIMEOUT_S = 3600
START_TIMEOUT_S = 300


class DockerError(Exception):
    """Docker is missing or a command of it failed; the message says which, and how it ended."""


def find_docker() -> str:
    """The first Docker that reaches an engine and builds with BuildKit; `DOCKER` in the environment names another.

    A newer client without its buildx plug-in can talk to the engine, and cannot build.
    """
    named = os.environ.get("DOCKER")
    folders = os.get_exec_path()
    candidates = [named] if named else [found for folder in folders if (found := shutil.which("docker", path=folder))]
    for candidate in candidates:
        probe = subprocess.run(
            [candidate, "build", "--quiet", "--output", "type=tar,dest=/dev/null", "-"],  # leaves no image behind
            input=b"FROM scratch\nLABEL probe=1\n",
            env=_environment(),
            capture_output=True,
            timeout=60,
            check=False,
        )
        if probe.returncode == 0:
            return candidate
    message = f"no Docker here builds with BuildKit (tried: {', '.join(candidates) or 'none on PATH'}); is it running?"
    raise DockerError(message)


def find_compose(docker: str) -> list[str]:
    """`docker compose`, or the older `docker-compose`."""
    plugin = subprocess.run([docker, "compose", "version"], capture_output=True, timeout=60, check=False)
    if plugin.returncode == 0:
        return [docker, "compose"]
    if found := shutil.which("docker-compose"):
        return [found]
    message = "neither `docker compose` nor `docker-compose` is installed"
    raise DockerError(message)


class ComposeProject:
    """Compose files under a project name of their own, with an environment file and nothing from the caller's."""

    def __init__(self, name: str, *, files: Sequence[str], env_file: Path, docker: str) -> None:
        self.name = name
        self._docker = docker
        inputs = [argument for file in files for argument in ("-f", file)]
        self._compose = [*find_compose(docker), "--project-name", name, "--env-file", str(env_file), *inputs]

    def build(self, dockerfile: str, *, tag: str, target: str, release: str) -> None:
        """Build one image, its output on the terminal."""
        options = ["--file", dockerfile, "--target", target, "--tag", tag, "--build-arg", f"EASEL_RELEASE={release}"]
        self._run([self._docker, "build", *options, "."], timeout_s=BUILD_TIMEOUT_S)

    def validate(self, *, profile: str) -> None:
        """Let Compose check the files with this profile, and start nothing."""
        self._output([*self._compose, "--profile", profile, "config", "--quiet"], timeout_s=60)

    def up(self) -> None:
        """Start every service in the background; health is waited for elsewhere."""
        self._run([*self._compose, "up", "--detach", "--no-build"], timeout_s=START_TIMEOUT_S)

    def execute(self, service: str, *command: str) -> str:
        """Run a command in a running service; what it printed."""
        return self._output([*self._compose, "exec", "-T", service, *command], timeout_s=120)

    def health(self) -> dict[str, str]:
        """Service → `healthy`, `starting`, `unhealthy`, or how its container ended."""
        return {
            container["Config"]["Labels"]["com.docker.compose.service"]: _state_of(container["State"])
            for container in self._containers()
        }

    def logs(self, *, lines: int) -> str:
        """The last lines of every service."""
        return self._output([*self._compose, "logs", "--no-color", f"--tail={lines}"], timeout_s=60)

    def down(self) -> list[str]:
        """Remove containers, networks and volumes of this project; what is left of them. Images stay."""
        mounts = [mount for container in self._containers() for mount in container["Mounts"]]
        volumes = {mount["Name"] for mount in mounts if mount["Type"] == "volume"}  # unnamed ones carry no label
        self._run([*self._compose, "down", "--volumes", "--remove-orphans"], timeout_s=START_TIMEOUT_S)
        volumes &= set(self._output([self._docker, "volume", "ls", "--quiet"], timeout_s=30).split())
        return [*self._ids("ps", "--all"), *self._ids("network", "ls"), *self._ids("volume", "ls"), *volumes]

    def _containers(self) -> list[dict[str, Any]]:
        ids = self._ids("ps", "--all")
        if not ids:
            return []
        found: list[dict[str, Any]] = json.loads(self._output([self._docker, "inspect", *ids], timeout_s=30))
        return found

    def _ids(self, *listing: str) -> list[str]:
        label = f"label=com.docker.compose.project={self.name}"
        return self._output([self._docker, *listing, "--quiet", "--filter", label], timeout_s=30).split()

    def _run(self, command: Sequence[str], *, timeout_s: float) -> None:
        """With its output on the terminal."""
        self._finish(command, timeout_s=timeout_s, capture=False)

    def _output(self, command: Sequence[str], *, timeout_s: float) -> str:
        return str(self._finish(command, timeout_s=timeout_s, capture=True).stdout)

    def _finish(self, command: Sequence[str], *, timeout_s: float, capture: bool) -> subprocess.CompletedProcess[str]:
        try:
            finished = subprocess.run(
                command,
                cwd=ROOT,
                env=_environment(),
                timeout=timeout_s,
                check=False,
                capture_output=capture,
                text=True,
            )
        except subprocess.TimeoutExpired as error:
            raise DockerError(str(error)) from error
        if finished.returncode:
            words = f":\n{finished.stdout}{finished.stderr}" if capture else ""
            message = f"{' '.join(command)} ended with {finished.returncode}{words}"
            raise DockerError(message)
        return finished


def _state_of(state: Mapping[str, Any]) -> str:
    if state["Status"] != "running":
        return f"{state['Status']} ({state['ExitCode']})"
    health = state.get("Health", {"Status": "without a health check", "Log": []})
    if health["Status"] != "unhealthy":
        return str(health["Status"])
    return f"unhealthy ({health['Log'][-1]['Output'].strip()})"


def _environment() -> dict[str, str]:
    """What Docker needs and no more: a variable of the caller's shell would win over the environment file."""
    kept = {"PATH", "HOME", "LANG"}
    own = {name: value for name, value in os.environ.items() if name in kept or name.startswith("DOCKER_")}
    return {**own, "DOCKER_BUILDKIT": "1"}
