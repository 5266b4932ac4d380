import time
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from model.batches import Mix, Place, Stream
from model.evaluation_sets import DataError
from model.feed import Position
from model.samples import Pair, TextTuple


class Held:
    """A set of samples, the same in each epoch, that counts what is read."""

    def __init__(self, blocks: Sequence[Sequence], path: str = "held") -> None:
        self.path = path
        self.blocks = [len(block) for block in blocks]
        self.languages = {"en": 1.0}
        self.reads = 0
        self._held = blocks

    def read(self, block: int, salt: str) -> Sequence:
        self.reads += 1
        return self._held[block]


def pair(name: str, text: str) -> Pair:
    return Pair(name, text, "a.tar", 0, 9)


def different(*blocks: int, prefix: str = "") -> list[list[Pair]]:
    """So many pictures in each block, all different."""
    names = [[f"{prefix}{b}.{n}" for n in range(size)] for b, size in enumerate(blocks)]
    return [[pair(name, f"text {name}") for name in block] for block in names]


def stream(blocks, size, seed="17", shuffle=10, place: Place | None = None) -> Stream:
    return Stream(Held(blocks), size, seed, shuffle, place or Place())


def told(batches) -> list[list[str]]:
    return [[sample.name for sample in batch] for batch in batches]


def some(stream, count: int) -> list[list[str]]:
    return told(stream.next() for _ in range(count))


def in_order(stream, count: int) -> list[str]:
    """The names of so many batches."""
    return [name for batch in some(stream, count) for name in batch]


@st.composite
def any_blocks(draw):
    """Blocks of pictures or of texts, some of which are alike."""
    sizes = draw(st.lists(st.integers(0, 9), min_size=1, max_size=5))
    number = st.integers(0, 40)

    def text() -> str:
        return draw(st.sampled_from("aB")) + str(draw(number))

    def texts(name: str) -> TextTuple:
        negatives = tuple(text() for _ in range(hard))
        return TextTuple(name, text(), text(), negatives)

    hard = draw(st.integers(0, 2))
    kind = draw(st.sampled_from(["pairs", "texts"]))
    blocks = []
    for block, size in enumerate(sizes):
        names = [f"{block}.{n}" for n in range(size)]
        blocks.append(
            [pair(f"p{draw(number)}", f"{text()} {name}"[: draw(st.integers(2, 9))])
             for name in names]
            if kind == "pairs" else [texts(name) for name in names]
        )  # fmt: skip
    return blocks


def conflicts(one, other) -> bool:
    """Written out: whether two samples may not share a batch."""
    if isinstance(one, Pair):
        return one.name == other.name or one.text.lower() == other.text.lower()
    sides = [{row.anchor.lower(), row.positive.lower()} for row in (one, other)]
    against = [{text.lower() for text in row.negatives} for row in (one, other)]
    return bool(sides[0] & sides[1] or sides[0] & against[1] or sides[1] & against[0])


@given(any_blocks(), st.integers(1, 6), st.integers(1, 30), st.integers(1, 12))
def test_nothing_is_lost_or_repeated_or_meets_its_like(blocks, size, shuffle, batches):
    every = Counter(sample for block in blocks for sample in block)
    try:
        made = stream(blocks, size, shuffle=shuffle)
        taken = [made.next() for _ in range(batches)]
    except DataError:
        reject()
    for batch in taken:
        assert len(batch) == size
        assert not any(conflicts(one, two) for n, one in enumerate(batch) for two in batch[:n])
    seen = Counter(sample for batch in taken for sample in batch)
    seen.update(made.place.waiting)
    epoch = made.place.epoch
    for sample, times in every.items():
        assert epoch * times <= seen[sample] <= (epoch + 1) * times
    assert seen.keys() <= every.keys()


@given(any_blocks(), st.integers(1, 6), st.integers(1, 30), st.data())
def test_taken_up_at_any_place(blocks, size, shuffle, data):
    try:
        whole = stream(blocks, size, shuffle=shuffle)
        places, batches = [whole.place], []
        for _ in range(8):
            batches.append(whole.next())
            places.append(whole.place)
    except DataError:
        reject()
    done = data.draw(st.integers(0, 8))
    rest = stream(blocks, size, shuffle=shuffle, place=saved(places[done]))
    assert [rest.next() for _ in range(8 - done)] == batches[done:]


def saved(place: Place) -> Place:
    """As a checkpoint has it."""
    is_text = place.waiting and isinstance(place.waiting[0], TextTuple)
    position = Position((), ((3, place),)) if is_text else Position(((3, place),), ())
    read = Position.of_json(position.as_json())
    assert read == position
    ((_, found),) = read.texts or read.images
    return found


