"""Mutated pictures of every format: a picture or a named reason comes back, and nothing else.

`PAIRMILL_FUZZ_S` says for how many seconds (15), `PAIRMILL_FUZZ_SEED` where to begin (1). A failure
names the number of its mutant: `mutant(seed, number)` makes it again.
"""

import asyncio
import io
import json
import math
import os
import random
import struct
import time
import zlib
from pathlib import Path
from typing import Any

from PIL import Image

from pipelines.decoder import Decoder, Prepared
from pipelines.decoding import DecodeError, DecodeFault, Decoding
from tests.pipelines.test_colours import DISPLAY_P3, cmyk_profile, rgb_profile
from tests.pipelines.test_decoding import encoded, scene

SECONDS = float(os.environ.get("PAIRMILL_FUZZ_S", "15"))
SEED = int(os.environ.get("PAIRMILL_FUZZ_SEED", "1"))
SETTINGS = Decoding(image_size=32, max_pixels=4_000_000)
MOST_MEMORY = 1 << 30  # bytes resident, of a limit of 3 GiB of address space and 24 a pixel
NAMED = set(DecodeFault) - {DecodeFault.CRASHED, DecodeFault.TIMED_OUT}
NUMBERS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def corpus() -> list[bytes]:
    """Small whole pictures: formats, modes, compressions, frames, tags and profiles."""
    image = scene(60, 40)
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a scene"
    tagged = {"exif": exif, "icc_profile": rgb_profile(DISPLAY_P3)}

    def more() -> dict[str, Any]:  # anew each time: Pillow leaves a format's options on a frame
        return {"save_all": True, "append_images": [Image.new("RGB", image.size, "red")]}

    inks = image.convert("CMYK")
    clear = image.convert("RGBA")
    clear.putalpha(image.convert("L"))
    palette = image.quantize(16)
    made = [
        (image, "jpeg", tagged), (image, "jpeg", {"progressive": True, "subsampling": 2}),
        (image.convert("L"), "jpeg", {}), (inks, "jpeg", {"icc_profile": cmyk_profile()}),
        (image, "mpo", more()), (image, "png", tagged), (clear, "png", {}), (image, "png", more()),
        (palette, "png", {"transparency": 0}), (image.convert("I;16"), "png", {}),
        (image.convert("1"), "png", {}), (image, "webp", tagged), (image, "webp", more()),
        (clear, "webp", {"lossless": True}), (palette, "gif", {"transparency": 0}),
        (image, "gif", more()), (image, "tiff", more()), (image, "tiff", tagged),
        (inks, "tiff", {}),
        (image.convert("F"), "tiff", {}), (image.convert("1"), "tiff", {"compression": "group4"}),
        *((image, "tiff", {"compression": f"tiff_{how}"}) for how in ("lzw", "adobe_deflate")),
        (image, "tiff", {"compression": "jpeg"}), (image, "tiff", {"compression": "packbits"}),
        *((image.convert(mode), "bmp", {}) for mode in ("1", "P", "RGB")), (clear, "bmp", {}),
        (image, "avif", tagged), (clear, "avif", {}), (image, "avif", more()),
    ]  # fmt: skip
    return [encoded(picture.copy(), kind, **options) for picture, kind, options in made]


CORPUS = corpus()


def mutant(seed: int, number: int) -> bytes:
    """The picture of that number; the same whenever and wherever it is made."""
    dice = random.Random(f"{seed}:{number}")
    body = bytearray(dice.choice(CORPUS))
    for _ in range(dice.choice((1, 1, 1, 2, 3, 8))):
        dice.choice((flip, flip, lie, lie, lie, cut, drop, repeat, splice))(body, dice)
    return mended(bytes(body)) if dice.random() < 0.9 else bytes(body)


def flip(body: bytearray, dice: random.Random) -> None:
    for _ in range(dice.choice((1, 1, 2, 10))):
        body[place(body, dice)] ^= 1 << dice.randrange(8)


