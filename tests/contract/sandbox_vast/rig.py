"""A sandbox Vast per test, the real SDK pointed at it, and a clock that only moves when it is told to."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest
import requests
import vastai

from sandbox.vast import SandboxClock, VastOptions, VastServer
from sandbox.vast.instances import Instance

KEY = "test-key"
START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
BOOT_S = 10.0
SLEEPER = ["python", "-c", "import time; print('up'); time.sleep(60)"]


class Sdk:
    """The real SDK's methods, each in a thread, so that a test can await them."""

    def __init__(self, url: str, api_key: str) -> None:
        self._vast = vastai.VastAI(api_key=api_key, server_url=url, retry=1)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._vast, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            return await asyncio.to_thread(method, *args, **kwargs)

        return call


class Rig:
    """The server under test, with the few things that nearly every test does."""

    def __init__(self, server: VastServer, http: aiohttp.ClientSession) -> None:
        self.server = server
        self.http = http
        self.sdk = Sdk(server.url, KEY)

    def sdk_with(self, api_key: str) -> Sdk:
        return Sdk(self.server.url, api_key)

    async def control(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        async with self.http.request(method, f"{self.server.url}/sandbox{path}", json=body) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json()

    async def raw(self, method: str, path: str, body: Any = None, key: str = KEY) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {key}"}
        async with self.http.request(method, f"{self.server.url}{path}", json=body, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)

    async def fault(self, kind: str, **params: Any) -> None:
        await self.control("POST", "/faults", {"kind": kind, **params})

    def pass_time(self, seconds: float) -> None:
        self.server.clock.advance(seconds)
        self.server.fleet.tick()

    async def offer(self, query: str = "num_gpus=1 gpu_name=RTX_4090", **more: Any) -> Any:
        offers = await self.sdk.search_offers(query, order="dph_total", **more)
        return offers[0]

    async def create(self, **more: Any) -> Instance:
        """An instance made through the SDK on the cheapest 4090, as the server knows it."""
        body = {"image": "easel/worker:1", "disk": 20, "args": SLEEPER, **more}
        offer_id = body.pop("offer_id", None) or (await self.offer())["id"]
        created = await self.sdk.create_instance(offer_id, **body)
        return self.server.fleet.instances[created["new_contract"]]

    async def new_process(self, instance: Instance, other_than: int | None = None) -> None:
        """Wait until the instance has a process, and not the one that it had before."""
        await until(lambda: self.server.fleet.pid(instance.instance_id) not in (None, other_than))

    async def boot(self, **more: Any) -> Instance:
        """An instance that is running and, if it should have one, has its process."""
        instance = await self.create(**more)
        self.pass_time(10 * BOOT_S)
        if not instance.flaws.no_process and instance.phase == "running":
            await self.new_process(instance)
        return instance


async def until(condition: Callable[[], bool], timeout_s: float = 15.0) -> None:
    """Wait for something that a real process does; this is the only waiting in real time here."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - a foreign process has no event for us
            await asyncio.sleep(0.02)


async def http_error(awaitable: Awaitable[Any]) -> requests.Response:
    """The answer with which the SDK's call was refused."""
    with pytest.raises(requests.HTTPError) as caught:
        await awaitable
    assert caught.value.response is not None
    return caught.value.response


def alive(pid: int | None) -> bool:
    """Whether the process runs; it may end while it is looked at."""
    try:
        return pid is not None and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@asynccontextmanager
async def make_rig(folder: Path, **options: Any) -> AsyncIterator[Rig]:
    settings = {"port": 0, "api_key": KEY, "boot_s": BOOT_S, "rate_scale": 0.0, "host_lag_s": 0.0, "grace_s": 5.0}
    server = VastServer(VastOptions(data_dir=folder, **{**settings, **options}), clock=SandboxClock(lambda: START))
    await server.start()
    async with aiohttp.ClientSession() as http:
        try:
            yield Rig(server, http)
        finally:
            await server.stop()
