"""Is this picture worth keeping? On what `gather` measured of it, without its pixels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

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


def image_fault(picture: Measures, rules: ImageRules) -> ImageFault | None:
    """Returns the first rule that `picture` breaks, or None: keep it.

    Args:
      picture: measured, so no side is 0.
      rules: what is asked of it.
    """
    for fault, is_broken in _RULES.items():
        if is_broken(picture, rules):
            return fault
    return None


def _shorter(picture: Measures) -> int:
    return min(picture.original_width, picture.original_height)


def _pixels(picture: Measures) -> int:
    return picture.original_width * picture.original_height


def _is_long(picture: Measures, rules: ImageRules) -> bool:
    longer = max(picture.original_width, picture.original_height)
    return longer > rules.max_aspect * _shorter(picture)


def _has_few_bytes(picture: Measures, rules: ImageRules) -> bool:
    return 8 * picture.original_size < rules.min_bits_per_pixel * _pixels(picture)


def _is_blank(picture: Measures, rules: ImageRules) -> bool:
    return picture.luma_std < rules.min_luma_std or picture.ink < rules.min_ink


_RULES: Mapping[ImageFault, Callable[[Measures, ImageRules], bool]] = MappingProxyType(
    {
        ImageFault.TOO_SMALL: lambda picture, rules: _shorter(picture) < rules.min_side,
        ImageFault.FEW_PIXELS: lambda picture, rules: _pixels(picture) < rules.min_pixels,
        ImageFault.ASPECT: _is_long,
        ImageFault.FEW_BYTES: _has_few_bytes,
        ImageFault.BLANK: _is_blank,
        ImageFault.BLURRED: lambda picture, rules: picture.sharpness < rules.min_sharpness,
        ImageFault.INDISTINCT: lambda picture, rules: picture.pdq_quality < rules.min_pdq_quality,
    }
)
