"""The body of a create call, checked as Vast documents it. Pure."""

import shlex
from dataclasses import dataclass, field
from typing import Any

from sandbox.vast.errors import ApiError, Json, invalid_args

COMMAND_CHARS = 4096
ENV_VALUE_CHARS = 256
ENV_TOTAL_BYTES = 32 * 1024
LABEL_CHARS = 256
MIN_DISK_GB = 8
MIN_BID_USD = 0.001
MAX_BID_USD = 128.0
DOCKER_FLAGS = ("-p ", "-v ", "-n ", "-h ")


@dataclass(frozen=True)
class Order:
    """What a create call asks for. `price` present means an interruptible bid in $/h for the machine."""

    image: str
    disk_gb: float = 10.0
    env: dict[str, str] = field(default_factory=dict)
    args: tuple[str, ...] = ()
    onstart: str | None = None
    runtype: str = "ssh"
    label: str | None = None
    price: float | None = None
    target_state: str = "running"
    cancel_unavail: bool = True

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables, without the docker flags that Vast carries in the same dict."""
        return {name: value for name, value in self.env.items() if not name.startswith(DOCKER_FLAGS)}

    @property
    def ports(self) -> list[str]:
        """Container ports asked for, as `8000/tcp`."""
        asked = (name[3:].strip() for name in self.env if name.startswith("-p "))
        inner = (port.rpartition(":")[2] for port in asked)
        return [port if "/" in port else f"{port}/tcp" for port in inner]


def parse_order(body: Json) -> Order:
    """An order from a create body, or ApiError 400 that names the wrong argument."""
    if body.get("template_hash_id"):
        raise invalid_args("template_hash_id: templates are not in the sandbox, send image, env and args")
    order = Order(
        image=_image(body),
        disk_gb=_number(body, "disk", 10.0),
        env=_env(body.get("env")),
        args=_args(body),
        onstart=body.get("onstart"),
        runtype=str(body.get("runtype") or "ssh"),
        label=_label(body.get("label")),
        price=None if body.get("price") is None else _number(body, "price", 0.0),
        target_state=str(body.get("target_state") or "running"),
        cancel_unavail=body.get("cancel_unavail") is not False,
    )
    _check_limits(order)
    return order


def check_label(label: Any) -> str | None:
    """A label as it is kept, or ApiError 400."""
    return _label(label)


def check_price(price: Any) -> float:
    """A bid in $/h, or ApiError 400 `invalid_price`."""
    usable = isinstance(price, int | float) and not isinstance(price, bool)
    if not usable or not MIN_BID_USD <= price <= MAX_BID_USD:
        raise ApiError(400, "invalid_price", f"price must be {MIN_BID_USD}..{MAX_BID_USD} $/h, got {price!r}")
    return float(price)


def _image(body: Json) -> str:
    image = body.get("image")
    if not isinstance(image, str) or not image.strip():
        raise invalid_args("image is required")
    return image.strip()


def _number(body: Json, name: str, default: float) -> float:
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid_args(f"{name} must be a number, got {value!r}")
    return float(value)


def _env(env: Any) -> dict[str, str]:
    if env is None:
        return {}
    if not isinstance(env, dict):
        raise invalid_args("env must be an object of names and values")
    return {str(name): str(value) for name, value in env.items()}


def _args(body: Json) -> tuple[str, ...]:
    args = body.get("args") if body.get("args") is not None else body.get("args_str")
    if args is None:
        return ()
    if isinstance(args, str):
        return tuple(shlex.split(args))
    if not isinstance(args, list):
        raise invalid_args("args must be a list of strings")
    return tuple(str(arg) for arg in args)


def _label(label: Any) -> str | None:
    if label is None:
        return None
    if not isinstance(label, str) or len(label) > LABEL_CHARS:
        raise invalid_args(f"label must be a text of at most {LABEL_CHARS} characters")
    return label


def _check_limits(order: Order) -> None:
    command = len(" ".join(order.args)) + len(order.onstart or "")
    if command > COMMAND_CHARS:
        raise invalid_args(f"args and onstart together are {command} characters, at most {COMMAND_CHARS}")
    for name, value in order.env.items():
        if len(value) > ENV_VALUE_CHARS:
            raise invalid_args(f"env {name} has {len(value)} characters, at most {ENV_VALUE_CHARS}")
    total = sum(len(f"{name}={value}".encode()) for name, value in order.env.items())
    if total > ENV_TOTAL_BYTES:
        raise invalid_args(f"env is {total} bytes in all, at most {ENV_TOTAL_BYTES}")
    if order.disk_gb < MIN_DISK_GB:
        raise invalid_args(f"disk must be at least {MIN_DISK_GB} GB, got {order.disk_gb}")
    if order.price is not None:
        check_price(order.price)
