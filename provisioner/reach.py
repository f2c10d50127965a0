"""Under which address a rented machine finds our Redis, and why it may not. Pure."""

import ipaddress
from urllib.parse import urlsplit


def refusal(address: str, *, remote: bool) -> str:
    """Why a machine of this provider could not reach Redis under `address`; "" where nothing speaks against it.

    Args:
        address: EASEL_WORKER_REDIS_URL, or REDIS_URL where that is missing.
        remote: whether the provider's machines are elsewhere.
    """
    remedy = "set EASEL_WORKER_REDIS_URL to an address that is reachable from outside (public or through a tunnel)"
    parts = urlsplit(address)
    if parts.scheme == "unix":
        return f"Redis is a socket on this machine, which no rented machine reaches; {remedy}"
    if remote and is_loopback(parts.hostname or ""):
        return f"Redis is at {parts.hostname}, which a rented machine takes for itself; {remedy}"
    return ""


def is_loopback(host: str) -> bool:
    """Whether a host name or address means the machine that uses it."""
    if host in {"localhost", ""} or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
