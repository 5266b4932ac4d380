"""CPU and truth of ways to shrink a JPEG: what `pipelines.resizing` chose, and what it did not.

    python -m benchmarks.resizing [--pictures FOLDER] [--count N] [--size PIXELS] [--quality Q]

For the pictures of a folder as they are and enlarged, and each way to decode and shrink them: CPU
milliseconds a picture to decode and to resize (the least of three passes), PSNR in dB against a
full decode shrunk in floating point with Lanczos' kernel, before and after storing as JPEG, and the
bytes stored. `full, area` is img2dataset's way (OpenCV throughout, its `keep_ratio` default).
A second table compares encoders on the same pixels.
"""

import argparse
import io
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import mean
from typing import TypeVar

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

from benchmarks.harness import drawn_pictures, found_pictures, show
from pipelines import resizing
from pipelines.resizing import Pixels, Scaled, Size

T = TypeVar("T")
R = TypeVar("R")

_ENLARGED = (0, 500, 1000, 1800, 3001)  # pixels of the shorter side, 0: as it is


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG and what it should become.

    Attributes:
      body: its bytes.
      size: pixels.
      target: pixels.
      reference: [height, width, 3] RGB of `target`, not rounded.
    """

    body: bytes
    size: Size
    target: Size
    reference: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Way:
    """A way to come to the target: `decode`, then `resize`."""

    name: str
    decode: Callable[[Picture], Scaled]
    resize: Callable[[Scaled, Size], Pixels]


def _with_opencv(picture: Picture) -> Scaled:
    pixels = cv2.imdecode(np.frombuffer(picture.body, np.uint8), cv2.IMREAD_COLOR_RGB)
    return Scaled(np.asarray(pixels, np.uint8), *picture.size)


def _eighths(choose: Callable[[Picture], int], **options: bool) -> Callable[[Picture], Scaled]:
    """Decodes as many eighths of the sides as `choose` says."""

    def decode(picture: Picture) -> Scaled:
        (width, height), eighths = picture.size, choose(picture)
        least = {"min_width": -(-width * eighths // 8), "min_height": -(-height * eighths // 8)}
        pixels = simplejpeg.decode_jpeg(picture.body, "RGB", strict=False, **least, **options)
        return Scaled(pixels, width * eighths / 8, height * eighths / 8)

    return decode


def _at_least(times: float, steps: tuple[int, ...]) -> Callable[[Picture], int]:
    """The fewest of `steps` eighths that leave `times` the target."""

    def choose(picture: Picture) -> int:
        ratio = min(picture.size[0] / picture.target[0], picture.size[1] / picture.target[1])
        return next((n for n in steps if ratio * n / 8 >= times), 8)

    return choose


def _kernel(how: int) -> Callable[[Scaled, Size], Pixels]:
    def resize(picture: Scaled, target: Size) -> Pixels:
        return np.asarray(cv2.resize(picture.pixels, target, interpolation=how), np.uint8)

    return resize


def _pillow(picture: Scaled, target: Size) -> Pixels:
    image = Image.fromarray(picture.pixels).resize(target, Image.Resampling.LANCZOS)
    return np.asarray(image)


_EVERY, _HALVES = tuple(range(1, 8)), (1, 2, 4)
_OURS = _at_least(1.4, _HALVES)
WAYS = (
    Way("full, area (img2dataset)", _with_opencv, _kernel(cv2.INTER_AREA)),
    Way("full, Lanczos (Pillow)", _eighths(lambda _: 8), _pillow),
    Way("full, cubic", _eighths(lambda _: 8), _kernel(cv2.INTER_CUBIC)),
    Way("full, twice and averaged", _eighths(lambda _: 8), resizing.resized),
    Way("any eighths >= 1.0, area", _eighths(_at_least(1, _EVERY)), _kernel(cv2.INTER_AREA)),
    Way("any eighths >= 1.0, cubic", _eighths(_at_least(1, _EVERY)), _kernel(cv2.INTER_CUBIC)),
    Way("halves >= 1.0, twice and averaged", _eighths(_at_least(1, _HALVES)), resizing.resized),
    Way("halves >= 2.0, twice and averaged", _eighths(_at_least(2, _HALVES)), resizing.resized),
    Way("halves >= 1.4, area", _eighths(_OURS), _kernel(cv2.INTER_AREA)),
    Way("halves >= 1.4, twice and averaged", _eighths(_OURS), resizing.resized),
    Way("  the same, fastdct", _eighths(_OURS, fastdct=True), resizing.resized),
    Way("  the same, fastupsample (ours)", _eighths(_OURS, fastupsample=True), resizing.resized),
)


def _psnr(pixels: Pixels, reference: NDArray[np.float64]) -> float:
    error = float(np.mean((pixels - reference) ** 2))
    return 10 * float(np.log10(255**2 / max(error, 1e-3)))


def _enlarged(body: bytes, side: int) -> bytes:
    image = Image.open(io.BytesIO(body)).convert("RGB")
    times = side / min(image.size)
    size = round(image.width * times), round(image.height * times)
    sink = io.BytesIO()
    image.resize(size, Image.Resampling.BICUBIC).save(sink, "jpeg", quality=90)
    return sink.getvalue()


def _picture(body: bytes, side: int) -> Picture:
    pixels = simplejpeg.decode_jpeg(body, "RGB", strict=False)
    height, width = pixels.shape[:2]
    times = side / min(width, height)
    target = round(width * times), round(height * times)
    planes = [Image.fromarray(pixels[..., c].astype(np.float32)) for c in range(3)]
    shrunk = [np.asarray(plane.resize(target, Image.Resampling.LANCZOS)) for plane in planes]
    return Picture(body, (width, height), target, np.stack(shrunk, 2).clip(0, 255).astype(float))


def _timed(function: Callable[[T], R], items: list[T]) -> tuple[list[R], float]:
    """What `function` gives for each, and the CPU milliseconds of one."""
    passes = []
    for _ in range(3):
        began = time.process_time()
        results = [function(item) for item in items]
        passes.append(time.process_time() - began)
    return results, min(passes) / len(items) * 1e3


def _show_ways(pictures: list[Picture], quality: int) -> None:
    rows = []
    for way in WAYS:
        decoded, decode_ms = _timed(way.decode, pictures)
        shrinking = [
            partial(way.resize, each, picture.target)
            for each, picture in zip(decoded, pictures, strict=True)
        ]
        shrunk, resize_ms = _timed(partial.__call__, shrinking)
        encoded = [simplejpeg.encode_jpeg(pixels, quality, "RGB", "420") for pixels in shrunk]
        truths = [_psnr(s, p.reference) for s, p in zip(shrunk, pictures, strict=True)]
        stored = [
            _psnr(simplejpeg.decode_jpeg(body, "RGB"), picture.reference)
            for body, picture in zip(encoded, pictures, strict=True)
        ]
        figures = decode_ms, resize_ms, decode_ms + resize_ms, mean(truths), min(truths)
        row = (
            *(f"{figure:.2f}" for figure in (*figures, mean(stored))),
            f"{mean(map(len, encoded)):.0f}",
        )
        rows.append((way.name, *row))
    show(("", "decode ms", "resize ms", "both", "PSNR", "worst", "PSNR stored", "bytes"), rows)


def _show_encoders(pictures: list[Picture], quality: int) -> None:
    decode = _eighths(_OURS, fastupsample=True)
    pixels = [resizing.resized(decode(picture), picture.target) for picture in pictures]
    parameters = [cv2.IMWRITE_JPEG_QUALITY, quality]

    def opencv(picture: Pixels) -> bytes:
        return cv2.imencode(".jpg", picture[..., ::-1], parameters)[1].tobytes()

    encoders: dict[str, Callable[[Pixels], bytes]] = {
        "OpenCV (img2dataset)": opencv,
        "simplejpeg 4:2:0 (ours)": lambda p: simplejpeg.encode_jpeg(p, quality, "RGB", "420"),
        "simplejpeg 4:4:4": lambda p: simplejpeg.encode_jpeg(p, quality, "RGB", "444"),
    }
    rows = []
    for name, encode in encoders.items():
        bodies, ms = _timed(encode, pixels)
        truth = mean(
            _psnr(simplejpeg.decode_jpeg(body, "RGB"), each.astype(float))
            for body, each in zip(bodies, pixels, strict=True)
        )
        rows.append((name, f"{ms:.2f}", f"{truth:.2f}", f"{mean(map(len, bodies)):.0f}"))
    show(("encoder", "ms", "PSNR to its input", "bytes"), rows)


def _jpegs(folder: Path, count: int, side: int) -> list[bytes]:
    """At most `count` JPEGs that are larger than `side`, from all over the folder."""
    bodies = [path.read_bytes() for path in found_pictures(folder)]
    found = [
        body
        for body in bodies
        if body[:2] == b"\xff\xd8"
        and (image := Image.open(io.BytesIO(body))).mode == "RGB"
        and min(image.size) > side
    ]
    return found[:: max(1, len(found) // count)][:count]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=Path, help="a folder; drawn where not given")
    parser.add_argument("--count", type=int, default=24, help="pictures")
    parser.add_argument("--size", type=int, default=256, help="pixels of the shorter side, stored")
    parser.add_argument("--quality", type=int, default=92, help="of the stored JPEG")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory(prefix="pairmill-benchmark-") as scratch:
        folder = args.pictures or Path(scratch)
        if not args.pictures:
            drawn_pictures(folder, 8 * args.count)  # few are JPEGs and large
        bodies = _jpegs(folder, args.count, args.size)
    for side in _ENLARGED:
        larger = [_enlarged(body, side) if side else body for body in bodies]
        pictures = [_picture(body, args.size) for body in larger]
        print(
            f"{len(pictures)} pictures, {f'enlarged to {side} pixels' if side else 'as they are'}"
        )
        _show_ways(pictures, args.quality)
    _show_encoders(pictures, args.quality)


if __name__ == "__main__":
    main()
