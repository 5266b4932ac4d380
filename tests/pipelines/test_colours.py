"""Modes, depths, transparency and profiles, against colours worked out by hand."""

import io
import struct

import numpy as np
import pytest
import simplejpeg
from PIL import Image, ImageCms

from pipelines.decoding import Decoding
from tests.pipelines.test_decoding import (
    BLUE,
    GREEN,
    PLAIN,
    RED,
    WHITE,
    corners,
    encoded,
    png,
    scene,
    stored,
)  # fmt: skip

# Primaries in XYZ relative to D50, a column each.
SRGB = np.array(
    [[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.7141]]
)
DISPLAY_P3 = np.array(
    [[0.51512, 0.29198, 0.1571], [0.2412, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]]
)
ADOBE_RGB = np.array(
    [[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]]
)


def profile(kind: bytes, space: bytes, pcs: bytes, tags: dict[bytes, bytes]) -> bytes:
    """An ICC profile, version 2.1 (ICC.1:2001-04)."""
    table, data = struct.pack(">I", len(tags)), b""
    for name, value in tags.items():
        value += bytes(-len(value) % 4)
        table += name + struct.pack(">II", 132 + 12 * len(tags) + len(data), len(value))
        data += value
    size = 128 + len(table) + len(data)
    head = struct.pack(">I4xI", size, 0x02100000) + kind + space + pcs + bytes(12) + b"acsp"
    light = struct.pack(">3i", *(round(x * 65536) for x in (0.9642, 1.0, 0.8249)))
    return (head + bytes(28) + light).ljust(128, b"\0") + table + data


def gamma(power: float) -> bytes:
    return b"curv" + struct.pack(">4xIH", 1, round(power * 256))


def rgb_profile(primaries: np.ndarray, power: float = 2.2) -> bytes:
    tags = {}
    for name, column in zip((b"r", b"g", b"b"), primaries.T, strict=True):
        numbers = (round(float(x) * 65536) for x in column)
        tags[name + b"XYZ"] = b"XYZ " + struct.pack(">4x3i", *numbers)
        tags[name + b"TRC"] = gamma(power)
    return profile(b"mntr", b"RGB ", b"XYZ ", tags)


def cmyk_profile() -> bytes:
    """Paper is white, cyan alone a middle grey, and all else black."""
    straight = bytes(range(256))
    lightness = [255, *[0] * 7, 128, *[0] * 7]  # of no ink, then of black, yellow …
    corners = b"".join(bytes([level, 128, 128]) for level in lightness)
    identity = struct.pack(">9i", *(65536 * (n % 4 == 0) for n in range(9)))
    lut = (
        b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity + straight * 4 + corners + straight * 3
    )
    return profile(b"prtr", b"CMYK", b"Lab ", {b"A2B0": lut})


def middle(body: bytes, settings: Decoding = PLAIN) -> list[int]:
    image = stored(body, settings)
    return list(image.getpixel((image.width // 2, image.height // 2)))


def to_srgb(colour: tuple[int, int, int], primaries: np.ndarray, power: float = 2.2) -> list[int]:
    linear = np.linalg.inv(SRGB) @ primaries @ (np.array(colour) / 255) ** power
    linear = linear.clip(0, 1)
    curved = np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)
    return [round(float(x)) for x in curved * 255]


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "tiff", "avif"])
@pytest.mark.parametrize("primaries", [DISPLAY_P3, ADOBE_RGB], ids=["Display P3", "Adobe RGB"])
def test_colours_of_wide_gamuts_are_converted(primaries: np.ndarray, kind: str) -> None:
    colour = (200, 100, 50)
    options = {"lossless": True} if kind == "webp" else {"quality": 100}
    body = encoded(
        Image.new("RGB", (300, 300), colour), kind, icc_profile=rgb_profile(primaries), **options
    )
    expected = to_srgb(colour, primaries)
    assert np.abs(np.subtract(expected, colour)).max() > 10  # the profile matters
    assert np.abs(np.subtract(middle(body), expected)).max() <= 3


