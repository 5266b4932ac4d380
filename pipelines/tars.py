"""Tar files whose bytes depend on nothing but their members: no clock, no user."""

import tarfile
from typing import IO

_BLOCK = 512
_END = b"\0" * (2 * _BLOCK)


class TarWriter:
    """Writes members one after another and tells where each one's bytes lie."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._position = 0

    def add(self, name: str, data: bytes) -> int:
        """Appends `data` as `name`; returns the offset in bytes of its first byte."""
        member = tarfile.TarInfo(name)  # mode 0644, owner 0, time 0
        member.size = len(data)
        self._write(member.tobuf(tarfile.USTAR_FORMAT))
        offset = self._position
        self._write(data)
        self._write(b"\0" * (-len(data) % _BLOCK))
        return offset

    def close(self) -> None:
        """Writes the archive's end; the file itself is its opener's."""
        self._write(_END)

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._position += len(data)
