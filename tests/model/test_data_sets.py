"""The data sets of a stage, of which some are in no fold."""

from pathlib import Path

from model.data_sets import open_images
from model.plan import DataSet
from schemas.ids import Fold, Folds
from tests.model.packed import Packed, write_pairs
from tests.model.small_training import stage


def test_trusted_pairs_are_left_out_of_no_fold(tmp_path: Path) -> None:
    pictures = [Packed(f"{n:032x}", [("en", f"picture {n}")]) for n in range(30)]
    folder, fold = write_pairs(f"{tmp_path}", pictures, 10), Fold(1, Folds(3))
    images = (DataSet(folder), DataSet(folder, trusted=True))
    left, every = (
        [pair.name for block in range(3) for pair in of.read(block, "")]
        for of in open_images(stage(tmp_path, "", images=images), fold)
    )
    assert every == [picture.uid for picture in pictures]
    assert left == [uid for uid in every if not fold.has(uid, "")]
    assert 0 < len(left) < 30
