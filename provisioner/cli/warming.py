"""`warmup`: have the workers that are up load a checkpoint before anybody draws with it."""

from typing import Annotated

import typer
from redis.exceptions import RedisError

from provisioner.broker import read_heartbeats
from provisioner.cli.desk import Json, fail, open_desk, print_json, utc_now
from tasks import warming
from tasks.connections import connect
from tasks.schema import CheckpointRef
from tasks.signing import signer_of


def warmup(
    ctx: typer.Context,
    checkpoints: Annotated[list[str], typer.Argument(help="Ids of models/.")],
    *,
    as_json: Json = False,
) -> None:
    """Ask all workers, also those that start within half an hour, to load checkpoints. Rents nothing."""
    desk, now = open_desk(ctx), utc_now()
    known = desk.registry.checkpoints
    unknown = [name for name in checkpoints if name not in known]
    if unknown:
        fail(f"there is no checkpoint {', '.join(map(repr, unknown))}; there are: {', '.join(sorted(known))}")
    redis = connect(desk.settings.redis_url)
    try:
        for name in checkpoints:
            warming.request(redis, CheckpointRef.of(known[name]), signer=signer_of(desk.settings), now=now)
        workers = sorted(read_heartbeats(redis))
    except RedisError as error:
        fail(f"Redis does not answer, so nobody can be asked: {error}")
    if as_json:
        print_json({"asked": checkpoints, "workers": workers, "expected_usd": 0.0})
        return
    ready = f"{len(workers)} workers are up" if workers else "no worker is up; rent one with: python -m provisioner up"
    typer.echo(f"Asked for {', '.join(checkpoints)}; {ready}. Nothing is rented for it.")
