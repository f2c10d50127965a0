"""A new job wakes the loop at once, and a hundred of them do not make it ask Vast a hundred times."""

import time
from threading import Event, Timer

from redis import Redis

from provisioner.waking import WakeChannel
from tasks import keys
from tests.redis_server import RedisServer


def waited_s(channel: WakeChannel, seconds: float) -> float:
    begun = time.monotonic()
    channel.wait(seconds)
    return time.monotonic() - begun


def test_a_burst_is_one_pass(redis: Redis) -> None:
    """Clouds ration their listings: what came meanwhile is answered by the same look."""
    channel = WakeChannel(redis, over=Event())
    waited_s(channel, 0.01)  # listens from now on
    for _ in range(100):
        redis.publish(keys.FLEET_WAKE, "1")
    assert 0.9 <= waited_s(channel, 20) < 5
    assert waited_s(channel, 1.2) >= 1.1, "nothing is left of the burst"


def test_the_end_is_not_waited_for(redis: Redis) -> None:
    """SIGTERM while nothing happens: the process goes."""
    over = Event()
    channel = WakeChannel(redis, over=over)
    Timer(0.1, over.set).start()
    assert waited_s(channel, 20) < 5
    assert channel.is_over


def test_time_alone_wakes_where_redis_is_away(redis_server: RedisServer) -> None:
    """And the channel works again once Redis does."""
    channel = WakeChannel(Redis.from_url(redis_server.url), over=Event())
    waited_s(channel, 0.01)
    redis_server.kill()
    assert 0.2 <= waited_s(channel, 0.3) < 5
    redis_server.start()
    waited_s(channel, 0.6)
    Timer(0.1, lambda: Redis.from_url(redis_server.url).publish(keys.FLEET_WAKE, "1")).start()
    assert waited_s(channel, 20) < 10