def lie(body: bytearray, dice: random.Random) -> None:
    """A length, a dimension, an offset, or what else stands there."""
    layout = dice.choice(("<H", ">H", "<I", ">I", "B"))
    at = place(body, dice)
    number = dice.choice((*NUMBERS, dice.getrandbits(32))) % (1 << 8 * struct.calcsize(layout))
    if at + struct.calcsize(layout) <= len(body):
        struct.pack_into(layout, body, at, number)


def cut(body: bytearray, dice: random.Random) -> None:
    del body[max(1, place(body, dice)) :]


def drop(body: bytearray, dice: random.Random) -> None:
    at = place(body, dice)
    del body[max(1, at) : at + dice.randrange(1, 100)]


def repeat(body: bytearray, dice: random.Random) -> None:
    at = place(body, dice)
    body[at:at] = body[at : at + dice.randrange(1, 400)]


def splice(body: bytearray, dice: random.Random) -> None:
    other = dice.choice(CORPUS)
    at, start = place(body, dice), dice.randrange(len(other))
    body[at:at] = other[start : start + dice.randrange(1, 2000)]


def place(body: bytearray, dice: random.Random) -> int:
    """Mostly near the beginning, where headers are."""
    return dice.randrange(min(len(body), dice.choice((40, 200, 1000, len(body)))))


def mended(body: bytes) -> bytes:
    """A PNG with right checksums, without which nobody looks further."""
    if not body.startswith(b"\x89PNG\r\n\x1a\n"):
        return body
    parts, at = [body[:8]], 8
    while at + 12 <= len(body):
        end = at + 8 + struct.unpack_from(">I", body, at)[0]
        if end + 4 > len(body):
            break
        parts += [body[at:end], struct.pack(">I", zlib.crc32(body[at + 4 : end]))]
        at = end + 4
    return b"".join(parts) + body[at:]


def check(found: Prepared | BaseException) -> None:
    if isinstance(found, BaseException):
        assert isinstance(found, DecodeError), repr(found)
        assert found.fault in NAMED, f"{found.fault}: {found.detail}"
        return
    picture, measures = found
    image = Image.open(io.BytesIO(picture), formats=["JPEG"])
    image.load()
    assert image.size == (measures.width, measures.height)
    assert measures.original_width * measures.original_height <= SETTINGS.max_pixels
    assert len(measures.exif) < 1 << 16
    assert isinstance(json.loads(measures.exif), dict)
    numbers = measures.sharpness, measures.luma_std, measures.colourfulness, measures.ink
    assert all(math.isfinite(number) and number >= 0 for number in numbers)


def peak_bytes() -> int:
    """Resident, at most so far, of the decoder that is a child of this process."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    peaks = [
        line.split()[1]
        for child in children
        if b"pipelines.decoder" in Path(f"/proc/{child}/cmdline").read_bytes()
        for line in Path(f"/proc/{child}/status").read_text().splitlines()
        if line.startswith("VmHWM")
    ]
    return 1024 * max(map(int, peaks))


async def fuzz(seed: int, seconds: float) -> tuple[int, int]:
    """Decodes mutants for so long; returns how many, and the bytes that it took at most."""
    ends = time.monotonic() + seconds
    number = 0
    async with Decoder(SETTINGS, timeout_s=10) as decoder:
        while time.monotonic() < ends:
            numbers = range(number, number + 64)
            asking = (decoder.prepare(mutant(seed, each)) for each in numbers)
            answers = await asyncio.gather(*asking, return_exceptions=True)
            for number, found in zip(numbers, answers, strict=True):
                try:
                    check(found)
                except Exception as error:
                    raise AssertionError(f"mutant({seed}, {number}): {error}") from error
            number += 1
        return number, peak_bytes()


def test_mutated_pictures_end_as_a_picture_or_a_named_reason() -> None:
    tried, peak = asyncio.run(fuzz(SEED, SECONDS))
    print(f"{tried} mutants, at most {peak >> 20} MiB")
    assert tried >= 64
    assert peak < MOST_MEMORY
