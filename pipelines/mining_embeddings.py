"""Embeddings on their way to index shards and blocks of anchors, in files instead of a shuffle.

Whoever reads a gathered tar or a part of texts writes its embeddings in the order of the pieces
that they are for. The shuffle carries their places, and a piece's worker reads one range of each
file: 16 bytes a row go through Beam, whatever the features.
"""

import numpy as np
from numpy.typing import NDArray

from pipelines.embedding_files import Halves, read_npy_rows, write_npy
from pipelines.storage import Folder
from schemas.layout import shard_name

Places = NDArray[np.int64]
"""Rows of files; shape [rows]."""


def write_by_piece(
    folder: Folder, what: str, part: int, embeddings: Halves, pieces: Places
) -> Places:
    """Writes the embeddings of a part, those of a piece together; says where each went.

    Args:
      folder: where to.
      what: they are of.
      part: the number of the gathered tar or of the part of texts.
      embeddings: shape [rows, dim].
      pieces: that they are for; shape [rows].
    """
    order = np.argsort(pieces, kind="stable")
    write_npy(folder, _name(what, part), embeddings[order])
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    return places


def read_piece(folder: Folder, what: str, parts: Places, places: Places) -> Halves:
    """The embeddings of a piece, from one range of each file that has some; float16 [rows, dim].

    Args:
      folder: where they were written.
      what: they are of.
      parts: whose embedding each row has.
      places: and where in its file.
    """
    found = np.empty((0, 0), np.float16)
    for part in np.unique(parts).tolist():
        here = np.flatnonzero(parts == part)
        first = int(places[here].min())
        rows = read_npy_rows(folder, _name(what, part), first, int(places[here].max()) + 1)
        if not len(found):
            found = np.empty((len(parts), rows.shape[1]), np.float16)
        found[here] = rows[places[here] - first]
    return found


def _name(what: str, part: int) -> str:
    return f"{what}-{shard_name(part)}.npy"
