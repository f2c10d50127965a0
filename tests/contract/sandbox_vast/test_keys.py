"""Who may do what: the account's key, the key inside an instance, and no key."""

from typing import Any

from tests.contract.sandbox_vast.rig import Rig, http_error, until


async def status_of(awaitable: Any) -> int:
    return (await http_error(awaitable)).status_code


async def test_a_wrong_key_is_refused_everywhere(rig: Rig) -> None:
    """401 in Vast's shape, and nothing happens."""
    stranger = rig.sdk_with("wrong")
    assert await status_of(stranger.search_offers("num_gpus=1")) == 401
    assert await status_of(stranger.create_instance(9_400_101, image="x")) == 401
    status, body = await rig.raw("GET", "/api/v1/instances/", key="wrong")
    assert (status, body) == (401, {"success": False, "error": "auth_error", "msg": "Invalid user key"})


async def test_the_instance_key_sees_and_ends_its_own_instance(rig: Rig) -> None:
    """The worker's dead-man's switch: with the key in its container it can destroy itself."""
    instance = await rig.boot()
    inside = rig.sdk_with(instance.key)
    assert (await inside.show_instance(instance.instance_id))["id"] == instance.instance_id
    await inside.stop_instance(instance.instance_id)
    await until(lambda: instance.phase == "stopped")
    await inside.start_instance(instance.instance_id)
    assert (await inside.destroy_instance(instance.instance_id))["success"]
    assert instance.is_gone
    assert await status_of(inside.show_instance(instance.instance_id)) == 401


async def test_the_instance_key_can_do_nothing_else(rig: Rig) -> None:
    """A hostile host that reads the key cannot rent, list, relabel, or touch another machine."""
    mine, other = await rig.create(), await rig.create()
    inside = rig.sdk_with(mine.key)
    offer = await rig.offer()
    for attempt in (
        inside.show_instances(),
        inside.show_instance(other.instance_id),
        inside.destroy_instance(other.instance_id),
        inside.stop_instance(other.instance_id),
        inside.label_instance(mine.instance_id, "x"),
        inside.create_instance(offer["id"], image="x"),
        inside.search_offers("num_gpus=1"),
        inside.show_user(),
        inside.logs(mine.instance_id),
        inside.destroy_instance([other.instance_id]),
    ):
        assert await status_of(attempt) == 403
    assert other.phase == "ordered"
    assert mine.label is None


async def test_a_process_destroys_its_own_instance(rig: Rig) -> None:
    """The whole way: the process reads CONTAINER_ID and CONTAINER_API_KEY and ends its own contract."""
    code = (
        "import os, urllib.request\n"
        "url = os.environ['API'] + '/api/v0/instances/' + os.environ['CONTAINER_ID'] + '/'\n"
        "key = {'Authorization': 'Bearer ' + os.environ['CONTAINER_API_KEY']}\n"
        "urllib.request.urlopen(urllib.request.Request(url, headers=key, method='DELETE'))"
    )
    instance = await rig.create(args=["python", "-c", code], env={"API": rig.server.url})
    rig.pass_time(1000)
    await until(lambda: instance.is_gone)


async def test_ssh_keys(rig: Rig) -> None:
    """Keys are kept, changed, attached and deleted."""
    added = await rig.sdk.create_ssh_key("ssh-ed25519 AAAA me")
    key_id = added["key"]["id"]
    assert [row["key"] for row in await rig.sdk.show_ssh_keys()] == ["ssh-ed25519 AAAA me"]
    await rig.sdk.update_ssh_key(key_id, "ssh-ed25519 BBBB me")
    instance = await rig.create()
    assert (await rig.sdk.attach_ssh(instance.instance_id, "ssh-ed25519 BBBB me"))["success"]
    await rig.sdk.delete_ssh_key(key_id)
    assert await rig.sdk.show_ssh_keys() == []
