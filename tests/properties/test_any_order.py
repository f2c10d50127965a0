"""The fleet's promises hold whatever happens, in whatever order, and wherever the process dies."""

from tests.properties import cases

CASES = 100


def test_any_order_of_faults_and_crashes() -> None:
    """No machine without intent or twice for one, none billed too long, no cap broken, no job forgotten.

    `make properties` takes five minutes for as many stories as fit, each time other ones.
    """
    with cases.resources() as opened:
        assert cases.run(CASES, opened) == CASES
