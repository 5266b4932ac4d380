"""Folders: what is listed, and when."""

import shutil
from pathlib import Path

from pipelines.storage import Folder


def test_a_file_is_listed_once_it_is_whole(tmp_path: Path) -> None:
    folder = Folder(str(tmp_path))
    with folder.writing("part-00000.parquet") as scratch:
        scratch.write_bytes(b"half")
        assert folder.names() == []
    assert folder.names() == ["part-00000.parquet"]


def test_what_a_killed_writer_left_is_not_listed(tmp_path: Path) -> None:
    folder = Folder(str(tmp_path))
    with folder.writing("00000.parquet") as scratch:
        scratch.write_bytes(b"whole")
        left = shutil.copy(scratch, tmp_path / scratch.name.replace("00000", "00001"))
    assert Path(left).exists()
    assert folder.sizes() == [("00000.parquet", 5)]
    (tmp_path / "notes.tmp").write_bytes(b"")
    assert folder.names() == ["00000.parquet", "notes.tmp"]
