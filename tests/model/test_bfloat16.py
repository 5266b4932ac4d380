"""Rough products: never farther off than they say, and not said to be much farther off."""

import numpy as np
import pytest
import torch

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


def check_least(rows: Vectors, queries: Vectors) -> int:
    """Asks of each row, whether all that are as near have the least, and counts those without."""
    bits, errors = RoundedRows(rows, 1, QUERIES).products(queries)
    order = np.argsort(queries.astype(np.float64) @ rows.astype(np.float64).T, axis=1)
    bits = np.take_along_axis(bits, order, axis=1)  # [queries, rows], the nearest last
    least = least_bits(bits, errors)
    is_told = least < np.iinfo(np.int16).max
    lowest = np.minimum.accumulate(bits[:, ::-1], axis=1)[:, ::-1]  # of rows as near
    assert (lowest >= least)[is_told].all()
    assert (least > 0).all()
    tenth = least[:, -ROWS // 10, None]
    return int((bits < tenth)[tenth[:, 0] < np.iinfo(np.int16).max].sum())


@pytest.mark.parametrize("apart", [0.3, 1.0, 100.0])
def test_no_row_as_near_has_a_rough_product_below_the_least(apart: float) -> None:
    ruled_out = check_least(units(ROWS, 3, apart), units(QUERIES, 4, apart))
    assert ruled_out > QUERIES * ROWS / 3


def test_rows_that_rounding_sets_apart_are_not_ruled_out() -> None:
    """Products on both sides of the middle of two numbers, and little error beside."""
    random = np.random.default_rng(7)
    rough = torch.from_numpy(random.normal(size=(20_000 + QUERIES, 8)) / 3).bfloat16()
    vectors = rough.float().numpy()
    rows = vectors[QUERIES:] * (1 + random.uniform(-1e-5, 1e-5, (20_000, 8))).astype(np.float32)
    rows = np.concatenate((rows, -rows))  # their mean is 0
    assert check_least(rows, vectors[:QUERIES]) > QUERIES * ROWS


def test_zeros_are_added_until_the_rows_are_a_multiple() -> None:
    rows = units(ROWS, 5, 1.0)
    bits, _ = RoundedRows(rows, 256, QUERIES).products(rows[:2])
    assert bits.shape == (2, 1_024)
    assert not values(bits)[:, ROWS:].any()


def test_what_is_not_above_zero_tells_nothing() -> None:
    queries = np.zeros((1, DIM), np.float32)
    bits, errors = RoundedRows(units(ROWS, 6, 1.0), 1, 1).products(queries)
    assert least_bits(bits[:, :1], errors) == np.iinfo(np.int16).max
