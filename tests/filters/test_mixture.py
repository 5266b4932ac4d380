import numpy as np
import pytest

from filters.mixture import Mixture, Parts


@pytest.mark.parametrize(
    ("observed", "mismatched", "cell"),
    [
        ([4, 0, 3, 3], 0.4, 1),
        ([4, 0, 3, 3], 0.5, 1),
        ([4, 0, 3, 3], 0.6, 3),
        ([4, 0, 3, 3], 0.0, 0),
        ([4, 0, 3, 3], 1.0, 4),
        ([4, 0, 3, 0], 1.0, 4),
        ([0, 9, 0, 0], 1e-14, 0),
        ([0, 9, 0, 0], 0.9, 4),
    ],
)
def test_the_break_even_is_where_as_many_are_kept_as_match(
    observed: list[int], mismatched: float, cell: int
) -> None:
    """Within a cell or so; that of nothing is no cell, as for a precision that is not reached."""
    parts = Parts((mismatched, 1 - mismatched), 1.0, (1.0, 1.0), 0.0)
    counts = np.array(observed, float)
    found = Mixture(np.arange(4.0), counts, np.ones(4), mismatched, 0.0, 1.0, parts)
    assert found.break_even() == cell