@pytest.mark.parametrize("kind", ["jpeg", "png", "tiff"])
def test_grey_of_another_curve_is_converted(kind: str) -> None:
    linear = profile(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": gamma(1.0)})
    body = encoded(Image.new("L", (300, 300), 128), kind, icc_profile=linear)
    assert np.abs(np.subtract(middle(body), 188)).max() <= 2
    deep = Image.fromarray(np.full((80, 80), 128 * 257, np.uint16))
    if kind != "jpeg":
        assert np.abs(np.subtract(middle(encoded(deep, kind, icc_profile=linear)), 188)).max() <= 2


@pytest.mark.parametrize("kind", ["jpeg", "tiff"])
def test_inks_are_converted_by_their_own_profile(kind: str) -> None:
    cyan = Image.new("CMYK", (300, 300), (255, 0, 0, 0))
    assert np.abs(np.subtract(middle(encoded(cyan, kind)), (0, 255, 255))).max() <= 2
    by_profile = middle(encoded(cyan, kind, icc_profile=cmyk_profile()))
    assert np.abs(np.subtract(by_profile, 119)).max() <= 2


@pytest.mark.parametrize(
    "icc",
    [
        b"no profile",
        bytes(200),
        rgb_profile(DISPLAY_P3)[:200],
        rgb_profile(DISPLAY_P3)[:128] + bytes(400),
        cmyk_profile(),
        profile(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": gamma(1.0)}),
        profile(b"mntr", b"Lab ", b"XYZ ", {}),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    ],
    ids=["words", "zeros", "cut", "no tags", "CMYK", "grey", "Lab", "sRGB"],
)
@pytest.mark.parametrize("kind", ["jpeg", "png"])
def test_a_profile_that_does_not_fit_changes_nothing(icc: bytes, kind: str) -> None:
    body = encoded(scene(), kind, icc_profile=icc)
    assert corners(stored(body)) == [RED, GREEN, BLUE, WHITE]


def test_inks_and_their_inversions() -> None:
    """Adobe stores inks inverted; with YCCK, three of them as luma and chroma besides."""
    inks = scene().convert("CMYK")
    assert corners(stored(encoded(inks, "jpeg", quality=95))) == [RED, GREEN, BLUE, WHITE]
    assert corners(stored(encoded(inks, "tiff"))) == [RED, GREEN, BLUE, WHITE]
    ycck = simplejpeg.encode_jpeg(255 - np.asarray(inks), 95, "CMYK", "444")
    assert Image.open(io.BytesIO(ycck)).info["adobe_transform"] == 2
    assert corners(stored(ycck)) == [RED, GREEN, BLUE, WHITE]


def test_sixteen_bits_become_eight_by_their_full_scale() -> None:
    values = np.asarray(scene()).astype(np.uint16) * 257
    assert corners(stored(png(values, 16, 2))) == [RED, GREEN, BLUE, WHITE]
    for level, expected in ((0, 0), (200, 0), (32768, 127), (65535, 255)):
        grey = np.full((80, 80), level, np.uint16)
        assert middle(png(grey[..., None], 16, 0)) == [expected] * 3
        assert middle(encoded(Image.fromarray(grey), "tiff")) == [expected] * 3


@pytest.mark.parametrize(
    ("top", "mode"),
    [(1.0, "F"), (255.0, "F"), (65535.0, "F"), (9e9, "F"), (255, "I"), (65535, "I")],
)
def test_thirty_two_bits_become_eight(top: float, mode: str) -> None:
    ramp = np.linspace(0, top, 80 * 80).reshape(80, 80)
    image = Image.fromarray(ramp.astype(np.float32 if mode == "F" else np.int32))
    found = np.asarray(stored(encoded(image, "tiff")))[..., 0]
    assert found.min() < 8
    assert found.max() > 247
    assert abs(int(found[32, 32]) - 128) < 8


def test_not_a_number_is_black() -> None:
    body = encoded(Image.fromarray(np.full((80, 80), np.nan, np.float32)), "tiff")
    assert middle(body) == [0, 0, 0]


def test_transparency_is_white_paper() -> None:
    clear = scene().convert("RGBA")
    clear.putalpha(Image.new("L", clear.size, 0))
    half = Image.new("LA", (80, 80), (0, 128))
    palette = scene().quantize(8)
    first = palette.getpixel((10, 10))
    for kind in ("png", "webp", "tiff", "avif"):
        assert corners(stored(encoded(clear, kind))) == [WHITE] * 4
    assert corners(stored(encoded(clear.convert("LA")))) == [WHITE] * 4
    assert abs(middle(encoded(half))[0] - 127) <= 1
    for kind in ("png", "gif"):
        kept = corners(stored(encoded(palette, kind, transparency=first)))
        assert kept == [WHITE, GREEN, BLUE, WHITE]
    keyed = encoded(scene(), "png", transparency=(255, 0, 0))
    assert corners(stored(keyed)) == [WHITE, GREEN, BLUE, WHITE]


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA"])
@pytest.mark.parametrize("kind", ["png", "bmp", "tiff"])
def test_modes_of_plain_files(mode: str, kind: str) -> None:
    half = Image.new("RGB", (120, 80), "black")
    half.paste("white", (0, 0, 120, 40))
    found = corners(stored(encoded(half.convert(mode), kind)))
    assert found == [WHITE, WHITE, (0, 0, 0), (0, 0, 0)]
