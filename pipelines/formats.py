"""What a file's own structure says: is it a picture of a format we read, is all of it there?

Asked only once a decoder has given up, to name the reason: decoders word a cut file in many ways.
"""

import struct

_SIGNATURES = (
    b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a",
    b"II*\0", b"MM\0*", b"II+\0", b"MM\0+",
)  # fmt: skip


def claims_to_be_a_picture(body: bytes) -> bool:
    """Whether `body` starts as a JPEG, PNG, GIF, TIFF, WebP or AVIF does.

    Not BMP: many a text starts with BM.

    >>> claims_to_be_a_picture(b"GIF89a"), claims_to_be_a_picture(b"<svg>")
    (True, False)
    """
    return body.startswith(_SIGNATURES) or _is_webp(body) or _is_avif(body)


def is_cut(body: bytes) -> bool:
    """Whether `body` ends before its own lengths, offsets or end marks say that it does.

    >>> is_cut(b"RIFF" + bytes([4, 0, 0, 0]) + b"WEB"), is_cut(b"GIF89a ... ;")
    (True, False)
    """
    if body.startswith(b"\xff\xd8"):
        return b"\xff\xd9" not in body
    if body.startswith(b"\x89PNG"):
        return _chunks_exceed(body)
    if body.startswith(b"GIF8"):
        return not body.rstrip(b"\0").endswith(b";")
    if body.startswith(b"BM"):
        return _number("<I", body, 2) > len(body)
    if body.startswith(b"RIFF"):
        return _number("<I", body, 4) + 8 > len(body)
    if body.startswith((b"II", b"MM")):
        return _end_of_directory(body) > len(body)
    return _is_avif(body) and (_boxes_exceed(body) or b"mdat" not in body)


def _is_webp(body: bytes) -> bool:
    return body.startswith(b"RIFF") and body[8:12] == b"WEBP"


def _is_avif(body: bytes) -> bool:
    return body[4:12] in (b"ftypavif", b"ftypavis")


def _number(layout: str, body: bytes, offset: int) -> int:
    """The number there; past the end of everything if it is not all there."""
    if len(body) < offset + struct.calcsize(layout):
        return len(body) + 1
    number: int = struct.unpack_from(layout, body, offset)[0]
    return number


def _chunks_exceed(body: bytes) -> bool:
    """PNG: a length, a type, so many bytes and a checksum, up to IEND."""
    start = 8
    while start < len(body):
        start += 12 + _number(">I", body, start)
    return start > len(body)


def _boxes_exceed(body: bytes) -> bool:
    """ISO 14496-12: a length that counts itself, or 1 before a longer one, or 0: up to the end."""
    start = 0
    while start < len(body):
        length = _number(">I", body, start)
        if length == 1:
            length = _number(">Q", body, start + 8)
        start += max(length, 8) if length else len(body) - start
    return start > len(body)


def _end_of_directory(body: bytes) -> int:
    """TIFF 6.0: where the first directory is, how many entries it has; BigTIFF has longer ones."""
    order = "<" if body.startswith(b"II") else ">"
    if b"+" in body[2:4]:
        first = _number(order + "Q", body, 8)
        return first + 8 + 20 * _number(order + "Q", body, first)
    first = _number(order + "I", body, 4)
    return first + 2 + 12 * _number(order + "H", body, first)
