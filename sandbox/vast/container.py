"""What a rented machine would run: argv and environment of a container, from the create body alone.

Pure but for looking up whether the command exists.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.vast.instances import Instance

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class ContainerRefusedError(Exception):
    """Docker would not make this container; the text is what `status_msg` then says."""


@dataclass(frozen=True)
class ImageStandIn:
    """What the image of a real machine would have baked in, on this machine instead."""

    python: str
    workdir: Path
    variables: Mapping[str, str]


@dataclass(frozen=True)
class Launch:
    """A process to start. `keeps_running`: ssh and jupyter containers outlive their onstart script."""

    argv: tuple[str, ...]
    env: dict[str, str]
    cwd: Path
    home: Path
    log_path: Path
    keeps_running: bool


def build_launch(instance: Instance, image: ImageStandIn, folder: Path) -> Launch | None:
    """The process of an instance, None for an ssh container without onstart. ContainerRefusedError as docker would."""
    home = folder / "home"
    env = environment(instance, image, home)
    argv = _argv(instance, image)
    if argv is None:
        return None
    if shutil.which(argv[0], path=env["PATH"]) is None:
        raise ContainerRefusedError(
            "OCI runtime create failed: runc create failed: unable to start container process: "
            f'exec: "{argv[0]}": executable file not found in $PATH: unknown'
        )
    return Launch(argv, env, image.workdir, home, folder / "container.log", _outlives_onstart(instance))


def environment(instance: Instance, image: ImageStandIn, home: Path) -> dict[str, str]:
    """Base system, then the image, then the create body's env, then what Vast sets; nothing of ours."""
    base = {
        "PATH": f"{Path(image.python).parent}:{SYSTEM_PATH}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TMPDIR": str(home / "tmp"),
    }
    return {**base, **image.variables, **instance.order.variables, **vast_variables(instance, home)}


def vast_variables(instance: Instance, home: Path) -> dict[str, str]:
    """What Vast's documentation says each container gets."""
    ports = {
        f"VAST_{port.partition('/')[2].upper()}_PORT_{port.partition('/')[0]}": port.partition("/")[0]
        for port in instance.order.ports
    }
    return {
        "CONTAINER_ID": str(instance.instance_id),
        "CONTAINER_API_KEY": instance.key,
        "VAST_CONTAINERLABEL": f"C.{instance.instance_id}",
        "PUBLIC_IPADDR": instance.offer.ip,
        "GPU_COUNT": str(instance.offer.stand.num_gpus),
        "DATA_DIRECTORY": f"{home / 'workspace'}/",
        "JUPYTER_TOKEN": instance.jupyter_token,
        **ports,
    }


def _outlives_onstart(instance: Instance) -> bool:
    return "args" not in instance.order.runtype


def _argv(instance: Instance, image: ImageStandIn) -> tuple[str, ...] | None:
    order = instance.order
    if _outlives_onstart(instance):
        return ("bash", "-c", order.onstart) if order.onstart else None
    if not order.args:
        raise ContainerRefusedError("OCI runtime create failed: no command specified: the image has no entrypoint")
    command, *rest = order.args
    return (image.python if command in ("python", "python3") else command, *rest)
