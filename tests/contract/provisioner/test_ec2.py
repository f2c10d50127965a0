"""EC2 through boto3: moto's server for what works, refusals in front of it for what does not."""

import base64
import email
from collections.abc import Iterator

import pytest
import requests

from config.registry import Ec2Instance
from provisioner.providers.base import Ambiguous, Created, Denied, Destroyed, Gone, NoCapacity, Pending, Status
from provisioner.providers.ec2 import Ec2Provider
from tests.conftest import ManualClock
from tests.contract.provisioner.provider_contract import (
    PROFILE,
    Cloud,
    ProviderContract,
    RentingContract,
    SingleMachineContract,
    spec,
)
from tests.ec2_server import REGION, Ec2Server


@pytest.fixture(scope="module")
def running_server() -> Iterator[Ec2Server]:
    server = Ec2Server()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def server(running_server: Ec2Server, monkeypatch: pytest.MonkeyPatch) -> Ec2Server:
    """An empty account."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    requests.post(f"{running_server.url}/moto-api/reset", timeout=10).raise_for_status()
    running_server.impaired = False
    return running_server


def configured(instance_id: str) -> Ec2Instance:
    return Ec2Instance(
        instance_id=instance_id,
        region=REGION,
        gpu="A10G",
        vram_gb=24,
        compute_capability=8.6,
        usd_per_hour=1.2,
        storage_usd_per_hour=0.01,
    )


@pytest.fixture
def provider(server: Ec2Server) -> Ec2Provider:
    return Ec2Provider([configured(server.instance()), configured(server.instance())], url=server.url)


@pytest.fixture
def cloud(provider: Ec2Provider, clock: ManualClock) -> Cloud:
    return Cloud(provider, clock)


class TestEc2(ProviderContract, RentingContract, SingleMachineContract):
    """moto starts and stops at once, so nothing is said about booting here."""


def test_ending_stops_the_instance_and_keeps_it(server: Ec2Server, cloud: Cloud) -> None:
    """The owner's machine is never terminated, and its disk can be started from again."""
    machine_id = cloud.run()
    instance_id = machine_id.partition("/")[0]
    assert server.state(instance_id) == "running"
    assert cloud.provider.destroy(machine_id) == Destroyed()
    assert server.state(instance_id) == "stopped"
    assert "TerminateInstances" not in server.asked


def test_the_worker_gets_its_variables_at_every_start(server: Ec2Server, cloud: Cloud) -> None:
    """Each rental has a Redis user of its own, so the script of the last one must not run again."""
    machine_id = cloud.create()
    instance_id = machine_id.partition("/")[0]
    answer = server.client().describe_instance_attribute(InstanceId=instance_id, Attribute="userData")
    script = parts_of(answer["UserData"]["Value"])
    assert "scripts-user, always" in script
    assert "EASEL_WORKER_ID=a" in script
    assert "--gpus all" in script
    assert "EASEL_HOST_FOLLOWS=1" in script
    assert "shutdown -h now" in script, "a machine whose worker ended by itself must not run on"
    behaviour = server.client().describe_instance_attribute(
        InstanceId=instance_id, Attribute="instanceInitiatedShutdownBehavior"
    )
    assert behaviour["InstanceInitiatedShutdownBehavior"]["Value"] == "stop", "never terminate: the disk is the owner's"


def parts_of(encoded: str) -> str:
    """The texts of a MIME message."""
    while "multipart" not in encoded:
        encoded = base64.b64decode(encoded).decode()
    parts = [part for part in email.message_from_string(encoded).walk() if not part.is_multipart()]
    return "\n".join(bytes(part.get_payload(decode=True)).decode() for part in parts)


