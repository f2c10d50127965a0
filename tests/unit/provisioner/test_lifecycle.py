"""The table of a machine's life."""

from provisioner.lifecycle import DESTROYABLE, EDGES, STARTING, State, sources_of


def test_every_state_leads_to_the_end() -> None:
    """No machine can be stuck where nothing destroys it."""
    for start in State:
        reached = {start}
        while fresh := {target for state in reached for target in EDGES[state]} - reached:
            reached |= fresh
        assert State.DESTROYED in reached


def test_nothing_returns_from_the_dead() -> None:
    """A destroyed machine stays destroyed, and a destroy is never called off."""
    assert EDGES[State.DESTROYED] == frozenset()
    assert EDGES[State.DESTROYING] == {State.DESTROYED}


def test_only_what_never_existed_skips_destroying() -> None:
    """Whatever may cost money is destroyed at the provider before its row ends."""
    assert sources_of(State.DESTROYED) == {State.INTENDED, State.AMBIGUOUS, State.DESTROYING}
    assert State.DESTROYING not in DESTROYABLE
    assert State.READY not in STARTING
