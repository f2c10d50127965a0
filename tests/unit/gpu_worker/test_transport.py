from gpu_worker.transport import AffinityCycle, GatedChannel


def test_loaded_checkpoints_come_first() -> None:
    """A worker prefers what it need not load; kombu asks priority by priority with this order inside each."""
    loaded = ["b"]
    cycle = AffinityCycle(lambda: loaded)
    cycle.update(["gpu.a", "gpu.b", "gpu.c"])
    assert cycle.consume(3) == ["gpu.b", "gpu.a", "gpu.c"]
    loaded[:] = ["c", "a"]
    assert cycle.consume(3) == ["gpu.a", "gpu.c", "gpu.b"]


def test_taking_from_a_queue_changes_no_order() -> None:
    """Only what is loaded decides; kombu's default would rotate."""
    cycle = AffinityCycle(tuple)
    cycle.update(["gpu.a", "gpu.b"])
    cycle.rotate("gpu.a")
    assert cycle.consume(2) == ["gpu.a", "gpu.b"]


def test_the_gate_is_a_transport_option() -> None:
    """Kombu copies only the options that a channel names."""
    assert "gate" in GatedChannel.from_transport_options
    assert "unacked_key" in GatedChannel.from_transport_options
