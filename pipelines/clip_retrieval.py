"""Embeddings as clip-retrieval's `clip inference` leaves them (its `OutputSink`)."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipelines.embedding import Shard
from pipelines.embedding_files import write_npy
from pipelines.storage import Folder
from pipelines.transforms.tables import write_table
from schemas.layout import OF_CLIP_RETRIEVAL, embeddings_folder

FOLDERS = ("img_emb", "text_emb", "metadata")


@dataclass(frozen=True, slots=True)
class ClipRetrieval:
    """Writes `img_emb/img_emb_N.npy`, `text_emb/text_emb_N.npy`, `metadata/metadata_N.parquet`.

    Their rows are those of each other: a row for each caption that was judged, its picture's
    embedding again where it has several.

    Attributes:
      fresh: where to write.
      digits: of the files' numbers, which are those of the shards.
    """

    fresh: Folder
    digits: int

    def write(
        self,
        teacher: int,
        shard: int,
        pictures: Shard,
        captions: Shard,
        cosines: np.ndarray,
        texts: dict[str, tuple[str, str]],
    ) -> None:
        """Writes a shard's; none where nothing was judged, which its readers do not expect.

        Args:
          teacher: its number.
          shard: its number.
          pictures: of the shard, the captions' among them.
          captions: of the shard.
          cosines: of each caption and its picture.
          texts: language and text by caption id.
        """
        if not captions.ids:
            return
        folder = self.fresh / embeddings_folder(teacher, OF_CLIP_RETRIEVAL)
        number = str(shard).zfill(self.digits)
        at = {uid: row for row, uid in enumerate(pictures.ids)}
        rows = np.array([at[uid] for uid in captions.uids], dtype=np.int64)
        write_npy(folder / "img_emb", f"img_emb_{number}.npy", pictures.embeddings[rows])
        write_npy(folder / "text_emb", f"text_emb_{number}.npy", captions.embeddings)
        metadata = {
            "image_path": captions.uids,
            "caption": [texts[id_][1] for id_ in captions.ids],
            "caption_id": captions.ids,
            "language": [texts[id_][0] for id_ in captions.ids],
            "similarity": cosines,
        }
        write_table(folder / "metadata", f"metadata_{number}.parquet", pa.table(metadata))
