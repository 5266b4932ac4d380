import numpy as np
import pytest

from filters.cross_encoders import CrossEncoderRules, are_answers


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ({"max_score": 0.5}, [False, False, True, True]),
        ({"absolute_margin": 0.25}, [False, False, True, True]),
        ({"relative_margin": 0.125}, [False, False, False, True]),
        ({"relative_margin": 0.125, "max_score": 0.5}, [False, False, True, True]),
    ],
)
def test_what_is_too_near_to_the_positive_answers(
    bounds: dict[str, float], expected: list[bool]
) -> None:
    scores = np.array([-0.5, 0.5, 0.625, 0.875], np.float32)
    found = are_answers(scores, np.full(4, 0.75, np.float32), CrossEncoderRules(**bounds))
    assert found.tolist() == expected


def test_a_margin_of_a_positive_below_zero_is_below_it() -> None:
    scores, least = np.array([-1.0, -2.5], np.float32), np.full(2, -2.0, np.float32)
    assert are_answers(scores, least, CrossEncoderRules(relative_margin=0.2)).tolist() == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ({}, "max_score, absolute_margin or relative_margin must be given"),
        ({"absolute_margin": -0.1}, "absolute_margin must be at least 0, got -0.1"),
        ({"relative_margin": 1.0}, r"relative_margin must be in \[0, 1\), got 1.0"),
        ({"max_score": float("nan")}, "max_score must be a number, got nan"),
    ],
)
def test_impossible_bounds_are_refused(bounds: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        CrossEncoderRules(**bounds)
