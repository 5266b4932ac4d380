"""What is no picture, not a whole one, or too large: each by its name, and quickly."""

import gzip
import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from pipelines.decoding import DecodeError, DecodeFault, Decoding, prepare
from tests.pipelines.test_decoding import (
    BLUE,
    GREEN,
    PLAIN,
    RED,
    WHITE,
    chunk,
    corners,
    encoded,
    png_file,
    scene,
    stored,
)  # fmt: skip

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # of tags it cannot read

KINDS = ["jpeg", "png", "webp", "gif", "tiff", "bmp", "avif", "mpo"]
NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8))
BLACK = Image.new("RGB", (120, 80))
BOMB = zlib.compress(bytes(100 << 20), 9)  # 100 MiB in 100 kB
ROWS = chunk(b"IDAT", zlib.compress(bytes(81 * 80)))  # of 80 × 80 grey pixels


def fault_of(body: bytes, settings: Decoding = PLAIN) -> DecodeFault:
    with pytest.raises(DecodeError) as error:
        prepare(body, settings)
    return error.value.fault


def patched(body: bytes, at: int, layout: str, *values: int) -> bytes:
    changed = bytearray(body)
    struct.pack_into(layout, changed, at, *values)
    return bytes(changed)


def gif(screen: tuple[int, int], *frame: int) -> bytes:
    """A GIF of these sizes: frame is left, top, width, height."""
    body = encoded(Image.new("P", (10, 10)), "gif")
    return patched(patched(body, 6, "<HH", *screen), body.index(b",", 13) + 1, "<4H", *frame)


def tiff(tag: int, value: int, place: int = 8) -> bytes:
    """A TIFF with a lie in a tag: in its value, or at place 4 in its count."""
    body = encoded(Image.new("L", (80, 80)), "tiff")
    first = struct.unpack_from("<I", body, 4)[0]
    entries = range(first + 2, first + 2 + 12 * struct.unpack_from("<H", body, first)[0], 12)
    entry = next(at for at in entries if struct.unpack_from("<H", body, at)[0] == tag)
    return patched(body, entry + place, "<I", value)


def jpeg(height: int, width: int) -> bytes:
    body = encoded(scene(), "jpeg")
    return patched(body, body.index(b"\xff\xc0") + 5, ">HH", height, width)


def webp(corner: int) -> bytes:
    body = encoded(scene(), "webp", lossless=True)
    return patched(body, body.index(b"VP8L") + 9, "<I", corner)


def avif(width: int, height: int) -> bytes:
    body = encoded(scene(), "avif")
    return patched(body, body.index(b"ispe") + 8, ">II", width, height)


@pytest.mark.parametrize("share", [0.98, 0.9, 0.5, 0.1, 0.04])
@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_file_is_truncated(kind: str, share: float) -> None:
    body = encoded(NOISE, kind)
    assert fault_of(body[: int(len(body) * share)]) is DecodeFault.TRUNCATED


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_deflate", "jpeg", "packbits"])
def test_a_cut_tiff_is_truncated(compression: str) -> None:
    body = encoded(NOISE, "tiff", compression=compression)
    for left in (len(body) - 1000, len(body) // 2):
        assert fault_of(body[:left]) is DecodeFault.TRUNCATED


def test_a_cut_jpeg_that_somebody_gave_an_end_is_truncated() -> None:
    for options in ({}, {"progressive": True}):
        body = encoded(NOISE, "jpeg", **options)
        assert fault_of(body[: len(body) // 2] + b"\xff\xd9") is DecodeFault.TRUNCATED


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0",
        b"<html>not here</html>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b'{"error": "not found"}',
        b"BMW is a car",
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        b"%PDF-1.7\n",
        b"8BPS\0\1" + bytes(40),
        gzip.compress(encoded(scene(), "jpeg")),
        *(
            encoded(scene(), kind)
            for kind in ("ico", "ppm", "tga", "jpeg2000", "pdf", "eps", "dds")
        ),
    ],
)
def test_what_is_no_picture(body: bytes) -> None:
    assert fault_of(body) is DecodeFault.NOT_A_PICTURE


@pytest.mark.parametrize(
    "body",
    [
        png_file(60_000, 60_000, 8, 2, ROWS),
        png_file(2**31 - 1, 2**31 - 1, 8, 2, ROWS),
        gif((65_535, 65_535), 0, 0, 10, 10),
        gif((10, 10), 0, 0, 65_535, 65_535),
        gif((10, 10), 60_000, 60_000, 10, 10),
        jpeg(65_500, 65_500),
        webp(0x0FFFFFFF),
        tiff(256, 2_000_000),
        patched(encoded(scene(), "bmp"), 18, "<ii", 100_000, 100_000),
        patched(encoded(scene(), "bmp"), 18, "<ii", 100_000, -100_000),
        avif(16_000, 16_000),
    ],
    ids=lambda body: repr(body[:12]),
)
def test_a_small_file_of_a_huge_picture_is_not_decoded(body: bytes) -> None:
    assert len(body) < 30_000
    assert fault_of(body, Decoding()) is DecodeFault.TOO_MANY_PIXELS


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (png_file(80, 80, 8, 0, chunk(b"zTXt", b"k\0\0" + BOMB), ROWS), DecodeFault.BROKEN),
        (png_file(80, 80, 8, 0, chunk(b"iTXt", b"k\0\1\0\0\0" + BOMB), ROWS), DecodeFault.BROKEN),
        (png_file(80, 80, 8, 0, chunk(b"iCCP", b"k\0\0" + BOMB), ROWS), DecodeFault.BROKEN),
        (png_file(5000, 5000, 8, 2, ROWS), DecodeFault.TRUNCATED),
        (png_file(0, 0, 8, 2, ROWS), DecodeFault.BROKEN),
        (gif((10, 10), 0, 0, 1000, 1000), DecodeFault.TRUNCATED),
        (jpeg(8000, 8000), DecodeFault.TRUNCATED),
        (jpeg(0, 8000), DecodeFault.BROKEN),
        (b"\xff\xd8\xff\xd9", DecodeFault.BROKEN),
        (avif(100_000, 100_000), DecodeFault.BROKEN),
        (tiff(258, 60_000), DecodeFault.BROKEN),  # bits
        (tiff(273, 2**31), DecodeFault.TRUNCATED),  # where the pixels are
        (tiff(273, 2**31 - 1, place=4), DecodeFault.BROKEN),  # in how many strips
        (tiff(278, 0), DecodeFault.BROKEN),  # rows a strip
        (patched(encoded(scene(), "tiff"), 4, "<I", 2**32 - 1), DecodeFault.TRUNCATED),
    ],
    ids=lambda value: repr(value[:12]) if isinstance(value, bytes) else value,
)
def test_a_lie_has_a_name(body: bytes, fault: DecodeFault) -> None:
    assert fault_of(body, Decoding()) is fault


