"""May one number be another in other units? Translators of news convert them."""

import re
from collections.abc import Sequence
from typing import NamedTuple


class Conversion(NamedTuple):
    """From a unit of English-speaking countries to a metric one.

    Attributes:
      factor: what a number is multiplied by.
      more: what is added then.
      slack: how far the number written may be off, since it is rounded.
    """

    factor: float
    more: float = 0.0
    slack: float = 0.6


_UNITS = (
    "mph|miles?|inch(?:es)?|foot|feet|ft|pounds?|lbs?|yards?|acres?|gallons?|degrees?|fahrenheit"
)
_UNIT = re.compile(rf"(?<![^\W\d])({_UNITS})(?!\w)")
_MEASURED = re.compile(rf"(?<![\d.,])(\d[\d.,]*)[ -]?(?:{_UNITS})(?!\w)")
_DEGREES = (Conversion(1 / 1.8, -32 / 1.8, 2.0), Conversion(1 / 1.8, 0.0, 2.0))
_FEET, _POUNDS = (Conversion(0.3048), Conversion(30.48)), (Conversion(0.4536),)  # m, cm; kg
_CONVERSIONS = {
    "mil": (Conversion(1.609),),  # km
    "mph": (Conversion(1.609), Conversion(0.447)),  # km/h, m/s
    "inc": (Conversion(2.54), Conversion(25.4)),  # cm, mm
    "foo": _FEET,
    "fee": _FEET,
    "ft": _FEET,
    "pou": _POUNDS,
    "lb": _POUNDS,
    "lbs": _POUNDS,
    "yar": (Conversion(0.9144),),  # m
    "acr": (Conversion(0.4047),),  # ha
    "gal": (Conversion(3.785),),  # l
    "deg": _DEGREES,  # °C, and a difference of these
    "fah": _DEGREES,
}
"""By the first three letters of the unit."""

_TOLERANCE = 0.05  # of the number written, where that is more than the slack
_FEET_AND_INCHES = re.compile(r"(\d) ?-?(?:foot|feet|ft)[ -](\d{1,2})(?!\d)")


def conversions_from(folded: str) -> list[Conversion]:
    """Conversions of the units that an English text, as `CaptionText.folded`, speaks of.

    >>> [its.factor for its in conversions_from("2 inches of rain")]
    [2.54, 25.4]
    """
    units = {unit[:3]: None for unit in _UNIT.findall(folded)}
    return [its for unit in units for its in _CONVERSIONS[unit]]


def are_converted(one: float, other: float, conversions: Sequence[Conversion]) -> bool:
    """Whether one of two numbers may be the other after one of the conversions.

    >>> [are_converted(km, 385, [Conversion(1.609)]) for km in (620, 600, 400)]
    [True, True, False]
    """
    return any(
        abs(imperial * its.factor + its.more - metric) <= max(its.slack, _TOLERANCE * metric)
        for imperial, metric in ((one, other), (other, one))
        for its in conversions
    )


def measured_in(folded: str) -> list[str]:
    """The numbers of these units in an English text, as written.

    >>> measured_in("10 dogs in 2 to 4 inches of snow")
    ['4']
    """
    return _MEASURED.findall(folded)


def heights_in(folded: str) -> list[tuple[str, str]]:
    """The feet and inches of people's heights in an English text, as written.

    >>> heights_in("the 6-foot-6 forward")
    [('6', '6')]
    """
    return _FEET_AND_INCHES.findall(folded)
