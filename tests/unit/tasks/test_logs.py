"""Logs: a job's id on each line, and no secret on any."""

import json
import logging

import pytest
import structlog

from tasks import logs


@pytest.fixture(autouse=True)
def _restore() -> object:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def test_secrets_never_reach_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Passwords in addresses, tokens by key and interaction tokens in routes are masked, also in foreign loggers."""
    logs.configure("bot", log_format="json")
    structlog.get_logger().info("started", redis="redis://user:hunter2@host/0", discord_token="hunter2")
    logging.getLogger("library").warning("POST /webhooks/123/hunter2.abc/messages/@original failed")
    printed = capsys.readouterr().err
    assert "hunter2" not in printed
    assert len(printed.splitlines()) == 2


def test_lines_are_structured(capsys: pytest.CaptureFixture[str]) -> None:
    """One JSON object per line with the process and what was bound."""
    logs.configure("courier", log_format="json")
    with structlog.contextvars.bound_contextvars(job_id="J1"):
        structlog.get_logger().info("posted", seconds=1.5)
    line = json.loads(capsys.readouterr().err)
    assert (line["process"], line["job_id"], line["event"], line["seconds"]) == ("courier", "J1", "posted", 1.5)
