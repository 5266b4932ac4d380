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
import pdqhash
import simplejpeg
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms, UnidentifiedImageError

from schemas.rows import Measures

Pixels = NDArray[np.uint8]  # [height, width, 3] RGB, or [height, width] luma

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF")
_ORIENTATION = 0x0112
_TURNED = (5, 6, 7, 8)  # by a quarter
_INK_DISTANCE = 16  # of 255: over what JPEG does to a plain background
_THUMB = (64, 64)  # PDQ hashes 64 × 64 luma; ours is its box filter in one step

cv2.setNumThreads(1)  # the runner's workers are the parallelism
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
        orientation = header.getexif().get(_ORIENTATION, 1)
        pixels = _resized(_decode(body, header, settings), header.size, settings)
        exif = _exif(header)
        pixels = _framed(_upright(pixels, orientation), settings)
        picture = _encode(pixels, settings)
    width, height = header.size[::-1] if orientation in _TURNED else header.size
    measures = Measures(
        width=pixels.shape[1],
        height=pixels.shape[0],
        original_width=width,
        original_height=height,
        exif=exif,
        sha256=hashlib.sha256(body).hexdigest(),
        original_size=len(body),
        original_format=str(header.format).lower(),
        **measured(pixels),
    )
    return picture, measures


_DECODER_ERRORS = (
    OSError, ValueError, SyntaxError, EOFError, MemoryError, struct.error, cv2.error
)  # fmt: skip


@contextmanager
def _named_faults(body: bytes) -> Iterator[None]:
    """Turns what Pillow and libjpeg raise of bad bytes into a `DecodeError`."""
    try:
        yield
    except UnidentifiedImageError as error:
        words = f"starts with {body[:16]!r}" if body else "no bytes"
        raise DecodeError(DecodeFault.NOT_A_PICTURE, words) from error
    except _DECODER_ERRORS as error:
        words = str(error)
        cut = any(sign in words for sign in ("truncated", "Premature end", "requires a buffer"))
        raise DecodeError(DecodeFault.TRUNCATED if cut else DecodeFault.BROKEN, words) from error


def _open(body: bytes, settings: Decoding) -> Image.Image:
    """Reads the header alone."""
    header = Image.open(io.BytesIO(body), formats=FORMATS)
    _check_pixels(header.size, settings)
    _check_pixels(_target(header.size, settings), settings)
    return header


def _check_pixels(size: tuple[int, int], settings: Decoding) -> None:
    if size[0] * size[1] > settings.max_pixels:
        raise DecodeError(DecodeFault.TOO_MANY_PIXELS, f"{size[0]} x {size[1]}")


def _decode(body: bytes, header: Image.Image, settings: Decoding) -> Pixels:
    """The picture as RGB; a JPEG perhaps already scaled down, never below the target."""
    if header.format == "JPEG" and header.mode in ("RGB", "L"):
        return _managed(_decode_jpeg(body, header.size, settings), header)
    header.load()
    return _managed(np.asarray(_flat(header)), header)


def _decode_jpeg(body: bytes, size: tuple[int, int], settings: Decoding) -> Pixels:
    width, height = _target(size, settings)
    try:
        return simplejpeg.decode_jpeg(body, "RGB", min_width=width, min_height=height)
    except ValueError as error:
        if "Premature end" in str(error):
            raise
        # libjpeg only warned, e.g. of stray bytes between markers: the picture is whole.
        return simplejpeg.decode_jpeg(body, "RGB", min_width=width, min_height=height, strict=False)


