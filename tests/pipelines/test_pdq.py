"""PDQ against the reference library, bit by bit."""

import cv2
import numpy as np
import pdqhash
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.pdq import SIDE, pdq
from pipelines.sample import write_sample


def reference(luma: np.ndarray) -> tuple[str, int]:
    bits, quality = pdqhash.compute(cv2.merge((luma, luma, luma)))
    return np.packbits(bits).tobytes().hex(), int(quality)


def apart(one: str, other: str) -> int:
    """Hamming distance, bits."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


@given(st.integers(0, 2**32), st.integers(1, SIDE), st.integers(1, 255))
def test_hash_and_quality_are_the_librarys(seed: int, grain: int, contrast: int) -> None:
    """Fields from one gradient to noise, faint and strong."""
    field = np.random.default_rng(seed).random((grain + 1, grain + 1)) * contrast
    luma = cv2.resize(field, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    luma = luma.clip(0, 255).astype(np.uint8)
    (hashed, quality), (expected, expected_quality) = pdq(luma), reference(luma)
    assert quality == expected_quality
    if quality:  # else next to nothing is hashed, and the library's rounding decides
        assert apart(hashed, expected) <= 2


def test_drawn_pictures_have_the_librarys_hash(tmp_path) -> None:
    write_sample(tmp_path, rows=200, seed=5)
    files = [path for path in tmp_path.rglob("*") if path.suffix in (".jpg", ".png", ".webp")]
    pictures = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in sorted(files)]
    read = [picture for picture in pictures if picture is not None]
    thumbs = [cv2.resize(each, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for each in read]
    assert len(thumbs) > 20
    found = [(pdq(thumb), reference(thumb)) for thumb in thumbs]
    assert all(ours[1] == theirs[1] for ours, theirs in found)
    assert sum(apart(ours[0], theirs[0]) for ours, theirs in found if ours[1]) <= 4


@pytest.mark.parametrize("grey", [0, 1, 128, 255])
def test_nothing_to_hash_has_no_bits(grey: int) -> None:
    assert pdq(np.full((SIDE, SIDE), grey, np.uint8)) == ("0" * 64, 0)
