"""What the fleet relies on, whichever cloud it is: each provider passes the same tests."""

from provisioner.providers.base import Created, Denied, Destroyed, Gone, Listed, Status
from tests.contract.provisioner.conftest import PROFILE, Cloud, spec


def listing(cloud: Cloud) -> list[Listed]:
    snapshot = cloud.provider.snapshot(now=cloud.clock())
    assert snapshot.complete, snapshot.problem
    assert snapshot.at == cloud.clock()
    return list(snapshot.instances)


def created(cloud: Cloud, label: str = "easel/test/a") -> str:
    result = cloud.provider.create(cloud.offer(), spec(label))
    assert isinstance(result, Created)
    return result.provider_instance_id


def test_offers_carry_what_the_ranking_needs(cloud: Cloud) -> None:
    """Prices, memory and machine of each offer are there, and none is free of charge."""
    found = cloud.provider.offers(PROFILE)
    assert not found.problem
    for one in found.offers:
        assert one.id
        assert one.machine_id
        assert one.usd_per_hour > one.storage_usd_per_hour >= 0
        assert one.vram_gb > 0
    assert len({one.id for one in found.offers}) == len(found.offers)


def test_a_machine_is_found_by_its_label(cloud: Cloud) -> None:
    """The label is the idempotency key: it comes back as it was given."""
    machine_id = created(cloud, "easel/test/01jd")
    (one,) = listing(cloud)
    assert (one.provider_instance_id, one.label) == (machine_id, "easel/test/01jd")
    assert one.usd_per_hour > 0
    assert one.created_at is not None


def test_it_boots(cloud: Cloud) -> None:
    """From made to running within its time; before that it is not called running."""
    created(cloud)
    assert listing(cloud)[0].status in {Status.ALLOCATING, Status.PULLING}
    cloud.clock.advance(60)
    assert listing(cloud)[0].status is Status.RUNNING


def test_an_offer_is_one_machine(cloud: Cloud) -> None:
    """The second one to ask is told that it is gone, and nothing is made."""
    offer = cloud.offer()
    assert isinstance(cloud.provider.create(offer, spec("easel/test/a")), Created)
    assert isinstance(cloud.provider.create(offer, spec("easel/test/b")), Gone)
    assert len(listing(cloud)) == 1
    assert offer.id not in {one.id for one in cloud.provider.offers(PROFILE).offers}


def test_an_impossible_order_is_denied(cloud: Cloud) -> None:
    """Our own mistake is no reason to try the next offer."""
    assert isinstance(cloud.provider.create(cloud.offer(), spec(image="")), Denied)
    assert listing(cloud) == []


def test_destroying_is_final_and_may_be_repeated(cloud: Cloud) -> None:
    """What is gone counts as destroyed, whoever ended it."""
    machine_id = created(cloud)
    assert cloud.provider.destroy(machine_id) == Destroyed()
    assert listing(cloud) == []
    assert cloud.provider.destroy(machine_id) == Destroyed()
    assert cloud.provider.destroy("123456") == Destroyed()


def test_a_destroyed_machine_may_be_rented_again(cloud: Cloud) -> None:
    """The market gets it back."""
    offer = cloud.offer()
    result = cloud.provider.create(offer, spec("easel/test/a"))
    assert isinstance(result, Created)
    cloud.provider.destroy(result.provider_instance_id)
    assert isinstance(cloud.provider.create(offer, spec("easel/test/b")), Created)
