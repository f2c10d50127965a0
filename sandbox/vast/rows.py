"""The instance row of Vast's API, from an instance. Pure."""

from datetime import datetime
from typing import Any

from sandbox.vast.errors import Json
from sandbox.vast.instances import Instance
from sandbox.vast.phases import WIRE, Phase

SSH_PORT = 22


def instance_row(instance: Instance, now: datetime, *, phase: Phase | None = None) -> Json:
    """A full row, as `/api/v1/instances/` and `/api/v0/instances/<id>/` give it; `phase` for a stale one."""
    shown = phase or instance.phase
    return {
        "id": instance.instance_id,
        "label": instance.label,
        **WIRE[shown]._asdict(),
        "status_msg": instance.status_msg,
        **_times(instance, now),
        **_prices(instance),
        **_container(instance, shown),
        **_machine(instance, shown),
    }


def _times(instance: Instance, now: datetime) -> Json:
    ends_at = instance.created_at.timestamp() + instance.offer.stand.days_left * 86_400
    started = instance.started_at
    return {
        "start_date": None if instance.flaws.null_start_date else instance.created_at.timestamp(),
        "end_date": ends_at,
        "uptime_mins": None if started is None else (now - started).total_seconds() / 60,
    }


def _prices(instance: Instance) -> Json:
    return {
        "dph_base": instance.gpu_usd_per_hour,
        "dph_total": instance.dph_total,
        "is_bid": instance.is_bid,
        "min_bid": instance.offer.min_bid,
        "storage_cost": instance.offer.stand.storage_cost,
        "storage_total_cost": instance.storage_usd_per_hour,
        "inet_down_cost": instance.offer.stand.inet_cost,
        "inet_up_cost": instance.offer.stand.inet_cost,
    }


def _container(instance: Instance, phase: Phase) -> Json:
    order = instance.order
    return {
        "image_uuid": order.image,
        "image_args": list(order.args),
        "image_runtype": order.runtype,
        "onstart": order.onstart,
        "extra_env": None if instance.flaws.null_extra_env else [[k, v] for k, v in order.env.items()],
        "template_id": None,
        "template_hash_id": None,
        "template_name": None,
        "jupyter_token": instance.jupyter_token,
        "disk_space": order.disk_gb,
        "disk_usage": instance.image_gb if instance.image_cached else -1.0,
        "disk_util": -1.0,
        "ports": _ports(instance) if phase is Phase.RUNNING else None,
    }


def _ports(instance: Instance) -> dict[str, Any]:
    wanted = instance.order.ports if "args" in instance.order.runtype else [*instance.order.ports, "22/tcp"]
    return {port: [{"HostIp": "0.0.0.0", "HostPort": port.partition("/")[0]}] for port in wanted}  # noqa: S104


def _machine(instance: Instance, phase: Phase) -> Json:
    offer = instance.offer
    return {
        "machine_id": offer.machine_id,
        "host_id": offer.stand.host,
        "num_gpus": offer.stand.num_gpus,
        "gpu_name": offer.card.name,
        "gpu_ram": offer.card.ram_mb,
        "gpu_totalram": offer.card.ram_mb * offer.stand.num_gpus,
        "gpu_arch": offer.card.arch,
        "gpu_util": 0.0 if phase is Phase.RUNNING else None,
        "gpu_temp": 41.0 if phase is Phase.RUNNING else None,
        "compute_cap": offer.card.compute_cap,
        "cuda_max_good": offer.cuda,
        "driver_version": ".".join(str(part) for part in offer.driver),
        "cpu_cores_effective": 16.0 * offer.stand.num_gpus,
        "cpu_util": 0.0,
        "cpu_ram": 64_216 * offer.stand.num_gpus,
        "inet_down": offer.stand.inet_down,
        "inet_up": round(offer.stand.inet_down * 0.8, 1),
        "reliability2": offer.stand.reliability,
        "geolocation": offer.stand.place,
        "verification": "verified" if offer.stand.verified else "unverified",
        "hosting_type": int(offer.stand.datacenter),
        "public_ipaddr": f"{offer.ip}\n",  # Vast's own rows carry such blanks, clients have to strip them
        "local_ipaddrs": "192.168.1.20\n",
        "ssh_host": f"ssh{instance.instance_id % 9 + 1}.vast.example",
        "ssh_port": 10_000 + instance.instance_id % 50_000,
        "ssh_idx": str(instance.instance_id % 9 + 1),
        "direct_port_start": -1,
        "direct_port_end": -1,
    }
