"""All state of one running sandbox, handed to every route."""

from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from sandbox.discord.attachments import DEFAULT_LIMIT_BYTES, AttachmentStore
from sandbox.discord.clock import Clock
from sandbox.discord.commands import Commands
from sandbox.discord.errors import Json
from sandbox.discord.faults import Faults
from sandbox.discord.interactions import Interactions
from sandbox.discord.limits import RateLimiter
from sandbox.discord.live import Live
from sandbox.discord.messages import Messages
from sandbox.discord.sessions import Sessions
from sandbox.discord.snowflake import Snowflakes
from sandbox.discord.world import World

DEFAULT_TOKEN = "sandbox-token"  # noqa: S105 - the sandbox's own, public by design
DEFAULT_HEARTBEAT_S = 41.25
_LOG_LENGTH = 20_000


@dataclass
class State:
    """One sandbox. `upload_limit_bytes` is per file; `requests` and `violations` are logs for tests."""

    clock: Clock
    data_dir: Path
    token: str = DEFAULT_TOKEN
    heartbeat_interval_s: float = DEFAULT_HEARTBEAT_S
    upload_limit_bytes: int = DEFAULT_LIMIT_BYTES
    base_url: str = ""
    gateway_url: str = ""
    closing: bool = False
    shards: int = 1  # what `/gateway/bot` recommends
    checks_form: bool = True
    world: World = field(default_factory=World)
    messages: Messages = field(default_factory=Messages)
    faults: Faults = field(default_factory=Faults)
    live: Live = field(default_factory=Live)
    requests: deque[Json] = field(default_factory=lambda: deque(maxlen=_LOG_LENGTH))
    violations: list[Json] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.snowflakes = Snowflakes(self.clock)
        self.attachments = AttachmentStore(self.data_dir / "attachments", self.snowflakes)
        self.sessions = Sessions(self.clock)
        self.limiter = RateLimiter(self.clock)
        self.commands = Commands(self.snowflakes)
        self.interactions = Interactions(self.clock)

    def now_iso(self) -> str:
        return self.clock.now().isoformat()

    def violate(self, kind: str, method: str, route: str, errors: object, *, body: object = None) -> None:
        """Notes a request or answer that Discord's description does not allow."""
        self.violations.append(
            {
                "at": self.now_iso(),
                "kind": kind,
                "method": method,
                "route": route,
                "errors": errors,
                "body": body,
            }
        )


STATE: web.AppKey[State] = web.AppKey("state", State)
