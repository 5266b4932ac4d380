"""Is this picture worth keeping? On what `gather` measured of it, without its pixels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.rows import Measures


class ImageFault(StrEnum):
    """Why a picture is turned away, in the order in which the rules are tried."""

    TOO_SMALL = "too-small"
    FEW_PIXELS = "few-pixels"
    ASPECT = "extreme-aspect"
    FEW_BYTES = "few-bytes"
    BLANK = "blank"
    BLURRED = "blurred"
    INDISTINCT = "indistinct"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRules:
    """What a picture must be: the recipe's `[screen.image]`.

    Attributes:
      min_side: pixels of the original's shorter side; 0 turns the rule off. Under 32 there is less
        to see than in an icon.
      min_pixels: the original's width times height; 0 turns the rule off.
      max_aspect: longer side to shorter side, at least 1; `inf` turns the rule off. Above 5
        lie banners and dividers, and one in forty textbook figures.
      min_bits_per_pixel: of the original file; 0 turns the rule off. JPEGs of plain colour have
        about 0.02, poor photos 0.2.
      min_luma_std: standard deviation of the luma, in [0, 127.5]; 0 turns the rule off. Noise on
        one colour has up to 5; of 1,300 illustrations, charts and emoji the palest had 9.
      min_ink: share of pixels unlike the commonest luma, in [0, 1]; 0 turns the rule off. Of the
        same pictures the emptiest had 0.022.
      min_sharpness: variance of the luma's Laplacian at the stored size, which it depends on. 0,
        the default, turns the rule off: fog and snow are not sharp, either.
      min_pdq_quality: in [0, 100]. 0, the default, turns the rule off: drawings of few shapes have
        little.
    """

    min_side: int = 32
    min_pixels: int = 0
    max_aspect: float = 5.0
    min_bits_per_pixel: float = 0.0
    min_luma_std: float = 5.0
    min_ink: float = 0.005
    min_sharpness: float = 0.0
    min_pdq_quality: int = 0

    def __post_init__(self) -> None:
        bounds = {
            "max_aspect": (1, float("inf")),
            "min_luma_std": (0, 127.5),
            "min_ink": (0, 1),
            "min_pdq_quality": (0, 100),
        }
        for name in self.__slots__:
            least, most = bounds.get(name, (0, float("inf")))
            value = getattr(self, name)
            if not least <= value <= most:
                asked = f"in [{least}, {most}]" if most < float("inf") else f"at least {least}"
                raise ValueError(f"{name} must be {asked}, got {value}")


MEASURED = (
    "original_width", "original_height", "original_size", "pdq_quality", "sharpness", "luma_std",
    "ink",
)  # fmt: skip
"""What the rules look at, of `Measures`."""

Columns = Mapping[str, NDArray[Any]]
"""The measured values of pictures by name, of shape [pictures] each."""


def image_fault(picture: Measures, rules: ImageRules) -> ImageFault | None:
    """Returns the first rule that `picture` breaks, or None: keep it.

    Args:
      picture: measured, so no side is 0.
      rules: what is asked of it.
    """
    columns = {name: np.array([getattr(picture, name)]) for name in MEASURED}
    return image_faults(columns, rules)[0]


def image_faults(pictures: Columns, rules: ImageRules) -> list[ImageFault | None]:
    """What `image_fault` returns of each, in a small part of the time."""
    faults: list[ImageFault | None] = [None] * len(pictures["ink"])
    for fault, is_broken in reversed(list(_RULES.items())):  # the first has the last word
        for row in np.flatnonzero(is_broken(pictures, rules)).tolist():
            faults[row] = fault
    return faults


def _shorter(of: Columns) -> NDArray[Any]:
    return np.minimum(of["original_width"], of["original_height"])


def _pixels(of: Columns) -> NDArray[Any]:
    return of["original_width"] * of["original_height"]


def _is_long(of: Columns, rules: ImageRules) -> NDArray[np.bool_]:
    return np.maximum(of["original_width"], of["original_height"]) > rules.max_aspect * _shorter(of)


def _has_few_bytes(of: Columns, rules: ImageRules) -> NDArray[np.bool_]:
    return 8 * of["original_size"] < rules.min_bits_per_pixel * _pixels(of)


def _is_blank(of: Columns, rules: ImageRules) -> NDArray[np.bool_]:
    return (of["luma_std"] < rules.min_luma_std) | (of["ink"] < rules.min_ink)


_RULES: Mapping[ImageFault, Callable[[Columns, ImageRules], NDArray[np.bool_]]] = MappingProxyType(
    {
        ImageFault.TOO_SMALL: lambda of, rules: _shorter(of) < rules.min_side,
        ImageFault.FEW_PIXELS: lambda of, rules: _pixels(of) < rules.min_pixels,
        ImageFault.ASPECT: _is_long,
        ImageFault.FEW_BYTES: _has_few_bytes,
        ImageFault.BLANK: _is_blank,
        ImageFault.BLURRED: lambda of, rules: of["sharpness"] < rules.min_sharpness,
        ImageFault.INDISTINCT: lambda of, rules: of["pdq_quality"] < rules.min_pdq_quality,
    }
)
