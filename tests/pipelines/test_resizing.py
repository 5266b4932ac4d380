"""Shrunk pictures against a floating-point filter on all pixels."""

import numpy as np
import pytest
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

from pipelines.resizing import Pixels, Scaled, Size, eighths_to_decode, resized


def drawing(width: int, height: int) -> Pixels:
    """Edges, textures and ramps: rings that grow finer outwards over two ramps of colour."""
    down, across = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    rings = np.cos(40 * (down**2 + across**2)) > 0
    planes = [200 * across + 30 * rings, 200 * down + 30 * rings, 220 * rings * across]
    return np.stack(planes, 2).astype(np.uint8)


def lanczos(pixels: Pixels, size: Size) -> NDArray[np.float64]:
    planes = [Image.fromarray(pixels[..., c].astype(np.float32)) for c in range(3)]
    shrunk = [np.asarray(plane.resize(size, Image.Resampling.LANCZOS)) for plane in planes]
    return np.stack(shrunk, 2).clip(0, 255).astype(float)


def psnr(pixels: Pixels, reference: NDArray[np.float64]) -> float:
    return 10 * float(np.log10(255**2 / np.mean((pixels - reference) ** 2)))


def decoded(body: bytes, size: Size, eighths: int) -> Scaled:
    width, height = size
    least = {"min_width": -(-width * eighths // 8), "min_height": -(-height * eighths // 8)}
    pixels = simplejpeg.decode_jpeg(body, "RGB", **least)
    return Scaled(pixels, width * eighths / 8, height * eighths / 8)


@pytest.mark.parametrize("side", [130, 200, 257, 300, 359, 367, 400, 513, 721, 1025, 1433, 2000])
def test_a_scaled_decode_is_no_less_true_than_an_area_average_of_all_pixels(side: int) -> None:
    """Odd sides too: libjpeg rounds them up, which would shift all that is right and below."""
    size, target = (side * 4 // 3, side), (171, 128)
    body = simplejpeg.encode_jpeg(drawing(*size), 95, "RGB", "444")
    full = simplejpeg.decode_jpeg(body, "RGB")
    reference = lanczos(full, target)
    area = np.asarray(Image.fromarray(full).resize(target, Image.Resampling.BOX))
    ours = resized(decoded(body, size, eighths_to_decode(size, target)), target)
    assert ours.shape == (128, 171, 3)
    assert psnr(ours, reference) > psnr(area, reference) - 0.5


def test_a_picture_of_the_right_size_is_left_alone() -> None:
    pixels = drawing(60, 40)
    assert resized(Scaled(pixels, 60, 40), (60, 40)) is pixels


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (2, 4000), (4000, 2), (700, 699)])
@pytest.mark.parametrize("target", [(1, 1), (2, 1), (1, 256), (256, 1), (300, 299)])
def test_every_size_comes_to_every_other(size: Size, target: Size) -> None:
    assert resized(Scaled(drawing(*size), *size), target).shape == (target[1], target[0], 3)


def test_one_colour_stays_that_colour() -> None:
    pixels = np.full((301, 401, 3), (250, 3, 128), np.uint8)
    for eighths in (1, 2, 4, 8):
        shown = Scaled(pixels, 400 + eighths / 8, 300 + eighths / 8)
        for target in ((300, 225), (171, 128), (40, 30), (800, 600)):
            assert (resized(shown, target) == (250, 3, 128)).all()