@pytest.mark.parametrize("name", [b"zTXt", b"IDAT"])
def test_what_a_bomb_would_unpack_is_not_unpacked(name: bytes) -> None:
    """Pixels beyond the last are left packed, and so is a text beyond a megabyte."""
    data = BOMB if name == b"IDAT" else b"k\0\0" + zlib.compress(bytes(900_000))
    assert stored(png_file(80, 80, 8, 0, chunk(name, data), ROWS)).size == (64, 64)


@pytest.mark.parametrize(
    "changed",
    [
        lambda body: body + b"stray" * 100,
        lambda body: body[:2] + b"\xff\xe2\0\x08MPF\0\0\0" + body[2:],
        lambda body: body[:2] + b"\xff\xfe\0\x04\xff\xff" + body[2:],
    ],
    ids=["after the end", "an index of phones cut", "a comment"],
)
def test_what_does_not_concern_the_pixels_costs_nothing(changed: Callable[[bytes], bytes]) -> None:
    body = changed(encoded(scene(), "jpeg", quality=95))
    assert corners(stored(body)) == [RED, GREEN, BLUE, WHITE]


@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0junkjunkjunk",
        b"Exif\0\0MM\0*\xff\xff\xff\xff junk",
        b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x12\x01\x03\0",
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x02\0\x09\0\0\0sidewards\0",
    ],
    ids=["junk", "beyond the end", "cut", "a word for a number"],
)
def test_broken_tags_cost_no_picture(exif: bytes) -> None:
    body = encoded(scene(), "jpeg", quality=95, exif=exif)
    assert corners(stored(body)) == [RED, GREEN, BLUE, WHITE]
    if exif.startswith(b"Exif\0\0I"):
        assert corners(stored(encoded(scene(), exif=exif))) == [RED, GREEN, BLUE, WHITE]


def test_a_thousand_unknown_tags_are_not_carried_along() -> None:
    exif = Image.Exif()
    exif[0x010E] = "a scene"
    for tag in range(0xE000, 0xE3E8):
        exif[tag] = "x" * 20
    _, measures = prepare(encoded(scene(), "jpeg", exif=exif), PLAIN)
    assert measures.exif == '{"ImageDescription": "a scene"}'


@pytest.mark.parametrize("kind", ["gif", "webp", "png", "avif", "tiff", "mpo"])
def test_of_many_frames_or_pages_the_first_counts(kind: str) -> None:
    more = {"save_all": True, "append_images": [BLACK, Image.new("RGB", BLACK.size, "red")]}
    if kind in ("webp", "avif", "mpo"):
        more["quality"] = 95
    body = encoded(scene(), kind, **more)
    assert getattr(Image.open(io.BytesIO(body)), "n_frames") == 3  # noqa: B009
    picture, measures = prepare(body, PLAIN)
    assert corners(Image.open(io.BytesIO(picture))) == [RED, GREEN, BLUE, WHITE]
    assert measures.original_format == ("jpeg" if kind == "mpo" else kind)


def test_rows_in_another_order() -> None:
    progressive = encoded(scene(), "jpeg", progressive=True, quality=95)
    assert corners(stored(progressive)) == [RED, GREEN, BLUE, WHITE]
    upwards = patched(encoded(scene(), "bmp"), 22, "<i", -80)
    assert corners(stored(upwards)) == [WHITE, BLUE, GREEN, RED]