@pytest.mark.parametrize("size", [1, 3, 8])
@pytest.mark.parametrize("shuffle", [1, 7, 12, 1000])
def test_an_epoch_has_each_sample_once(size, shuffle):
    blocks = different(7, 1, 5, 8, 3)  # 24 in all
    made = stream(blocks, size, shuffle=shuffle)
    epochs = [in_order(made, 24 // size) for _ in range(3)]
    names = sorted(sample.name for block in blocks for sample in block)
    assert [sorted(epoch) for epoch in epochs] == [names] * 3
    assert len({tuple(epoch) for epoch in epochs}) == 3


def test_orders_depend_on_the_seed_alone():
    blocks = different(9, 9, 9, 9)
    orders = [tuple(in_order(stream(blocks, 4, seed), 9)) for seed in "abcdab"]
    assert orders[:2] == orders[4:]
    assert len(set(orders)) == 4


def test_blocks_are_shuffled_together():
    """Half of a window's samples come from another block than those before them."""
    blocks = different(*[50] * 8)
    order = in_order(stream(blocks, 10, shuffle=200), 40)
    owners = [name.partition(".")[0] for name in order]
    assert [len(set(owners[at : at + 200])) for at in (0, 200)] == [4, 4]
    changes = sum(one != two for one, two in pairwise(owners))
    assert changes > 200
    assert set(order[:200]) != set(in_order(stream(blocks, 10, "b", 200), 20))


def test_each_block_is_read_once_an_epoch():
    held = Held(different(*[6] * 10))
    made = Stream(held, 5, "17", 12, Place())
    some(made, 12)
    assert held.reads == 10
    assert made.place.waiting == ()


def test_what_waits_comes_first():
    alike = [pair("a", f"x{n}") for n in range(9)]
    made = stream([alike, *different(9)], 3, shuffle=18)
    waited = 0
    for _ in range(6):
        waiting = made.place.waiting
        batch = made.next()
        waited += bool(waiting)
        assert batch[: len(waiting[:1])] == list(waiting[:1])
    assert waited > 2


@pytest.mark.parametrize(
    ("one", "two", "fit"),
    [
        (pair("a", "x"), pair("a", "y"), False),
        (pair("a", "Straße"), pair("b", "STRASSE"), False),
        (pair("a", "x"), pair("b", "y"), True),
        (TextTuple("1", "a", "b", ()), TextTuple("2", "c", "B", ()), False),
        (TextTuple("1", "a", "b", ()), TextTuple("2", "b", "c", ()), False),
        (TextTuple("1", "a", "b", ("c",)), TextTuple("2", "d", "C", ()), False),
        (TextTuple("1", "a", "b", ()), TextTuple("2", "d", "e", ("x", "A")), False),
        (TextTuple("1", "a", "b", ("n",)), TextTuple("2", "d", "e", ("n",)), True),
        (TextTuple("1", "a", "a", ("n",)), TextTuple("2", "d", "e", ()), True),
    ],
)
def test_which_may_share_a_batch(one, two, fit):
    made = stream([[one, two]], 2)
    if fit:
        assert len(made.next()) == 2
    else:
        with pytest.raises(DataError, match="must have that many different pictures and texts"):
            made.next()


def test_a_batch_of_more_than_there_are():
    with pytest.raises(DataError, match=r"a batch of 9 .* held had only 8: make"):
        stream(different(3, 5), 9)
    began = time.perf_counter()
    alike = [[pair("a", "x"), pair("b", "x")]]
    with pytest.raises(DataError, match="had only 1 in 10 epochs"):
        stream(alike, 2).next()
    assert time.perf_counter() - began < 1


def test_a_batch_of_all_there_are():
    made = stream(different(3, 5), 8)
    assert [len(set(batch)) for batch in some(made, 5)] == [8] * 5


def test_an_empty_set():
    with pytest.raises(DataError, match="held must hold samples, got none"):
        stream([[], []], 1)


def test_one_text_on_very_many_pictures():
    """It is said before memory is full of what waits."""
    alike = [pair(f"p{n}", "Logo") for n in range(15_000)]
    blocks = [alike, *different(15_000)]
    made = stream(blocks, 100, shuffle=100_000)
    with pytest.raises(DataError, match=r"10001 samples wait .* 10001 for 'logo'.* max_pictures_"):
        some(made, 300)
    assert 5_000 < len(made.place.waiting) <= 10_000


def mix(weights: Sequence[float], progress=None) -> Mix:
    streams = [
        stream(different(5, 4, prefix=f"{n}:"), 3, place=at)
        for n, (_, at) in enumerate(progress or [(0, Place())] * len(weights))
    ]
    return Mix(streams, weights, [taken for taken, _ in progress or [(0, None)] * len(weights)])


@given(
    st.lists(st.floats(0.05, 20), min_size=1, max_size=4), st.integers(0, 30), st.integers(0, 30)
)
def test_a_mix_keeps_to_its_weights_and_is_taken_up(weights, before, after):
    made = mix(weights)
    some(made, before)
    progress = Position.of_json(Position(made.progress, ()).as_json()).images
    batches = some(made, after)
    assert some(mix(weights, progress), after) == batches
    for weight, (taken, _) in zip(weights, made.progress, strict=True):
        due = (before + after) * weight / sum(weights)
        assert due - 1 - 1e-6 <= taken <= due + len(weights) + 1e-6
    for batch in batches:
        assert len({name.partition(":")[0] for name in batch}) == 1
