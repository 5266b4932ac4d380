"""Rough products: never farther off than they say, and not said to be much farther off."""

import numpy as np
import pytest

from model.bfloat16 import RoundedRows, Vectors, least_bits

DIM, ROWS, QUERIES = 384, 1_000, 64


def units(rows: int, seed: int, apart: float) -> Vectors:
    """Of length 1, in a cone that is the narrower the less they are apart."""
    axis = np.random.default_rng(0).normal(size=DIM)
    vectors = axis + apart * np.random.default_rng(seed).normal(size=(rows, DIM))
    vectors = vectors.astype(np.float16).astype(np.float32)  # as they are stored
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def values(bits: np.ndarray) -> np.ndarray:
    return (bits.astype(np.int32) << 16).view(np.float32).astype(np.float64)


@pytest.mark.parametrize("apart", [0.01, 0.3, 1.0, 100.0])
def test_products_are_no_farther_off_than_they_say(apart: float) -> None:
    rows, queries = units(ROWS, 1, apart), units(QUERIES, 2, apart)
    bits, errors = RoundedRows(rows, 1, QUERIES).products(queries)
    exact = queries.astype(np.float64) @ (rows - rows.mean(axis=0)).astype(np.float64).T
    rounding = np.abs(values(bits)) * 2.0**-8
    off = np.abs(values(bits) - exact) / (errors + rounding)
    assert 0.03 < off.max() < 1


def test_errors_that_all_go_one_way_are_within_the_bound() -> None:
    """Features just below the middle between two bfloat16, all of them."""
    vector = np.full((1, 256), (1 + 2.0**-8 - 2.0**-12) / 16, np.float32)
    rows = np.concatenate((vector, -vector))  # their mean is 0
    bits, errors = RoundedRows(rows, 1, 1).products(rows[:1])
    exact = float(rows[0].astype(np.float64) @ rows[0].astype(np.float64))
    off = abs(values(bits)[0, 0] - exact)
    assert 0.7 * errors[0, 0] < off < errors[0, 0] + exact * 2.0**-8


@pytest.mark.parametrize("apart", [0.3, 1.0, 100.0])
def test_no_row_as_near_has_a_rough_product_below_the_least(apart: float) -> None:
    rows, queries = units(ROWS, 3, apart), units(QUERIES, 4, apart)
    bits, errors = RoundedRows(rows, 1, QUERIES).products(queries)
    exact = queries @ rows.T
    order = np.argsort(bits, axis=1)
    ruled_out = 0
    for place in (-1, -10, -100):  # of a rough product, from the top
        top = order[:, place, None]
        least = least_bits(np.take_along_axis(bits, top, axis=1), errors)
        is_near = exact >= np.take_along_axis(exact, top, axis=1)
        is_told = least < np.iinfo(np.int16).max
        assert (bits >= least)[is_near & is_told].all()
        ruled_out += int((bits < least)[np.broadcast_to(is_told, bits.shape)].sum())
    assert ruled_out > QUERIES * ROWS


def test_zeros_are_added_until_the_rows_are_a_multiple() -> None:
    rows = units(ROWS, 5, 1.0)
    bits, _ = RoundedRows(rows, 256, QUERIES).products(rows[:2])
    assert bits.shape == (2, 1_024)
    assert not values(bits)[:, ROWS:].any()


def test_what_is_not_above_zero_tells_nothing() -> None:
    queries = np.zeros((1, DIM), np.float32)
    bits, errors = RoundedRows(units(ROWS, 6, 1.0), 1, 1).products(queries)
    assert least_bits(bits[:, :1], errors) == np.iinfo(np.int16).max
