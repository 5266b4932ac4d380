"""Embeddings on their way to pieces: all come, as asked for, from one range of each file."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipelines.embedding_files import read_array, read_npy_rows, read_singles, write_npy
from pipelines.mining_embeddings import read_piece, write_by_piece
from pipelines.storage import Folder

PARTS, DIM, PIECES = 3, 7, 4


def test_pieces_have_their_rows_in_the_order_asked_for(tmp_path: Path) -> None:
    random, folder = np.random.default_rng(0), Folder(str(tmp_path))
    embeddings = random.normal(size=(PARTS, 50, DIM)).astype(np.float16)
    pieces = random.integers(0, PIECES, (PARTS, 50))
    places = np.stack(
        [
            write_by_piece(folder, "texts", part, embeddings[part], pieces[part])
            for part in range(PARTS)
        ]
    )
    for piece in range(PIECES):
        parts, rows = np.nonzero(pieces == piece)
        order = random.permutation(len(parts))
        parts, rows = parts[order], rows[order]
        found = read_piece(folder, "texts", parts, places[parts, rows])
        assert (found == embeddings[parts, rows]).all()
        of_first = np.sort(places[0][pieces[0] == piece])
        assert (np.diff(of_first) == 1).all()  # one range


def test_no_rows_are_no_rows(tmp_path: Path) -> None:
    nothing = np.empty(0, np.int64)
    assert read_piece(Folder(str(tmp_path)), "texts", nothing, nothing).shape == (0, 0)


@pytest.mark.parametrize("shape", [(0, 384), (5,), (1_000_000, 4), (3, 1)])
def test_arrays_are_as_they_were_written(tmp_path: Path, shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape), dtype=np.uint64).reshape(shape)
    folder = Folder(str(tmp_path))
    write_npy(folder, "array.npy", array)
    for found in (read_array(folder, "array.npy"), np.load(tmp_path / "array.npy")):
        assert found.dtype == array.dtype
        assert found.shape == shape
        assert (found == array).all()


@pytest.mark.parametrize("rows", [0, 1, 4_096, 10_000])
def test_singles_are_the_halves(tmp_path: Path, rows: int) -> None:
    halves = np.random.default_rng(0).normal(size=(rows, DIM)).astype(np.float16)
    folder = Folder(str(tmp_path))
    write_npy(folder, "00002.npy", halves)
    singles = read_singles(folder, 2)
    assert singles.dtype == np.float32
    assert singles.shape == halves.shape
    assert (singles == halves).all()


def test_singles_are_read_where_python_asserts_nothing(tmp_path: Path) -> None:
    halves = np.arange(6, dtype=np.float16).reshape(3, 2)
    write_npy(Folder(str(tmp_path)), "00002.npy", halves)
    code = (
        "import sys; from pipelines.embedding_files import *; "
        "print(read_singles(Folder(sys.argv[1]), 2).tolist())"
    )
    done = subprocess.run(
        [sys.executable, "-O", "-c", code, str(tmp_path)], capture_output=True, text=True
    )
    assert done.stdout.strip() == str(halves.tolist()), done.stderr


def test_columns_are_written_as_rows(tmp_path: Path) -> None:
    array = np.asfortranarray(np.arange(6, dtype=np.float16).reshape(3, 2))
    write_npy(Folder(str(tmp_path)), "array.npy", array)
    assert read_npy_rows(Folder(str(tmp_path)), "array.npy", 1, 3).tolist() == [[2, 3], [4, 5]]
