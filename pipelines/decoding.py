"""Bytes off the network to a stored picture and what is measured of it, once.

Runs in a process of its own (see `pipelines.decoder`), so that a picture that crashes, spins or
swallows memory costs itself and nothing else.
"""

import hashlib
import io
import json
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

import cv2
import numpy as np
import simplejpeg
from PIL import AvifImagePlugin, ExifTags, Image, UnidentifiedImageError

from pipelines.colours import flattened, managed
from pipelines.formats import claims_to_be_a_picture, is_cut
from pipelines.measuring import measured
from pipelines.resizing import Bgrx, Pixels, Scaled, Size, eighths_to_decode, resized
from schemas.rows import Measures

VERSION = 2
"""Of what the same bytes are made into and measured as; to be raised when either changes."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF")
_LONGEST_TAG = 200  # characters
_TURNED = (5, 6, 7, 8)  # by a quarter: rows for columns, then mirrored
_MIRRORED = {2: 1, 3: -1, 4: 0, 6: 1, 7: -1, 8: 0}  # as OpenCV counts axes; -1 is both

cv2.setNumThreads(1)  # the runner's workers are the parallelism
AvifImagePlugin.DEFAULT_MAX_THREADS = 1
Image.MAX_IMAGE_PIXELS = None  # `max_pixels` decides, from the header


class DecodeFault(StrEnum):
    """Why fetched bytes are no picture of ours."""

    NOT_A_PICTURE = "not-a-picture"
    TOO_MANY_PIXELS = "too-many-pixels"
    TRUNCATED = "truncated-picture"
    BROKEN = "broken-picture"
    CRASHED = "decoder-crashed"
    TIMED_OUT = "decoder-timed-out"


class DecodeError(Exception):
    """A picture that cannot be stored.

    Attributes:
      fault: which kind.
      detail: the decoder's words.
    """

    def __init__(self, fault: DecodeFault, detail: str) -> None:
        super().__init__(fault, detail)
        self.fault = fault
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoding:
    """How pictures are stored; the recipe's `[gather]` explains each.

    Attributes:
      image_size: pixels.
      resize: which side that is.
      only_shrink: leave smaller pictures as they are.
      image_format: of the stored picture.
      quality: of JPEG and WebP, in [1, 100].
      max_pixels: largest picture decoded.
    """

    image_size: int = 256
    resize: Literal["keep-ratio", "longest-side", "center-crop", "border", "none"] = "keep-ratio"
    only_shrink: bool = True
    image_format: Literal["jpeg", "webp", "png"] = "jpeg"
    quality: int = 92
    max_pixels: int = 80_000_000


def prepare(body: bytes, settings: Decoding) -> tuple[bytes, Measures]:
    """Decodes, rotates, converts to sRGB, resizes, encodes and measures one picture.

    Raises:
      DecodeError: for bytes that are not a whole picture within the bounds.
    """
    with _named_faults(body):
        header = _open(body, settings)
        decoded = _decode(body, header, settings)
        target = _target(header.size, settings)  # of a TIFF, Pillow has turned it by now
        tags = _tags(header)
        orientation = tags.get("Orientation", 1)
        pixels = managed(resized(decoded, target), header)
        pixels = _framed(_upright(pixels, orientation), settings)
        picture = encode(pixels, settings)
    width, height = header.size[::-1] if orientation in _TURNED else header.size
    measures = Measures(
        width=pixels.shape[1],
        height=pixels.shape[0],
        original_width=width,
        original_height=height,
        exif=_plain(tags),
        sha256=hashlib.sha256(body).hexdigest(),
        original_size=len(body),
        original_format="jpeg" if header.format == "MPO" else str(header.format).lower(),
        **measured(pixels),
    )
    return picture, measures


_DECODER_ERRORS = (
    OSError, ValueError, SyntaxError, EOFError, MemoryError, struct.error, cv2.error
)  # fmt: skip
_SIGNS_OF_A_CUT = ("truncated", "premature end", "requires a buffer")
_SIGNS_OF_DAMAGE = ("remature end", "bad Huffman", "bad arithmetic", "instead of RST")


@contextmanager
def _named_faults(body: bytes) -> Iterator[None]:
    """Turns what Pillow and libjpeg raise of bad bytes into a `DecodeError`."""
    try:
        yield
    except _DECODER_ERRORS as error:
        words = str(error)
        if isinstance(error, UnidentifiedImageError):
            words = f"starts with {body[:16]!r}" if body else "no bytes"
            if not claims_to_be_a_picture(body):
                raise DecodeError(DecodeFault.NOT_A_PICTURE, words) from error
        cut = is_cut(body) or any(sign in words.lower() for sign in _SIGNS_OF_A_CUT)
        raise DecodeError(DecodeFault.TRUNCATED if cut else DecodeFault.BROKEN, words) from error


@contextmanager
def _stumbling() -> Iterator[None]:
    """Turns what Pillow's readers raise besides, where a file leads them astray, into `OSError`."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError) as error:
        raise OSError(f"{type(error).__name__}: {error}") from error


