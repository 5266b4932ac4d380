"""Pictures of any shape to the squares that an image tower takes, as fast as training needs it.

transformers' image processors do the same for a model in use, with Pillow and some ten times as
slowly; what they are told (size, whether the middle is cut out) is followed here.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from model.drawing import uniform

Pixels = npt.NDArray[np.integer[Any] | np.floating[Any]]
"""[h, w, 3], of 8 bits in fact; cv2's annotations say no more."""

_TWICE_AT_MOST = 2.8  # times the size; above that, an area average comes out truer

cv2.setNumThreads(0)  # pictures are fitted side by side in several processes


@dataclass(frozen=True, slots=True)
class PictureFit:
    """How a picture becomes a square.

    Attributes:
      size: pixels a side.
      crops: whether the middle is cut out, after the shorter side was made to fit; otherwise both
        sides are made to fit, whatever the ratio. transformers' may lie half a pixel beside it.
      smallest_crop: of the picture's area: a random part of at least that much is used instead.
    """

    size: int
    crops: bool
    smallest_crop: float = 1.0

    @classmethod
    def of(cls, image_processor: Any, smallest_crop: float = 1.0) -> "PictureFit":
        """As an image processor of transformers is told to, for training."""
        size = dict(image_processor.crop_size or image_processor.size)
        crops = "shortest_edge" in dict(image_processor.size)
        return cls(size.get("height") or size["shortest_edge"], crops, smallest_crop)

    def __call__(self, picture: Pixels, salt: str) -> Pixels:
        """The square, [size, size, 3].

        Args:
          picture: [h, w, 3].
          salt: of what is drawn: the part's area and its place.
        """
        part = self._part(picture, salt) if self.smallest_crop < 1 else picture  # [h, w, 3]
        height, width = part.shape[:2]
        if self.crops:
            side = min(height, width)
            top, left = (height - side) // 2, (width - side) // 2
            part = part[top : top + side, left : left + side]
        return _resized(part, self.size)

    def _part(self, picture: Pixels, salt: str) -> Pixels:
        """A random part of the picture, of its own ratio."""
        chances = uniform(salt, 3).tolist()
        area = self.smallest_crop + (1 - self.smallest_crop) * chances[0]
        height, width = (max(1, round(side * area**0.5)) for side in picture.shape[:2])
        top = round((picture.shape[0] - height) * chances[1])
        left = round((picture.shape[1] - width) * chances[2])
        return picture[top : top + height, left : left + width]


def _resized(picture: Pixels, side: int) -> Pixels:
    """The picture on `side` by `side` pixels, of whatever ratio it is.

    By way of twice the sides: the cubic kernel there and the average of fours back are together as
    wide as Pillow's when it shrinks, and nearer to it than an area average, in half the time.
    """
    height, width = picture.shape[:2]
    if height == width == side:
        return picture
    twice = 2 * side
    if max(height, width) > _TWICE_AT_MOST * side:
        smaller = min(width, twice), min(height, twice)
        picture = cv2.resize(picture, smaller, interpolation=cv2.INTER_AREA)
    grown = cv2.resize(picture, (twice, twice), interpolation=cv2.INTER_CUBIC)
    return cv2.resize(grown, (side, side), interpolation=cv2.INTER_AREA)
