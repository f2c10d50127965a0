"""Whether a rented machine could find our Redis."""

import pytest

from provisioner import reach


@pytest.mark.parametrize(
    ("address", "remote", "is_refused"),
    [
        ("redis://127.0.0.1:6379/0", True, True),
        ("redis://localhost/0", True, True),
        ("redis://[::1]:6379/0", True, True),
        ("unix:///tmp/redis.sock", False, True),
        ("redis://127.0.0.1:6379/0", False, False),
        ("rediss://redis.example.org:6380/0", True, False),
        ("redis://u:p@203.0.113.7:6379/0", True, False),
    ],
)
def test_an_unreachable_redis_is_refused_before_money_is_spent(address: str, remote: bool, is_refused: bool) -> None:
    """A machine that could never report would be paid for until its deadline."""
    sentence = reach.refusal(address, remote=remote)
    assert bool(sentence) is is_refused
    if is_refused:
        assert "EASEL_WORKER_REDIS_URL" in sentence
