"""Hashed n-grams against the slow obvious way, and their sums against plain integers."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.ngrams import MOST_POINTS, NgramModel, most_weight, ngrams_of
from filters.scripts import Column, plain

LINES = st.lists(st.text(st.sampled_from("abcéжд 1-한"), max_size=20).map(plain), max_size=5)


def slow_ngrams(line: str, longest: int) -> list[str]:
    words = [f" {word} " for word in re.findall(r"[^\W\d_]+", line)]
    return [
        word[n : n + size]
        for size in range(3, longest + 1)
        for word in words
        for n in range(len(word) - size + 1)
    ]


def bucket(ngram: str) -> int:
    mixed = 0
    for letter in ngram:
        mixed = ((mixed * 0x9E3779B1) ^ (ord(letter) * 0x85EBCA6B)) & 0xFFFFFFFF
        mixed ^= mixed >> 15
    return (mixed * 0xC2B2AE35 & 0xFFFFFFFF) >> (32 - 12)


@given(LINES, st.integers(3, 6))
def test_ngrams_are_those_of_the_words(lines: list[str], longest: int) -> None:
    found = ngrams_of(Column.of(lines), 12, longest)
    assert found.sizes.tolist() == [len(slow_ngrams(line, longest)) for line in lines]
    ends = np.cumsum(found.sizes)
    for line, size, end in zip(lines, found.sizes, ends, strict=True):
        expected = sorted(bucket(ngram) for ngram in slow_ngrams(line, longest))
        assert sorted(found.buckets[end - size : end].tolist()) == expected


@pytest.mark.parametrize("languages", [1, 3, 4, 9])
@pytest.mark.parametrize("longest", [3, 4, 5, 6])
def test_shares_are_those_of_plain_sums(languages: int, longest: int) -> None:
    codes = tuple(f"l{n}" for n in range(languages))
    most = most_weight(longest)
    draw = np.random.default_rng(0)
    weights = draw.integers(-most, most + 1, (1 << 12, languages)).astype(np.int8)
    lines = ["ein hund", "", "12", "wörter " * 40]
    found = NgramModel(codes, weights, 0.01, longest).log_shares(Column.of(lines))
    for line, nats in zip(lines, found, strict=True):
        buckets = [bucket(ngram) for ngram in slow_ngrams(line[:MOST_POINTS], longest)]
        logits = weights[buckets].astype(int).sum(axis=0) * 0.01 / max(len(buckets), 1) ** 0.5
        shares = np.exp(logits) / np.exp(logits).sum()
        np.testing.assert_allclose(np.exp(nats), shares, rtol=1e-9)


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("longest", [3, 4, 5, 6])
def test_the_longest_text_overflows_nothing(sign: int, longest: int) -> None:
    extreme = sign * most_weight(longest)
    weights = np.full((1 << 12, 4), [extreme, 0, -extreme, extreme], np.int8)
    column = Column.of(["w" * 1000])
    found = NgramModel(tuple("abcd"), weights, 0.01, longest).log_shares(column)[0]
    assert found[0] == found[3]
    assert (found[0] > found[1] > found[2]) if extreme > 0 else (found[2] > found[1] > found[0])