def _open(body: bytes, settings: Decoding) -> Image.Image:
    """Reads the header alone."""
    with _stumbling():
        header = Image.open(io.BytesIO(body), formats=FORMATS)
    _check_pixels(header.size, settings)
    _check_pixels(_target(header.size, settings), settings)
    return header


def _check_pixels(size: Size, settings: Decoding) -> None:
    if size[0] * size[1] > settings.max_pixels:
        raise DecodeError(DecodeFault.TOO_MANY_PIXELS, f"{size[0]} x {size[1]}")


def _decode(body: bytes, header: Image.Image, settings: Decoding) -> Scaled:
    """The picture as RGB; a JPEG perhaps scaled down already, never below the target."""
    if header.format in ("JPEG", "MPO") and header.mode in ("RGB", "L"):
        width, height = header.size
        eighths = eighths_to_decode(header.size, _target(header.size, settings))
        pixels = _decode_jpeg(body, -(-width * eighths // 8), -(-height * eighths // 8))
        return Scaled(pixels, width * eighths / 8, height * eighths / 8)
    with _stumbling():
        header.load()
    return Scaled(np.asarray(flattened(header)), *header.size)


def _decode_jpeg(body: bytes, width: int, height: int) -> Pixels:
    """At the smallest scale that is at least so large.

    Chroma is repeated, not interpolated: what is stored halves it again, and comes out truer.
    """
    size = {"min_width": width, "min_height": height}
    try:
        return simplejpeg.decode_jpeg(body, "RGB", fastupsample=True, **size)
    except ValueError as error:
        if any(sign in str(error) for sign in _SIGNS_OF_DAMAGE):
            raise
        # libjpeg only warned, e.g. of stray bytes between markers: the picture is whole.
        return simplejpeg.decode_jpeg(body, "RGB", fastupsample=True, strict=False, **size)


def _target(size: Size, settings: Decoding) -> Size:
    """Width and height that a picture of `size` is resized to, before any crop or border."""
    width, height = size
    whole = settings.resize in ("longest-side", "border")
    side = max(size) if whole else min(size)
    if settings.resize == "none" or (settings.only_shrink and side <= settings.image_size):
        return size
    scale = settings.image_size / side
    return max(1, round(width * scale)), max(1, round(height * scale))


def _upright(pixels: Pixels, orientation: int) -> Pixels:
    """Undoes EXIF's orientation, 1 to 8 (EXIF 2.32, tag 0x0112)."""
    if orientation in _TURNED:
        pixels = np.asarray(cv2.transpose(pixels), dtype=np.uint8)
    if orientation in _MIRRORED:
        pixels = np.asarray(cv2.flip(pixels, _MIRRORED[orientation]), dtype=np.uint8)
    return pixels


def _framed(pixels: Pixels, settings: Decoding) -> Pixels:
    """The square that `center-crop` and `border` ask for."""
    size = settings.image_size
    height, width = pixels.shape[:2]
    if settings.resize == "center-crop":
        top, left = max(0, (height - size) // 2), max(0, (width - size) // 2)
        return np.ascontiguousarray(pixels[top : top + size, left : left + size])
    if settings.resize == "border":
        above, before = max(0, (size - height) // 2), max(0, (size - width) // 2)
        below, after = max(0, size - height - above), max(0, size - width - before)
        edges = ((above, below), (before, after), (0, 0))
        return np.pad(pixels, edges, constant_values=255)
    return pixels


def encode(pixels: Pixels | Bgrx, settings: Decoding) -> bytes:
    """The picture file of pixels as they are; the same of both orders of channels."""
    is_bgrx = pixels.shape[2] == 4
    if settings.image_format == "jpeg":
        order = "BGRX" if is_bgrx else "RGB"
        jpeg: bytes = simplejpeg.encode_jpeg(pixels, settings.quality, order, "420")
        return jpeg
    if is_bgrx:
        pixels = np.ascontiguousarray(pixels[:, :, 2::-1])
    sink = io.BytesIO()
    Image.fromarray(pixels).save(sink, settings.image_format, quality=settings.quality)
    return sink.getvalue()


def _tags(header: Image.Image) -> dict[str, Any]:
    """The EXIF tags that have a name. What cannot be read of them is not worth the picture."""
    try:
        with _stumbling():
            tags = header.getexif().items()
    except _DECODER_ERRORS:
        return {}
    return {ExifTags.TAGS[tag]: value for tag, value in tags if tag in ExifTags.TAGS}


def _plain(tags: dict[str, Any]) -> str:
    """As JSON, but for bytes; the first of long lists and words."""
    plain = {
        name: str(value[:_LONGEST_TAG] if isinstance(value, tuple) else value)[:_LONGEST_TAG]
        for name, value in sorted(tags.items())
        if not isinstance(value, bytes)
    }
    return json.dumps(plain)
