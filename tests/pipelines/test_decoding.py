"""Bytes to pictures: every mode and rotation, every bound."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from pipelines.decoding import DecodeError, DecodeFault, Decoding, prepare

PLAIN = Decoding(image_size=64, image_format="png")


def scene(width: int = 120, height: int = 80) -> Image.Image:
    """Four fields of colour: red, green, blue and white, clockwise from the top left."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = (255, 0, 0)
    pixels[: height // 2, width // 2 :] = (0, 255, 0)
    pixels[height // 2 :, width // 2 :] = (0, 0, 255)
    pixels[height // 2 :, : width // 2] = (255, 255, 255)
    return Image.fromarray(pixels)


def encoded(image: Image.Image, kind: str = "png", **options: object) -> bytes:
    sink = io.BytesIO()
    image.save(sink, kind, **options)
    return sink.getvalue()


def png(samples: np.ndarray, depth: int, colour: int, *chunks: bytes) -> bytes:
    """A PNG of [height, width, channels] samples, `chunks` before its pixels (RFC 2083)."""
    height, width = samples.shape[:2]
    rows = samples.astype(">u2" if depth == 16 else np.uint8).reshape(height, -1)
    pixels = b"".join(b"\0" + row.tobytes() for row in rows)
    return png_file(width, height, depth, colour, *chunks, chunk(b"IDAT", zlib.compress(pixels)))


def png_file(width: int, height: int, depth: int, colour: int, *chunks: bytes) -> bytes:
    head = struct.pack(">IIBBxxx", width, height, depth, colour)
    return b"".join([b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", head), *chunks, chunk(b"IEND", b"")])


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def stored(body: bytes, settings: Decoding = PLAIN) -> Image.Image:
    return Image.open(io.BytesIO(prepare(body, settings)[0]))


def corners(image: Image.Image) -> list[tuple[int, ...]]:
    """The colours in the middle of the quarters, clockwise from the top left, in steps of 64."""
    width, height = image.size
    places = [(1, 1), (3, 1), (3, 3), (1, 3)]
    found = [image.convert("RGB").getpixel((width * x // 4, height * y // 4)) for x, y in places]
    return [tuple(round(value / 64) * 64 for value in colour) for colour in found]


RED, GREEN, BLUE, WHITE = (256, 0, 0), (0, 256, 0), (0, 0, 256), (256, 256, 256)


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "gif", "tiff", "bmp", "avif"])
def test_every_format_is_read(kind: str) -> None:
    body = encoded(scene(), kind, **({"quality": 95} if kind in ("jpeg", "webp", "avif") else {}))
    image, measures = prepare(body, PLAIN)
    assert measures.original_format == kind
    assert corners(Image.open(io.BytesIO(image))) == [RED, GREEN, BLUE, WHITE]
    assert (measures.width, measures.height) == (96, 64)
    assert (measures.original_width, measures.original_height) == (120, 80)


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "tiff", "avif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_undone(orientation: int, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned = {
        1: [], 2: [Image.Transpose.FLIP_LEFT_RIGHT], 3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM], 5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90], 7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }[orientation]  # fmt: skip
    image = scene()
    for step in turned:
        image = image.transpose(step)
    body = encoded(image, kind, exif=exif, **({} if kind in ("png", "tiff") else {"quality": 95}))
    picture, measures = prepare(body, PLAIN)
    assert corners(Image.open(io.BytesIO(picture))) == [RED, GREEN, BLUE, WHITE]
    assert (measures.original_width, measures.original_height) == (120, 80)


@pytest.mark.parametrize(
    ("resize", "size"),
    [
        ("keep-ratio", (96, 64)),
        ("longest-side", (64, 43)),
        ("center-crop", (64, 64)),
        ("border", (64, 64)),
        ("none", (120, 80)),
    ],
)
def test_resizing(resize: str, size: tuple[int, int]) -> None:
    for kind in ("jpeg", "png"):
        settings = Decoding(image_size=64, resize=resize, image_format="png")  # type: ignore[arg-type]
        assert stored(encoded(scene(), kind), settings).size == size


def test_only_shrink() -> None:
    assert stored(encoded(scene()), Decoding(image_size=300, image_format="png")).size == (120, 80)
    grown = Decoding(image_size=160, image_format="png", only_shrink=False)
    assert stored(encoded(scene()), grown).size == (240, 160)


@pytest.mark.parametrize("kind", ["jpeg", "webp", "png"])
def test_every_stored_format(kind: str) -> None:
    settings = Decoding(image_size=64, image_format=kind)  # type: ignore[arg-type]
    image = stored(encoded(scene()), settings)
    assert image.format == kind.upper()
    assert corners(image) == [RED, GREEN, BLUE, WHITE]


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", DecodeFault.NOT_A_PICTURE),
        (b"<html>not here</html>", DecodeFault.NOT_A_PICTURE),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", DecodeFault.NOT_A_PICTURE),
        (encoded(scene(), "jpeg")[:-200], DecodeFault.TRUNCATED),
        (encoded(scene())[:-60], DecodeFault.TRUNCATED),
        (encoded(Image.new("L", (400, 400))), DecodeFault.TOO_MANY_PIXELS),
    ],
)
def test_what_is_no_picture_has_a_reason(body: bytes, fault: DecodeFault) -> None:
    with pytest.raises(DecodeError) as error:
        prepare(body, Decoding(max_pixels=100_000))
    assert error.value.fault == fault


def test_a_small_file_cannot_ask_for_a_huge_picture() -> None:
    thin = encoded(Image.new("L", (1, 6000)))
    with pytest.raises(DecodeError) as error:
        prepare(thin, Decoding(only_shrink=False, max_pixels=10_000_000))
    assert error.value.fault == DecodeFault.TOO_MANY_PIXELS
    long = encoded(Image.new("L", (20, 20_000)))
    with pytest.raises(DecodeError) as error:
        prepare(long, Decoding(image_format="webp", resize="none"))
    assert error.value.fault == DecodeFault.BROKEN


def test_an_orientation_that_does_not_exist_turns_nothing() -> None:
    exif = Image.Exif()
    exif[0x0112] = 9
    _, measures = prepare(encoded(scene(), "jpeg", exif=exif), PLAIN)
    assert (measures.original_width, measures.original_height) == (120, 80)
