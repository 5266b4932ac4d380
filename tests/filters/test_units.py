"""Units that English has and others have not."""

import pytest

from filters.units import are_converted, conversions_from, heights_in


@pytest.mark.parametrize(
    ("text", "imperial", "metric", "expected"),
    [
        ("385 miles", 385, 620, True),
        ("385 miles", 385, 385, False),
        ("85 mph", 85, 137, True),
        ("85 mph", 85, 38, True),  # m/s
        ("10 inches", 10, 25, True),
        ("10 inches", 10, 250, True),  # mm
        ("18 ft", 18, 5.5, True),
        ("550 pounds", 550, 250, True),
        ("80 degrees", 80, 27, True),
        ("a 20-degree difference", 20, 11, True),
        ("80 degrees", 80, 80, False),
        ("80 dogs", 80, 27, False),
        ("a footman, 18", 18, 5.5, False),
    ],
)
def test_conversions(text: str, imperial: float, metric: float, expected: bool) -> None:
    conversions = conversions_from(text)
    assert are_converted(imperial, metric, conversions) is expected
    assert are_converted(metric, imperial, conversions) is expected


def test_heights() -> None:
    assert heights_in("the 6-foot-6 forward and the 5 ft 11 guard") == [("6", "6"), ("5", "11")]
    assert heights_in("18 feet, 20 dogs") == []
