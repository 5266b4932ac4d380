import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.drawing import Drawing, shuffled, uniform

SHARES = {"en": 0.7, "de": 0.2, "fi": 0.08, "ka": 0.02}


def slow_uniform(salt: str, count: int) -> list[float]:
    """SplitMix64 as its authors write it, one number after another."""
    state = int.from_bytes(hashlib.blake2b(salt.encode(), digest_size=8).digest(), "big")
    found = []
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) % 2**64
        z = state
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
        found.append((((z ^ (z >> 31)) >> 11) + 0.5) / 2**53)
    return found


@given(st.text(), st.integers(0, 40))
def test_chance_is_splitmix64(salt, count):
    assert uniform(salt, count).tolist() == slow_uniform(salt, count)


def test_chance_is_even():
    numbers = uniform("even", 100_000)
    assert 0 < numbers.min() < numbers.max() <= 1
    shares = np.histogram(numbers, 10, (0, 1))[0] / len(numbers)
    assert np.abs(shares - 0.1).max() < 0.005
    assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 0.01


@given(st.text(), st.integers(0, 100))
def test_shuffled_has_every_place_once(salt, count):
    assert sorted(shuffled(salt, count)) == list(range(count))


def test_orders_differ_by_salt():
    assert len({tuple(shuffled(f"{salt}", 20)) for salt in range(50)}) == 50


SAMPLES = st.lists(st.lists(st.sampled_from(sorted(SHARES)), min_size=1, max_size=4), max_size=12)


def flattened(samples: list[list[str]]) -> tuple[list[str], np.ndarray]:
    """The texts' languages, and where each sample's begin."""
    counts = np.array([len(languages) for languages in samples], np.int64)
    return [code for languages in samples for code in languages], np.cumsum(counts) - counts


@given(SAMPLES, st.text())
def test_each_sample_once_at_temperature_1(samples, salt):
    languages, starts = flattened(samples)
    found, _ = Drawing.at(1, SHARES).draw(languages, starts, salt)
    assert found.tolist() == list(range(len(samples)))


@given(SAMPLES, st.floats(1, 100), st.text())
def test_visits_and_texts_are_of_the_samples(samples, temperature, salt):
    languages, starts = flattened(samples)
    drawing = Drawing.at(temperature, SHARES)
    found, texts = drawing.draw(languages, starts, salt)
    ends = [*starts[1:], len(languages)]
    assert all(starts[s] <= text < ends[s] for s, text in zip(found, texts, strict=True))
    visits = np.bincount(found, minlength=len(samples))
    means = [np.mean([drawing.weights[code] for code in of]) for of in samples]
    assert all(abs(n - mean) < 1 + 1e-6 for n, mean in zip(visits, means, strict=True))


@pytest.mark.parametrize("temperature", [1, 2, 5])
def test_shares_of_languages(temperature):
    """Of single captions as of several: a picture's captions together count as one."""
    singles = [[code] for code, share in SHARES.items() for _ in range(round(2500 * share))]
    several = [["en", "en", "de"], ["fi", "en"], ["ka", "fi", "de", "en"]] * 800
    samples = singles + several
    counts = dict.fromkeys(SHARES, 0.0)
    for of in samples:
        for code in of:
            counts[code] += 1 / len(of)
    shares = {code: n / len(samples) for code, n in counts.items()}
    languages, starts = flattened(samples)
    drawing = Drawing.at(temperature, shares)
    drawn = [drawing.draw(languages, starts, f"epoch {n}")[1] for n in range(60)]
    texts = np.concatenate(drawn)
    wanted = {code: share ** (1 / temperature) for code, share in shares.items()}
    for code, weight in wanted.items():
        share = np.mean(np.array(languages)[texts] == code)
        assert share == pytest.approx(weight / sum(wanted.values()), abs=0.005)
    assert len(texts) / 60 == pytest.approx(len(samples), rel=0.005)  # an epoch stays as long


def test_captions_of_one_language_come_alike_often():
    languages, starts = flattened([["en"] * 4])
    drawing = Drawing.at(1, {"en": 1.0})
    texts = [int(drawing.draw(languages, starts, f"{n}")[1][0]) for n in range(4000)]
    assert np.bincount(texts) == pytest.approx(1000, rel=0.1)


def test_one_language_is_not_drawn_by_temperature():
    found, _ = Drawing.at(5, {"fi": 1.0}).draw(["fi"] * 9, np.arange(9), "")
    assert found.tolist() == list(range(9))
