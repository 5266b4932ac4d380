import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.picture import ImageFault, ImageRules, image_fault
from schemas.rows import Measures

PHOTO = Measures(
    width=256,
    height=192,
    original_width=800,
    original_height=600,
    exif="{}",
    sha256="0" * 64,
    original_size=90_000,
    original_format="jpeg",
    pdq="0" * 64,
    pdq_quality=100,
    sharpness=800.0,
    luma_mean=120.0,
    luma_std=50.0,
    colourfulness=30.0,
    ink=0.6,
)
STRICT = ImageRules(
    min_pixels=1000, min_bits_per_pixel=0.1, min_sharpness=50, min_pdq_quality=40, max_aspect=3
)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({}, None),
        ({"original_width": 31}, ImageFault.TOO_SMALL),
        ({"original_width": 32, "original_height": 31}, ImageFault.TOO_SMALL),
        ({"original_width": 32, "original_height": 31 + 1, "original_size": 50}, None),
        ({"original_height": 266}, ImageFault.ASPECT),
        ({"original_height": 267}, None),
        ({"original_size": 5_999}, ImageFault.FEW_BYTES),
        ({"original_size": 6_000}, None),
        ({"luma_std": 4.9}, ImageFault.BLANK),
        ({"ink": 0.004}, ImageFault.BLANK),
        ({"sharpness": 49.9}, ImageFault.BLURRED),
        ({"pdq_quality": 39}, ImageFault.INDISTINCT),
    ],
)
def test_image_fault(change: dict[str, Any], fault: ImageFault | None) -> None:
    assert image_fault(dataclasses.replace(PHOTO, **change), STRICT) is fault


def test_few_pixels() -> None:
    small = dataclasses.replace(PHOTO, original_width=100, original_height=100)
    assert image_fault(small, ImageRules(min_pixels=10_001)) is ImageFault.FEW_PIXELS
    assert image_fault(small, ImageRules(min_pixels=10_000)) is None


def test_the_defaults_ask_neither_for_sharpness_nor_for_a_hash() -> None:
    fog = dataclasses.replace(PHOTO, sharpness=0.1, pdq_quality=0, original_size=100)
    assert image_fault(fog, ImageRules()) is None


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ({"max_aspect": 0.5}, "max_aspect must be at least 1, got 0.5"),
        ({"min_ink": 2}, r"min_ink must be in \[0, 1\], got 2"),
        ({"min_side": -1}, "min_side must be at least 0, got -1"),
        ({"min_luma_std": float("nan")}, "got nan"),
    ],
)
def test_impossible_bounds_are_named(bounds: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ImageRules(**bounds)  # type: ignore[arg-type]


SIDES = st.integers(1, 2000)


@given(
    st.builds(
        lambda **change: dataclasses.replace(PHOTO, **change),
        original_width=SIDES,
        original_height=SIDES,
        original_size=st.integers(0, 10_000),
        luma_std=st.floats(0, 127),
        ink=st.floats(0, 1),
        sharpness=st.floats(0, 100),
        pdq_quality=st.integers(0, 100),
    )
)
def test_each_looser_bound_keeps_all_that_the_stricter_ones_kept(picture: Measures) -> None:
    strict_passes = image_fault(picture, STRICT) is None
    for field in dataclasses.fields(ImageRules):
        value = getattr(STRICT, field.name)
        looser = value * 2 if field.name == "max_aspect" else value // 2
        if strict_passes:
            rules = dataclasses.replace(STRICT, **{field.name: looser})
            assert image_fault(picture, rules) is None
