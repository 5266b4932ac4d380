"""Pictures by uid, beside the slow way: all that the tables say, held."""

import random
from pathlib import Path

import pytest

from model.evaluation_sets import DataError
from model.picture_index import PictureIndex
from model.sample_tables import Shards
from model.samples import ImageSet
from tests.model.packed import Packed, write_pairs

PER_SHARD = 9  # so that there are more shards than are read at once


def uids() -> list[str]:
    """Hashes, numbers counted up, and such as end in zero bytes, in no order."""
    dice = random.Random(3)
    hashes = [f"{dice.getrandbits(128):032x}" for _ in range(60)]
    counted = [f"{at:032x}" for at in range(30)]
    shifted = [f"{at:02x}".ljust(32, "0") for at in range(1, 30)]
    return dice.sample([*hashes, *counted, *shifted], 119)


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return write_pairs(
        f"{tmp_path}/pairs", [Packed(uid, [("en", uid)]) for uid in uids()], PER_SHARD
    )


def test_finds_what_the_tables_say(folder: str) -> None:
    images = ImageSet(folder, 1)
    pairs = [pair for block in range(len(images.blocks)) for pair in images.read(block, "")]
    index = PictureIndex(Shards.of(folder))
    assert index.find(uids()) == {pair.name: pair.picture for pair in pairs}
    some = uids()[::7]
    assert index.find(some) == {pair.name: pair.picture for pair in pairs if pair.name in some}


def test_finds_nothing_else(folder: str) -> None:
    index = PictureIndex(Shards.of(folder))
    assert index.find(["f" * 32, "no uid", "", "F" * 32]) == {}
    assert index.find([]) == {}


def test_one_of_a_uid_that_several_samples_have(tmp_path: Path) -> None:
    uid = uids()[0]
    twice = [Packed(uid, [("en", "one")], key="a"), Packed(uid, [("de", "zwei")], key="b")]
    index = PictureIndex(Shards.of(write_pairs(f"{tmp_path}/pairs", twice, 1)))
    assert index.find([uid])[uid].tar.endswith("00000.tar")


def test_tables_are_read_once(folder: str) -> None:
    index = PictureIndex(Shards.of(folder))
    for table in Path(folder).glob("train/*.parquet"):
        table.unlink()
    assert len(index.find(uids())) == 119


def test_a_table_that_is_lost(folder: str) -> None:
    Path(folder, "train", "00003.parquet").unlink()
    with pytest.raises(DataError, match=r"00003\.parquet must be a table with uid"):
        PictureIndex(Shards.of(folder))
