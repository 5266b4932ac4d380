"""Pictures that are of no use, and copies of pictures."""

import io

from PIL import Image, ImageOps

from pipelines.sample.dice import Dice
from pipelines.sample.drawing import TONES, Rgb
from pipelines.sample.scenes import NOISE_SIDE

FORMATS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}  # by file extension, Pillow's names
TINY = range(8, 31)  # pixels, the longer side
EDITS = ("re-encoded", "scaled", "cropped", "bordered", "brightness", "scaled and re-encoded")

_QUALITY = 90  # of JPEG and WebP


def encode(picture: Image.Image, extension: str, quality: int = _QUALITY) -> bytes:
    """Returns the picture in the format of a file extension."""
    file = io.BytesIO()
    match extension:
        case "jpg":
            picture.save(file, "JPEG", quality=quality)
        case "png":
            picture.save(file, "PNG", compress_level=1)
        case _:
            picture.save(file, "WEBP", quality=quality, method=0)
    return file.getvalue()


def draw_blank(size: tuple[int, int], dice: Dice) -> Image.Image:
    """Returns a picture of one colour."""
    return Image.new("RGB", size, dice.pick("blank", tuple(TONES.values())))


def draw_nearly_blank(size: tuple[int, int], dice: Dice) -> tuple[Image.Image, str]:
    """Returns one colour with a speck or with noise of a level or two, and which."""
    tone = dice.pick("blank", tuple(TONES.values()))
    if dice.pick("nearly", ("speck", "noise")) == "speck":
        picture = Image.new("RGB", size, tone)
        left, top = (dice.pick(f"speck/{side}", range(size[side] - 4)) for side in (0, 1))
        picture.paste((255, 255, 255), (left, top, left + 3, top + 3))
        return picture, "speck"
    dark, light = (tuple(min(255, max(0, level + way)) for level in tone) for way in (-1, 1))
    grain = Image.frombytes("L", (NOISE_SIDE, NOISE_SIDE), dice.noise(NOISE_SIDE**2)).resize(size)
    return ImageOps.colorize(grain, dark, light), "noise"


def shrink(picture: Image.Image, dice: Dice) -> Image.Image:
    """Returns the picture with a longer side in TINY."""
    longer = dice.pick("tiny", TINY)
    width, height = (max(1, side * longer // max(picture.size)) for side in picture.size)
    return picture.resize((width, height))


def stretched_size(dice: Dice) -> tuple[int, int]:
    """Returns a width and a height of which one is six to eleven times the other."""
    shorter = dice.pick("stretch/shorter", range(48, 80))
    longer = shorter * dice.pick("stretch/times", range(6, 12))
    return dice.pick("stretch/way", ((longer, shorter), (shorter, longer)))


def corrupt(data: bytes, dice: Dice) -> tuple[bytes, str]:
    """Returns bytes that no decoder makes the whole picture of, and what was done to them."""
    match dice.pick("corrupt", ("truncated", "headless", "empty", "page")):
        case "truncated":
            return data[
                : len(data) * dice.pick("corrupt/percent", range(10, 60)) // 100
            ], "truncated"
        case "headless":
            return bytes(64) + data[64:], "headless"
        case "empty":
            return b"", "empty"
        case _:
            return b"<!DOCTYPE html>\n<title>404 Not Found</title>\n", "page"


def edit(picture: Image.Image, dice: Dice) -> tuple[bytes, str, str]:
    """Returns an edited copy of an RGB picture: its bytes, its extension and what was done."""
    what = dice.pick("edit", EDITS)
    extension = dice.pick("edit/format", ("jpg", "jpg", "webp", "png"))
    quality = _QUALITY
    width, height = picture.size
    if what == "re-encoded":
        extension = dice.pick("edit/lossy", ("jpg", "webp"))
    if "re-encoded" in what:
        quality = dice.pick("edit/quality", range(40, 80))
    if "scaled" in what:
        percent = dice.pick("edit/percent", (70, 80, 90, 125))
        picture = picture.resize((width * percent // 100, height * percent // 100))
        what += f" to {percent} %"
    elif what == "cropped":
        left, top, right, bottom = (dice.pick(f"edit/crop/{side}", range(9)) for side in range(4))
        box = (left * width, top * height, (1000 - right) * width, (1000 - bottom) * height)
        picture = picture.crop((box[0] // 1000, box[1] // 1000, box[2] // 1000, box[3] // 1000))
    elif what == "bordered":
        tone: Rgb = dice.pick("edit/border", ((0, 0, 0), (255, 255, 255)))
        picture = ImageOps.expand(picture, max(1, min(width, height) // 100), tone)
    elif what == "brightness":
        percent = dice.pick("edit/light", (80, 85, 90, 95, 105))
        picture = picture.point([min(255, level * percent // 100) for level in range(256)] * 3)
        what += f" {percent} %"
    return encode(picture, extension, quality), extension, f"{what}, {extension} {quality}"
