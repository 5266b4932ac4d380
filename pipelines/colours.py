"""A decoded picture's colours as 8-bit sRGB: its profile, depth, palette and transparency."""

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

from pipelines.resizing import Pixels

_SPACES = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK"}  # of profiles: as Pillow names the mode
_GREY = ("1", "L", "LA", "I", "F")
_FULL_SCALES = (1.0, 255.0, 65535.0)  # what white may be in 32 bits, where nothing says it


def flattened(image: Image.Image) -> Image.Image:
    """Any mode of Pillow as RGB: transparency on white, 16 bits to 8, CMYK by its profile."""
    if image.mode.startswith("I;16"):
        return _grey(np.asarray(image), 65535.0)
    if image.mode in ("I", "F"):
        values = np.nan_to_num(np.asarray(image, dtype=np.float32))
        scales = _FULL_SCALES[image.mode == "I" :]
        return _grey(values, next((s for s in scales if values.max() <= s), float(values.max())))
    if image.mode == "CMYK":
        by_profile = _transform(_profile(image), "CMYK")
        return image.convert("RGB") if by_profile is None else by_profile.apply(image)
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        page = Image.new("RGBA", layer.size, "white")
        page.alpha_composite(layer)
        return page.convert("RGB")
    return image.convert("RGB")


def managed(pixels: Pixels, image: Image.Image) -> Pixels:
    """RGB `pixels` of `image` in its profile to sRGB, where it has one that fits and can be read.

    CMYK has been converted with its profile by `flattened`; grey is still grey, in three channels.
    """
    icc = _profile(image)
    mode = _SPACES.get(icc[16:20], "")
    grey = image.mode in _GREY or image.mode.startswith("I;16")
    if mode not in ("RGB", "L") or (mode == "L" and not grey) or image.mode == "CMYK":
        return pixels
    transform = _transform(icc, mode)
    if transform is None:
        return pixels
    source = pixels if mode == "RGB" else np.ascontiguousarray(pixels[..., 0])
    return np.asarray(transform.apply(Image.fromarray(source)))


def _grey(values: np.ndarray, top: float) -> Image.Image:
    scaled = values.clip(0, top).astype(np.float32) * np.float32(255 / top)
    return Image.fromarray(scaled.astype(np.uint8)).convert("RGB")


def _profile(image: Image.Image) -> bytes:
    """The bytes of its ICC profile, b"" where it has none or says that it is sRGB."""
    icc = image.info.get("icc_profile")
    return icc if isinstance(icc, bytes) and b"sRGB" not in icc else b""


@lru_cache(maxsize=16)
def _transform(icc: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """From a profile for pixels of `mode` to sRGB; None where it is broken or for others."""
    if _SPACES.get(icc[16:20]) != mode:
        return None
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        return ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, OSError):
        return None
