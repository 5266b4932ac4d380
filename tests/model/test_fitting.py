import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter
from transformers import (
    BitImageProcessorPil,
    CLIPImageProcessorPil,
    SiglipImageProcessorPil,
    ViTImageProcessorPil,
)

from model.checkpoints import make_processor
from model.fitting import PictureFit
from tests.model.tiny import tiny_dual_encoder, tiny_tokenizer

SIZE = 64
PROCESSORS = [  # and how many levels of 256 the pixels may differ by, in the mean
    (CLIPImageProcessorPil, 2.5),
    (SiglipImageProcessorPil, 3.0),
    (BitImageProcessorPil, 2.5),  # DINOv2's
    (ViTImageProcessorPil, 6.0),  # it averages over less of a picture
]
SHAPES = [(64, 64), (73, 64), (85, 64), (96, 126), (200, 300), (640, 512), (50, 40), (30, 210)]


def drawn(width: int, height: int) -> Image.Image:
    """Shapes and lines, a little soft and a little grainy, as photographs and drawings are."""
    chance = np.random.default_rng(width * 1000 + height)
    image = Image.new("RGB", (width, height), "beige")
    pen = ImageDraw.Draw(image)
    for number in range(30):
        x, y = chance.integers(0, (width, height))
        reach = int(chance.integers(2, max(3, min(width, height) // 3)))
        colour = tuple(chance.integers(0, 256, 3).tolist())
        draw = (pen.ellipse, pen.rectangle)[number % 2]
        draw((x - reach, y - reach, x + reach, y + reach), fill=colour, outline="black")
    soft = np.asarray(image.filter(ImageFilter.GaussianBlur(0.7)), float)  # [h, w, 3]
    grainy = soft + chance.normal(0, 3, soft.shape)
    return Image.fromarray(grainy.clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize(("kind", "levels"), PROCESSORS)
@pytest.mark.parametrize(("width", "height"), SHAPES)
def test_near_what_transformers_does(kind, levels, width, height):
    config = tiny_dual_encoder(vision_config=tiny_config()).config
    processor = make_processor(tiny_tokenizer(), kind(), config).image_processor
    picture = drawn(width, height)
    wanted = processor(picture, do_rescale=False, do_normalize=False, return_tensors="np")
    fitted = PictureFit.of(processor)(np.asarray(picture), "")
    wanted = wanted["pixel_values"][0].transpose(1, 2, 0)  # [s, s, 3]
    assert fitted.shape == wanted.shape == (SIZE, SIZE, 3)
    assert np.abs(fitted - wanted.astype(float)).mean() < levels


def tiny_config() -> dict[str, object]:
    config = tiny_dual_encoder().config.vision_config.to_dict()
    return config | {"image_size": SIZE}


@pytest.mark.parametrize("crops", [True, False])
def test_a_picture_of_that_size_stays(crops):
    picture = np.asarray(drawn(SIZE, SIZE))
    assert (PictureFit(SIZE, crops)(picture, "") == picture).all()


def test_the_middle_is_cut_out():
    picture = np.zeros((10, 30, 3), np.uint8)
    picture[:, 10:20] = 200
    assert (PictureFit(10, crops=True)(picture, "") == 200).all()
    assert (PictureFit(10, crops=True)(picture.transpose(1, 0, 2), "") == 200).all()
    squashed = PictureFit(10, crops=False)(picture, "")
    assert squashed[:, 0].max() < 20
    assert squashed[:, 5].min() > 180


def coordinates(height: int, width: int) -> np.ndarray:
    """[h, w, 3] that tell where a pixel lay, in 16 bits."""
    rows, columns = np.indices((height, width))
    return np.stack([rows, columns, rows * 0], axis=2).astype(np.uint16)


@given(
    st.integers(1, 60), st.integers(1, 60), st.floats(0.01, 0.999), st.integers(1, 20), st.text()
)
def test_a_part_lies_in_the_picture(height, width, smallest, size, salt):
    fit = PictureFit(size, crops=False, smallest_crop=smallest)
    part = fit._part(coordinates(height, width), salt)
    assert part.size
    for axis, side in enumerate((height, width)):
        assert part.shape[axis] == part[..., axis].max() - part[..., axis].min() + 1
        assert smallest**0.5 * side - 0.5 - 1e-6 <= part.shape[axis] <= side
    assert fit(part.astype(np.uint8), salt).shape == (size, size, 3)


def test_parts_are_from_everywhere():
    """From every corner, of every size from the smallest up, and alike for the same salt."""
    picture = coordinates(100, 50)
    fit = PictureFit(10, crops=False, smallest_crop=0.25)
    parts = [fit._part(picture, f"{n}") for n in range(500)]
    areas = np.array([part.shape[0] * part.shape[1] / 5000 for part in parts])
    assert areas.mean() == pytest.approx(0.625, abs=0.03)
    assert areas.min() < 0.27
    assert areas.max() > 0.97
    corners = np.array([part[0, 0, :2] for part in parts])
    assert np.abs(np.corrcoef(corners.T)[0, 1]) > 0  # both vary
    assert corners.max(0)[0] > 40
    assert corners.max(0)[1] > 20
    assert (fit._part(picture, "1") == parts[1]).all()


def test_the_whole_picture_unless_told_otherwise():
    picture = np.asarray(drawn(90, 70))
    fit = PictureFit(SIZE, crops=False)
    assert (fit(picture, "a") == fit(picture, "b")).all()


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 500), (2000, 3)])
def test_odd_shapes(width, height):
    for crops in (True, False):
        fitted = PictureFit(SIZE, crops)(np.full((height, width, 3), 90, np.uint8), "")
        assert (fitted == 90).all()
        assert fitted.shape == (SIZE, SIZE, 3)
