"""What is measured of a stored picture's pixels, so that no later stage needs them.

Sums of whole numbers throughout, so that no processor's way of adding floats changes a digit. What
changes a value raises `pipelines.decoding.VERSION`.
"""

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.pdq import SIDE, pdq
from pipelines.resizing import Bgrx, Pixels

Luma = NDArray[np.uint8]  # [height, width]

_INK_DISTANCE = 16  # of 255: over what JPEG does to a plain background
_PAPER_ROWS = 4  # every fourth row tells the commonest luma
_BEFORE_THUMB = (4 * SIDE, 4 * SIDE)  # pixels: halved twice they are what PDQ hashes
_OPPONENTS = np.array([[2, -2, 0], [1, 1, -2]], np.float32)  # twice red - green, yellow - blue


def measured(pixels: Pixels | Bgrx) -> dict[str, Any]:
    """The fields of `schemas.rows.Measures` that speak of pixels, but for their number.

    The same of both orders of channels.
    """
    is_bgrx = pixels.shape[2] == 4
    how = cv2.COLOR_BGRA2GRAY if is_bgrx else cv2.COLOR_RGB2GRAY
    luma = np.asarray(cv2.cvtColor(pixels, how), dtype=np.uint8)
    mean, std = cv2.meanStdDev(luma)
    hashed, quality = pdq(_thumb(luma))
    return {
        "pdq": hashed,
        "pdq_quality": quality,
        "sharpness": _sharpness(luma),
        "luma_mean": round(float(mean[0, 0]), 3),
        "luma_std": round(float(std[0, 0]), 3),
        "colourfulness": _colourfulness(pixels[:, :, 2::-1] if is_bgrx else pixels),
        "ink": _ink(luma),
    }


def _thumb(luma: Luma) -> Luma:
    if max(luma.shape) > 4 * max(_BEFORE_THUMB):
        luma = _halved(luma)
    small = max(luma.shape) <= 2 * max(_BEFORE_THUMB)  # so that linear steps skip no pixel
    how = cv2.INTER_LINEAR if small else cv2.INTER_AREA
    block = cv2.resize(luma, _BEFORE_THUMB, interpolation=how)
    for _ in range(2):
        block = cv2.resize(block, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return np.asarray(block, dtype=np.uint8)


def _halved(luma: Luma) -> Luma:
    """Averages of four pixels, without a last odd row or column.

    OpenCV does these with SIMD, and an area average by a broken factor pixel by pixel.
    """
    height, width = (max(2, side // 2 * 2) for side in luma.shape)
    even = luma[:height, :width]
    half = width // 2, height // 2
    return np.asarray(cv2.resize(even, half, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _sharpness(luma: Luma) -> float:
    """Variance from the sums, both whole numbers: `meanStdDev` takes ten times as long on these."""
    edges = cv2.Laplacian(luma, cv2.CV_16S)
    total = round(cv2.sumElems(edges)[0])
    squares = round(cv2.norm(edges, cv2.NORM_L2SQR))  # OpenCV takes the root and squares it again
    return round((edges.size * squares - total**2) / edges.size**2, 3)


def _colourfulness(pixels: Pixels) -> float:
    """Of a grid of at least 32 × 32 pixels, which says as much as all of them."""
    rows, columns = (max(1, side // 32) for side in pixels.shape[:2])
    grid = np.ascontiguousarray(pixels[::rows, ::columns], np.int16)
    mean, std = cv2.meanStdDev(cv2.transform(grid, _OPPONENTS))
    return round((math.hypot(*std[:, 0]) + 0.3 * math.hypot(*mean[:, 0])) / 2, 3)


def _ink(luma: Luma) -> float:
    paper = _commonest(luma[::_PAPER_ROWS])
    near = cv2.inRange(luma, paper - _INK_DISTANCE, paper + _INK_DISTANCE)
    return round(1 - cv2.countNonZero(near) / luma.size, 6)


def _commonest(luma: Luma) -> int:
    """The commonest luma, of several the darkest.

    Most pages are paper from their first pixel on: what most have is told in a third of the time
    that counting all takes.
    """
    first = int(luma[0, 0])
    if 2 * cv2.countNonZero(cv2.inRange(luma, first, first)) > luma.size:
        return first
    return int(cv2.calcHist([luma], [0], None, [256], [0, 256]).argmax())