def _flat(image: Image.Image) -> Image.Image:
    """Any mode of Pillow as RGB: transparency on white, 16 bits to 8."""
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        values = np.asarray(image, dtype=np.float32)
        top = 65535.0 if values.max(initial=0) > 255 else 255.0
        return Image.fromarray((values.clip(0, top) * (255 / top)).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        page = Image.new("RGBA", layer.size, "white")
        page.alpha_composite(layer)
        return page.convert("RGB")
    return image.convert("RGB")


def _managed(pixels: Pixels, header: Image.Image) -> Pixels:
    """RGB in the picture's own profile to sRGB; a profile that cannot be read counts as sRGB."""
    icc = header.info.get("icc_profile")
    if not icc or b"sRGB" in icc or header.mode == "CMYK":
        return pixels
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        if profile.profile.xcolor_space.strip() != "RGB":
            return pixels
        converted = ImageCms.profileToProfile(
            Image.fromarray(pixels), profile, ImageCms.createProfile("sRGB")
        )
    except (ImageCms.PyCMSError, OSError):
        return pixels
    return pixels if converted is None else np.asarray(converted)


def _target(size: tuple[int, int], settings: Decoding) -> tuple[int, int]:
    """Width and height that a picture of `size` is resized to, before any crop or border."""
    width, height = size
    whole = settings.resize in ("longest-side", "border")
    side = max(size) if whole else min(size)
    if settings.resize == "none" or (settings.only_shrink and side <= settings.image_size):
        return size
    scale = settings.image_size / side
    return max(1, round(width * scale)), max(1, round(height * scale))


def _resized(pixels: Pixels, size: tuple[int, int], settings: Decoding) -> Pixels:
    width, height = _target(size, settings)
    if pixels.shape[:2] == (height, width):
        return pixels
    shrinks = pixels.shape[1] >= width
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=how), dtype=np.uint8)


def _upright(pixels: Pixels, orientation: int) -> Pixels:
    """Undoes EXIF's orientation, 1 to 8 (EXIF 2.32, tag 0x0112)."""
    if orientation in _TURNED:
        pixels = np.swapaxes(pixels, 0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


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


def _encode(pixels: Pixels, settings: Decoding) -> bytes:
    if settings.image_format == "jpeg":
        jpeg: bytes = simplejpeg.encode_jpeg(pixels, settings.quality, "RGB", "420")
        return jpeg
    sink = io.BytesIO()
    Image.fromarray(pixels).save(sink, settings.image_format, quality=settings.quality)
    return sink.getvalue()


def measured(pixels: Pixels) -> dict[str, Any]:
    """The fields of `Measures` that speak of the stored pixels."""
    luma = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    thumb = cv2.resize(luma, _THUMB, interpolation=cv2.INTER_AREA)
    bits, quality = pdqhash.compute(cv2.merge((thumb, thumb, thumb)))
    mean, std = cv2.meanStdDev(luma)
    _, edge_std = cv2.meanStdDev(cv2.Laplacian(luma, cv2.CV_16S))
    return {
        "pdq": np.packbits(bits).tobytes().hex(),
        "pdq_quality": int(quality),
        "sharpness": round(float(edge_std[0, 0]) ** 2, 3),
        "luma_mean": round(float(mean[0, 0]), 3),
        "luma_std": round(float(std[0, 0]), 3),
        "colourfulness": _colourfulness(pixels),
        "ink": _ink(luma),
    }


def _colourfulness(pixels: Pixels) -> float:
    """Of a grid of at least 32 × 32 pixels, which says as much as all of them."""
    rows, columns = (max(1, side // 32) for side in pixels.shape[:2])
    red, green, blue = np.moveaxis(pixels[::rows, ::columns].astype(np.float32), 2, 0)
    opponents = np.stack([red - green, (red + green) / 2 - blue])  # [2, height, width]
    spread = np.hypot(*opponents.std(axis=(1, 2)))
    centre = np.hypot(*opponents.mean(axis=(1, 2)))
    return round(float(spread + 0.3 * centre), 3)


def _ink(luma: NDArray[Any]) -> float:
    counts = cv2.calcHist([luma], [0], None, [256], [0, 256]).ravel()
    paper = int(counts.argmax())
    near = counts[max(0, paper - _INK_DISTANCE) : paper + _INK_DISTANCE + 1].sum()
    return round(1 - float(near) / luma.size, 6)


def _exif(header: Image.Image) -> str:
    tags = {ExifTags.TAGS.get(tag, str(tag)): value for tag, value in header.getexif().items()}
    plain = {name: str(value)[:200] for name, value in tags.items() if not isinstance(value, bytes)}
    return json.dumps(dict(sorted(plain.items())))
