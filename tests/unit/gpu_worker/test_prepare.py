"""Maps and prompts of a waiting job, made while another one is drawn: the same bits, and nothing left for the lane."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from gpu_worker.prompts.shelf import PromptShelf
from gpu_worker.renderer import Materials, Picture
from sandbox.weights import build_tiny_controlnet
from sandbox.weights import build_tiny_lora as tiny
from tasks.errors import BadSpec, ErrorCode
from tasks.schema import JobSpec, PreprocessorRef
from tests.specs import control, lora, tiny_spec
from tests.tiny_room import Room, gradient, input_ref

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(autouse=True)
def _files(room: Room, tmp_path: Path, tiny_weights: Path) -> Iterator[None]:
    room.loras = {
        "both": tiny.save_kohya(tmp_path / "both.safetensors", tiny.matrices()),
        "unet": tiny.save_kohya(tmp_path / "unet.safetensors", tiny.matrices(tiny.UNET, rank=9, seed=6)),
    }
    room.controlnets = {"edges": build_tiny_controlnet.build(tiny_weights / "tiny-sdxl", tmp_path / "edges", seed=0)}
    yield
    room.draw(tiny_spec())  # takes everything off
    room.controlnets = {}


def order(prompt: str, *names: str, **changes: Any) -> JobSpec:
    return tiny_spec(prompt=prompt, loras=tuple(lora(id=name) for name in names), **changes)


def prepare(room: Room, spec: JobSpec) -> None:
    """As the thread of a waiting job does."""
    materials = Materials({input_ref(gradient()).sha256: gradient()}, room.loras, room.controlnets)
    room.renderer.prepare(spec.model_copy(update={"checkpoint": room.ref}), materials)


def encodings(room: Room, work: Callable[[], object]) -> int:
    """How often the second text encoder runs meanwhile: once a chunk."""
    count = 0

    def note(*_args: object) -> None:
        nonlocal count
        count += 1

    hook = room.renderer._cache.get(room.ref).parts["text_encoder_2"].register_forward_hook(note)
    try:
        work()
    finally:
        hook.remove()
    return count


def fresh(room: Room, spec: JobSpec) -> list[Picture]:
    """Drawn with nothing prepared and nothing remembered."""
    room.renderer._cache.get(room.ref).prompts._held.clear()
    return room.draw(spec)


def while_drawing(room: Room, running: JobSpec, work: Callable[[], None]) -> None:
    """Do `work` on another thread after the first step of a job; the lane goes on once it is done."""
    threads: list[threading.Thread] = []

    def on_step(_step: int, _steps: int) -> None:
        if not threads:
            threads.append(threading.Thread(target=work))
            threads[0].start()
            threads[0].join(60)
            assert not threads[0].is_alive()

    room.draw(running, on_step)
    assert threads


def test_a_waiting_jobs_prompt_is_encoded_while_the_lane_samples(room: Room) -> None:
    """The lane encodes nothing any more, and the pictures are the same to the last bit."""
    waiting = order("a blue fox, (very:1.3) small", negative_prompt="dull")
    expected = fresh(room, waiting)
    fresh(room, order("a red star"))
    while_drawing(room, order("a red star"), lambda: prepare(room, waiting))
    found: list[Picture] = []
    assert encodings(room, lambda: found.extend(room.draw(waiting))) == 0
    assert found == expected


@pytest.mark.parametrize(
    ("running", "waiting", "is_safe"),
    [
        ([], [], True),
        (["unet"], [], True),  # it does not reach the text encoders
        (["unet"], ["both"], False),
        (["both"], [], False),
        (["both"], ["both"], True),
        ([], ["both"], False),
    ],
)
def test_only_under_the_right_loras(room: Room, running: list[str], waiting: list[str], *, is_safe: bool) -> None:
    """Otherwise it is left to the lane; the picture is right either way."""
    next_job = order("a green box", *waiting)
    expected = fresh(room, next_job)
    fresh(room, order("a red star", *running))
    while_drawing(room, order("a red star", *running), lambda: prepare(room, next_job))
    found: list[Picture] = []
    assert (encodings(room, lambda: found.extend(room.draw(next_job))) == 0) is is_safe
    assert found == expected


def test_weights_of_loras_count(room: Room) -> None:
    """The same LoRA at another weight is another embedding."""
    weak, strong = (tiny_spec(loras=(lora(id="both", weight=weight),)) for weight in (0.2, 1.5))
    expected = fresh(room, strong)
    while_drawing(room, weak, lambda: prepare(room, strong))
    assert room.draw(strong) == expected != room.draw(weak)


def test_maps_are_made_before_the_lane_is_free(room: Room) -> None:
    """The lane finds them by their picture's hash."""
    maps = room.renderer._maps
    mock = PreprocessorRef(id="mock", detector="mock")
    waiting = tiny_spec(width=88, controls=(control(image=input_ref(gradient()), kind="depth", preprocessor=mock),))
    while_drawing(room, tiny_spec(), lambda: prepare(room, waiting))
    made = maps.made
    room.draw(waiting)
    assert maps.made == made


def test_many_jobs_prepare_while_the_lane_changes_its_loras(room: Room) -> None:
    """Three threads beside the lane: no picture differs from one that is drawn alone."""
    orders = [order(f"a fox {number}", *names) for number, names in enumerate([(), ("both",), ("unet",), ()])]
    expected = [fresh(room, each) for each in orders]
    room.renderer._cache.get(room.ref).prompts._held.clear()
    over = threading.Event()

    def keep_preparing(first: int) -> None:
        while not over.is_set():
            for number in range(len(orders)):
                prepare(room, orders[(first + number) % len(orders)])

    threads = [threading.Thread(target=keep_preparing, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    try:
        for turn in range(12):
            number = turn * 7 % len(orders)
            assert room.draw(orders[number]) == expected[number]
            room.renderer._cache.get(room.ref).prompts._held.popitem()
    finally:
        over.set()
        for thread in threads:
            thread.join(60)


def test_an_impossible_prompt_is_told_at_once(room: Room) -> None:
    """It need not wait for the lane to learn that."""
    with pytest.raises(BadSpec) as caught:
        prepare(room, order("a BREAK " * 25))
    assert caught.value.code is ErrorCode.PROMPT_TOO_LONG


def test_what_goes_wrong_otherwise_is_left_to_the_lane(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a favour: a job is not lost to it. Out of memory, say, is a matter for who owns the device."""
    components = room.renderer._cache.get(room.ref)

    def no_room(*_args: object, **_options: object) -> None:
        raise torch.OutOfMemoryError

    waiting = order("a yellow box")
    with monkeypatch.context() as patch:
        patch.setattr(components.parts["text_encoder"], "forward", no_room)
        prepare(room, waiting)
    assert room.draw(waiting)


def test_the_shelf_has_a_budget() -> None:
    """The prompt that was asked for longest ago leaves; one that is too large alone still stays while it is used."""
    shelf = PromptShelf(budget_bytes=10 * 4)
    for name in "abc":
        shelf.get(name, lambda: {"prompt_embeds": torch.zeros(4), "negative_prompt_embeds": None})
    assert list(shelf._held) == ["b", "c"]
    shelf.get("large", lambda: {"prompt_embeds": torch.zeros(400)})
    assert list(shelf._held) == ["large"]
