import itertools
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filters.duplicates import DuplicateRules, Members, turned_away
from filters.near_hashes import dealt


def members(rows: list[dict[str, Any]]) -> Members:
    first = {
        "group": 0,
        "uid": "",
        "sha256": "",
        "bits": 0,
        "pdq_quality": 100,
        "pixels": 1,
        "caption_quality": 0.0,
    }
    columns = {name: [{**first, **row}[name] for row in rows] for name in first}
    return Members(
        group=np.array(columns["group"], dtype=np.int64),
        uid=np.array(columns["uid"], dtype="U32"),
        sha256=np.array(columns["sha256"], dtype="U64"),
        hashes=dealt([f"{2 ** columns['bits'][row] - 1:064x}" for row in range(len(rows))]),
        pdq_quality=np.array(columns["pdq_quality"], dtype=np.int64),
        pixels=np.array(columns["pixels"], dtype=np.int64),
        caption_quality=np.array(columns["caption_quality"], dtype=np.float64),
    )


def kept(rows: list[dict[str, Any]], **rules: Any) -> dict[str, str]:
    """Who is kept in whose place."""
    found = turned_away(members(rows), DuplicateRules(**rules))
    uids = [row["uid"] for row in rows]
    return {uids[row]: uids[best] for row, best in zip(found.row, found.kept, strict=True)}


def test_the_best_has_most_pixels_then_the_best_captions_then_the_first_uid() -> None:
    rows: list[dict[str, Any]] = [
        {"uid": "a", "pixels": 5, "caption_quality": 9.0},
        {"uid": "d", "pixels": 6, "caption_quality": 2.0},
        {"uid": "c", "pixels": 6, "caption_quality": 3.0},
        {"uid": "b", "pixels": 6, "caption_quality": 3.0},
        {"uid": "z", "group": -4},
    ]
    for order in itertools.permutations(rows):
        assert kept(list(order)) == {"a": "b", "c": "b", "d": "b"}


def test_the_reason_and_the_distance_are_those_to_the_kept_picture() -> None:
    rows: list[dict[str, Any]] = [
        {"uid": "a", "sha256": "x", "bits": 7},
        {"uid": "b", "sha256": "x", "bits": 7},
        {"uid": "c", "sha256": "y", "bits": 40},
    ]
    found = turned_away(members(rows), DuplicateRules())
    assert found.reason.tolist() == ["duplicate-bytes", "near-duplicate"]
    assert found.distance.tolist() == [0, 33]


CHAIN = [{"uid": f"{n:02d}", "sha256": str(n), "bits": 20 * n, "pixels": 99 - n} for n in range(9)]


def test_in_a_giant_group_chains_do_not_count() -> None:
    assert set(kept(CHAIN, largest_group=9).values()) == {"00"}
    assert kept(CHAIN, largest_group=8) == {"01": "00", "03": "02", "05": "04", "07": "06"}


def test_equal_hashes_do_not_make_a_group_giant() -> None:
    rows = [{"uid": f"{n}", "sha256": str(n)} for n in range(9)]
    assert len(kept(rows, largest_group=1)) == 8


def test_hashes_that_say_little_are_not_compared_in_a_giant_group() -> None:
    rows = [*CHAIN, {"uid": "blank", "sha256": "0", "bits": 0, "pdq_quality": 9}]
    assert kept(rows, largest_group=3)["blank"] == "00"
    assert "blank" not in kept(rows, largest_group=3, exact=False)


def test_no_picture_no_verdict() -> None:
    assert kept([]) == {}


@settings(deadline=None)
@given(st.lists(st.integers(0, 255), max_size=30), st.integers(1, 40), st.integers(0, 31))
def test_two_that_are_kept_of_a_giant_group_are_never_near(
    bits: list[int], largest: int, most: int
) -> None:
    rows = [{"uid": f"{n:02d}", "sha256": str(n), "bits": bit} for n, bit in enumerate(bits)]
    lost = kept(rows, largest_group=largest, max_distance=most)
    left = [row for row in rows if row["uid"] not in lost]
    if len({row["bits"] for row in rows}) > largest:
        assert all(abs(a["bits"] - b["bits"]) > most for a, b in itertools.combinations(left, 2))
        assert all(abs(bits[int(a)] - bits[int(b)]) <= most for a, b in lost.items())
    assert set(lost.values()) <= {row["uid"] for row in left}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"max_distance": 32}, "max_distance must be in [0, 31], got 32"),
        ({"min_pdq_quality": -1}, "min_pdq_quality must be in [0, 100], got -1"),
        ({"largest_group": 0}, "largest_group must be at least 1, got 0"),
    ],
)
def test_impossible_bounds_are_refused(wrong: dict[str, int], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        DuplicateRules(**wrong)  # type: ignore[arg-type]