@pytest.mark.parametrize(
    ("action", "code", "status", "outcome"),
    [
        ("StartInstances", "InsufficientInstanceCapacity", 500, NoCapacity),
        ("StartInstances", "IncorrectInstanceState", 400, NoCapacity),
        ("StartInstances", "RequestLimitExceeded", 503, NoCapacity),
        ("StartInstances", "VcpuLimitExceeded", 400, Denied),
        ("StartInstances", "UnauthorizedOperation", 403, Denied),
        ("StartInstances", "InternalError", 500, Ambiguous),
        ("ModifyInstanceAttribute", "InternalError", 500, NoCapacity),
        ("CreateTags", "UnauthorizedOperation", 403, Denied),
        ("DescribeInstances", "AuthFailure", 401, Denied),
    ],
)
def test_every_way_a_start_can_fail(  # noqa: PLR0917 - pytest passes them by name
    server: Ec2Server, cloud: Cloud, action: str, code: str, status: int, outcome: type
) -> None:
    """Asked once, and what the fleet does next follows from the code."""
    offer = cloud.offer()
    server.asked.clear()
    server.refuse(action, code, status=status)
    assert isinstance(cloud.provider.create(offer, spec()), outcome)
    assert server.asked.count("StartInstances") <= 1
    assert cloud.ours() == []


def test_a_start_without_an_answer_is_found_by_its_label(server: Ec2Server, cloud: Cloud) -> None:
    """It runs and costs money although nobody said so."""
    offer = cloud.offer()
    server.lose("StartInstances")
    assert isinstance(cloud.provider.create(offer, spec("easel/test/lost")), Ambiguous)
    assert [one.label for one in cloud.ours()] == ["easel/test/lost"]


def test_what_the_owner_started_is_left_alone(server: Ec2Server, cloud: Cloud) -> None:
    """It is no offer, carries no label of ours, and an order to start it finds it gone."""
    offer = cloud.offer()
    server.client().start_instances(InstanceIds=[offer.id])
    assert isinstance(cloud.provider.create(offer, spec()), Gone)
    assert cloud.ours() == []
    assert [one.label for one in cloud.listing()] == [""]
    assert cloud.provider.destroy(f"{offer.id}/somebody") == Destroyed()
    assert server.state(offer.id) == "running"


def test_an_unhealthy_instance_is_broken(server: Ec2Server, cloud: Cloud) -> None:
    """Running is not enough: EC2's own checks must pass."""
    machine_id = cloud.run()
    server.impaired = True
    assert cloud.one(machine_id).status is Status.BROKEN


def test_a_stop_that_may_not_have_happened_is_pending(server: Ec2Server, cloud: Cloud) -> None:
    """Asked again until EC2 says yes."""
    machine_id = cloud.run()
    server.refuse("StopInstances", "InternalError", status=500)
    assert isinstance(cloud.provider.destroy(machine_id), Pending)
    assert cloud.provider.destroy(machine_id) == Destroyed()


def test_an_instance_that_does_not_exist_and_no_ec2_at_all(server: Ec2Server, clock: ManualClock) -> None:
    """Sentences, not stack traces; and an account that cannot be read is not an empty one."""
    wrong = Ec2Provider([configured("i-0123456789abcdef0")], url=server.url)
    snapshot = wrong.snapshot(now=clock())
    assert not snapshot.complete
    assert "i-0123456789abcdef0" in snapshot.problem
    nobody = Ec2Provider([configured("i-0123456789abcdef0")], url="http://127.0.0.1:1")
    assert not nobody.snapshot(now=clock()).complete
    assert nobody.offers(PROFILE).problem
    assert isinstance(nobody.destroy("i-0123456789abcdef0/a"), Pending)


def test_a_rented_one_says_where_to_connect(cloud: Cloud, provider: Ec2Provider) -> None:
    """The address that the owner chose."""
    result = provider.create(cloud.offer(), spec())
    assert isinstance(result, Created)
    address = provider.shell(result.provider_instance_id)
    assert address.host
    assert address.user == "ubuntu"


def test_variables_that_do_not_fit_are_refused(cloud: Cloud) -> None:
    """User data has 16 KB, and an env file has no line breaks."""
    assert isinstance(cloud.provider.create(cloud.offer(), spec(environment={"LONG": "x" * 20_000})), Denied)
    assert isinstance(cloud.provider.create(cloud.offer(), spec(environment={"LINES": "a\nb"})), Denied)
