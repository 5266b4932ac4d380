"""PDQ, Meta's perceptual hash of a picture, from its 64 × 64 luma.

As in "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm" (Meta, 2019) and
its reference code, but for whole numbers: those fit a double whole, so that no processor's way of
adding changes a bit. The reference adds single floats, so where a symmetric or flat picture has
coefficients of zero, its bits are what rounding left, while ours are 0.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 64  # pixels of what is hashed

_KEPT = 16  # frequencies each way, without the constant one
_FIXED_POINT = 19  # bits: 2 × 19, and 15 for what two sums of 64 grow to, are a double's 53
_GRADIENT_A_POINT = 90  # of quality
_HIGHEST_QUALITY = 100


def _dct() -> NDArray[np.float64]:
    """Rows of the cosine transform, whole numbers, shape [_KEPT, SIDE]."""
    frequencies, places = np.arange(1, _KEPT + 1), np.arange(1, 2 * SIDE, 2)
    cosines = np.cos(np.pi / (2 * SIDE) * np.outer(frequencies, places))
    return np.round(cosines * np.sqrt(2 / SIDE) * 2**_FIXED_POINT)


_ROWS = _dct()
_COLUMNS = np.ascontiguousarray(_ROWS.T)
_PERCENT = (np.arange(256) * 100 // 255).astype(np.uint8)  # of the steepest gradient


def pdq(luma: NDArray[np.uint8]) -> tuple[str, int]:
    """The hash in 64 hex digits, and how much there is to hash, in [0, 100].

    Args:
      luma: shape [SIDE, SIDE].
    """
    coefficients = (_ROWS @ luma.astype(np.float64) @ _COLUMNS).ravel()
    middle = coefficients.size // 2 - 1
    bits = coefficients > np.partition(coefficients, middle)[middle]  # the lower median
    return np.packbits(bits[::-1]).tobytes().hex(), _quality(luma)


def _quality(luma: NDArray[np.uint8]) -> int:
    """By the differences of neighbours, each in whole percent of the largest possible."""
    down, across = cv2.absdiff(luma[1:], luma[:-1]), cv2.absdiff(luma[:, 1:], luma[:, :-1])
    total = sum(int(cv2.sumElems(cv2.LUT(steps, _PERCENT))[0]) for steps in (down, across))
    return min(_HIGHEST_QUALITY, total // _GRADIENT_A_POINT)
