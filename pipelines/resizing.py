"""Pixels to another size: as true as a full decode and an area average, for a third of the CPU.

Two things cost: what the JPEG library decodes, which it can scale by eighths while it does so, and
the filter after it. `python -m benchmarks.resizing` prints the figures behind both choices.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # [height, width, 3] RGB
Bgrx = NDArray[np.uint8]  # [height, width, 4] blue, green, red and a byte that says nothing
Size = tuple[int, int]  # width and height, pixels

_EIGHTHS = (
    1,
    2,
    4,
)  # libjpeg-turbo scales by these with SIMD; by the others it costs more than none
_SCALED_AT_LEAST = 1.4  # times the target; below that, a larger scale comes out truer
_TWICE_AT_MOST = 2.8  # times the target; above that, an area average comes out truer


@dataclass(frozen=True, slots=True)
class Scaled:
    """Pixels of a picture that was scaled while it was decoded.

    Attributes:
      pixels: libjpeg rounds its sides up: the last row and column may be there in part.
      width: of what they show, in those pixels.
      height: the same.
    """

    pixels: Pixels
    width: float
    height: float


def eighths_to_decode(size: Size, target: Size) -> int:
    """How many eighths of a JPEG's sides to decode, so that `resized` still makes a good `target`.

    >>> eighths_to_decode((2400, 1800), (341, 256)), eighths_to_decode((400, 400), (256, 256))
    (2, 8)
    """
    ratio = min(size[0] / target[0], size[1] / target[1])
    return next((n for n in _EIGHTHS if ratio * n / 8 >= _SCALED_AT_LEAST), 8)


def resized(picture: Scaled, target: Size) -> Pixels:
    """The picture at the size `target`.

    Shrinking interpolates to twice the target and averages blocks of four: a cubic kernel as wide
    as the step, of which OpenCV does both halves with SIMD, where its area average and Pillow's
    filters take three to ten times as long.
    """
    height, width = picture.pixels.shape[:2]
    if picture.width == target[0] and picture.height == target[1]:
        return picture.pixels
    if width < target[0] or height < target[1]:
        grown = cv2.resize(picture.pixels, target, interpolation=cv2.INTER_CUBIC)
        return np.asarray(grown, dtype=np.uint8)
    if max(picture.width / target[0], picture.height / target[1]) > _TWICE_AT_MOST:
        return _averaged(picture.pixels, target)
    # By exact factors, so that pixels that reach beyond the picture come to lie beyond the cut.
    across, down = 2 * target[0] / picture.width, 2 * target[1] / picture.height
    twice = cv2.resize(picture.pixels, None, fx=across, fy=down, interpolation=cv2.INTER_CUBIC)
    return _averaged(np.asarray(twice)[: 2 * target[1], : 2 * target[0]], target)


def _averaged(pixels: NDArray[Any], size: Size) -> Pixels:
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
