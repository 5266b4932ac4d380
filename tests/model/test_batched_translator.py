from hypothesis import given
from hypothesis import strategies as st

from model.batched_translator import batches_of

LENGTHS = st.lists(st.integers(1, 60), max_size=40)


@given(LENGTHS, st.integers(1, 200))
def test_every_text_is_in_one_batch_of_its_kind(lengths: list[int], batch_tokens: int) -> None:
    batches = list(batches_of(range(len(lengths)), lengths, batch_tokens))
    assert sorted(number for batch in batches for number in batch) == list(range(len(lengths)))
    for batch in batches:
        longest = max(lengths[number] for number in batch)
        assert len(batch) == 1 or len(batch) * longest <= batch_tokens
        assert len({(lengths[number] + 7) // 8 for number in batch}) == 1


def test_batches_are_filled() -> None:
    assert list(batches_of(range(6), [3, 5, 9, 4, 3, 16], 15)) == [[0, 4, 3], [1], [2], [5]]
    assert list(batches_of([1, 3, 5], [3, 5, 9, 4, 3, 16], 15)) == [[3, 1], [5]]


def test_a_text_over_the_bound_goes_alone() -> None:
    assert list(batches_of(range(3), [50, 50, 2], 10)) == [[2], [0], [1]]
