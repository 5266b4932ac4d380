"""Measures against the slow and obvious way to take them."""

import cv2
import numpy as np
import pdqhash
import pytest
from PIL import Image

from pipelines.decoding import VERSION, Decoding, encode
from pipelines.measuring import measured
from pipelines.resizing import Pixels


def noise(width: int, height: int, seed: int = 1) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def smooth(width: int, height: int, seed: int = 1) -> Pixels:
    field = Image.fromarray(noise(12, 12, seed))
    return np.asarray(field.resize((width, height), Image.Resampling.BICUBIC))


PICTURES = [
    noise(256, 256), noise(341, 256), smooth(341, 256), smooth(256, 700), noise(1, 1), noise(3, 50),
    np.indices((90, 90)).sum(0)[..., None].repeat(3, 2).astype(np.uint8) % 2 * 255,
]  # fmt: skip


@pytest.mark.parametrize("pixels", PICTURES, ids=lambda pixels: str(pixels.shape))
def test_sums_are_those_of_the_definitions(pixels: Pixels) -> None:
    found = measured(pixels)
    luma = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.int64)
    framed = np.pad(luma, 1, mode="reflect" if min(luma.shape) > 1 else "edge")
    edges = framed[:-2, 1:-1] + framed[2:, 1:-1] + framed[1:-1, :-2] + framed[1:-1, 2:]
    assert found["sharpness"] == pytest.approx((edges - 4 * luma).var(), abs=2e-3)
    assert found["luma_mean"] == pytest.approx(luma.mean(), abs=1e-3)
    assert found["luma_std"] == pytest.approx(luma.std(), abs=1e-3)


@pytest.mark.parametrize("pixels", PICTURES, ids=lambda pixels: str(pixels.shape))
def test_colourfulness_is_that_of_the_paper(pixels: Pixels) -> None:
    height, width = pixels.shape[:2]
    grid = pixels[:: max(1, height // 32), :: max(1, width // 32)].astype(float)
    red, green, blue = np.moveaxis(grid, 2, 0)
    opponents = np.stack([red - green, (red + green) / 2 - blue])
    spread, centre = opponents.std(axis=(1, 2)), opponents.mean(axis=(1, 2))
    expected = np.hypot(*spread) + 0.3 * np.hypot(*centre)
    assert measured(pixels)["colourfulness"] == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize("paper", [0, 10, 128, 250, 255])
def test_ink_is_what_is_far_from_the_paper(paper: int) -> None:
    page = np.full((200, 300, 3), paper, np.uint8)
    page[40:60, 10:110] = (paper + 128) % 256
    page[100:120, 10:110] = paper + 16 if paper < 128 else paper - 16  # still paper
    assert measured(page)["ink"] == pytest.approx(20 * 100 / (200 * 300), abs=1e-6)


@pytest.mark.parametrize("pixels", PICTURES, ids=lambda pixels: str(pixels.shape))
def test_the_order_of_channels_changes_nothing(pixels: Pixels) -> None:
    bgrx = np.dstack([pixels[:, :, ::-1], noise(*pixels.shape[1::-1])[:, :, :1]])
    assert measured(bgrx) == measured(pixels)
    for image_format in ("jpeg", "png"):
        settings = Decoding(image_format=image_format)
        assert encode(bgrx, settings) == encode(pixels, settings)


def test_paper_is_the_commonest_luma_wherever_the_page_begins() -> None:
    page = np.full((200, 300, 3), 250, np.uint8)
    page[:100, :280] = 20
    ink = 100 * 280 / (200 * 300)
    for turned in (page, page[::-1], 255 - page):
        assert measured(turned)["ink"] == pytest.approx(ink, abs=1e-6)


def test_a_blank_is_told_from_a_busy_picture() -> None:
    blank, busy = measured(np.full((90, 90, 3), 255, np.uint8)), measured(noise(90, 90))
    names = ("sharpness", "luma_std", "ink", "colourfulness")
    assert [blank[name] for name in names] == [0, 0, 0, 0]
    assert all(busy[name] > least for name, least in zip(names, (10, 10, 0.5, 20), strict=True))


@pytest.mark.parametrize(
    "size", [(640, 480), (256, 256), (341, 256), (171, 512), (1500, 900), (1191, 1684)]
)
def test_pdq_is_near_that_of_the_reference_library(size: tuple[int, int]) -> None:
    """On smooth fields, as photographs are; flat drawings have coefficients at the threshold."""
    for seed in range(1, 11):
        picture = smooth(*size, seed)
        reference, _ = pdqhash.compute(cv2.resize(picture, (512, 512)))
        ours = np.unpackbits(np.frombuffer(bytes.fromhex(measured(picture)["pdq"]), np.uint8))
        assert int((ours != reference).sum()) <= 31


def test_measures_stay_what_they_are() -> None:
    """Where they do not, `pipelines.decoding.VERSION` is to be raised with the values here."""
    rows, columns = np.indices((256, 256))
    pixels = np.dstack([rows ^ columns, rows * columns >> 8, 255 - columns]).astype(np.uint8)
    assert VERSION == 2
    assert measured(pixels) == {
        "pdq": "863aa8ab6d632ce419e1b053db19227cfa1b9d89ec96852c2deb3339642e6e66",
        "pdq_quality": 93,
        "sharpness": 68.04,
        "luma_mean": 89.644,
        "luma_std": 29.575,
        "colourfulness": 165.514,
        "ink": 0.675629,
    }
