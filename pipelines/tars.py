"""Tar files whose bytes depend on nothing but their members: no clock, no user."""

from typing import IO

_BLOCK = 512
_END = b"\0" * (2 * _BLOCK)


# POSIX 1003.1-1988, ustar: name, mode 0644, owner and group 0, size, time 0, checksum, file.
_MODE_AND_OWNER = b"0000644\0" + b"0000000\0" * 2
_TIME = b"00000000000\0"
_REST = (b"0" + b"\0" * 100 + b"ustar\x0000").ljust(356, b"\0")
_FIXED_SUM = sum(_MODE_AND_OWNER + _TIME + _REST) + 8 * ord(" ")  # the checksum: as spaces
_PADDING = bytes(_BLOCK)


def _header(name: bytes, size: int) -> bytes:
    if len(name) > 100 or size >= 8**11:
        raise ValueError(
            f"names must have at most 100 bytes and members 8 GiB, got {name!r}, {size}"
        )
    digits = b"%011o\0" % size
    checksum = b"%06o\0 " % (sum(name) + sum(digits) + _FIXED_SUM)
    return b"".join((name.ljust(100, b"\0"), _MODE_AND_OWNER, digits, _TIME, checksum, _REST))


class TarWriter:
    """Writes members one after another and tells where each one's bytes lie."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._position = 0

    def add(self, name: str, data: bytes) -> int:
        """Appends `data` as `name`; returns the offset in bytes of its first byte."""
        header, padding = _header(name.encode(), len(data)), _PADDING[: -len(data) % _BLOCK]
        for piece in (header, data, padding):
            self._file.write(piece)
        offset = self._position + len(header)
        self._position = offset + len(data) + len(padding)
        return offset

    def close(self) -> None:
        """Writes the archive's end; the file itself is its opener's."""
        self._file.write(_END)
