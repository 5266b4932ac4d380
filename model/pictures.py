"""Encoded pictures as models look at them."""

import io
import struct

from PIL import Image, ImageOps

_DECODER_ERRORS = (
    OSError, SyntaxError, ValueError, EOFError, struct.error, Image.DecompressionBombError
)  # fmt: skip


class PictureError(ValueError):
    """Bytes that are no picture, or not all of one."""


def decode_picture(body: bytes) -> Image.Image:
    """The picture in RGB, upright by its EXIF, what is transparent on white: as `gather` stores it.

    Raises:
      PictureError: it cannot be decoded.
    """
    try:
        with Image.open(io.BytesIO(body)) as header:
            image: Image.Image = ImageOps.exif_transpose(header)
    except _DECODER_ERRORS as error:
        raise PictureError(str(error)) from error
    if not image.has_transparency_data:
        return image.convert("RGB")
    pixels = image.convert("RGBA")
    white = Image.new("RGBA", pixels.size, "white")
    return Image.alpha_composite(white, pixels).convert("RGB")
