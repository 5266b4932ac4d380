import json
import multiprocessing
import time
from collections import Counter
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model.evaluation_sets import DataError
from model.feed import Batch, Feed, Position, cut
from model.fitting import PictureFit
from model.loading import Piece, PieceReader, PlannedPiece
from model.plan import DataSet, Running, Stage
from model.samples import Pair, TextTuple
from tests.model.packed import Packed, encoded, write_pairs, write_table, write_texts
from tests.model.tiny import TEXTS, tiny_tokenizer

PICTURES = 40
RUNNING = Running(loaders=0, shuffle_samples=15)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Two sets of pictures and one of triplets; batches of 8."""
    folder = tmp_path_factory.mktemp("packed")
    languages = ("en", "de", "ru", "ja", "th", "ar")
    pictures = [
        Packed(
            f"{n:032x}",
            [(code, f"{text} {n}") for code, text in zip(languages, TEXTS, strict=True)][
                : n % 6 + 1
            ],
            encoded(n, size=(20 + n, 30)),
        )
        for n in range(PICTURES)
    ]
    write_pairs(f"{folder}/many", pictures[:30], 7)
    write_pairs(f"{folder}/few", pictures[30:], 4)
    rows = [
        {"anchor": f"a{n}", "positive": f"b{n}", "negative_1": f"c{n % 5}", "negative_2": "d"}
        for n in range(33)
    ]
    write_texts(f"{folder}/triplets", rows, 10, ["fi"] * 33)
    return Stage(
        "all", 1,
        images=(DataSet(f"{folder}/many", 2), DataSet(f"{folder}/few", 1)),
        texts=(DataSet(f"{folder}/triplets"),),
        image_batch=8, text_batch=8, micro_batch=3, negatives=2, smallest_crop=0.5,
    )  # fmt: skip


def made(
    stage: Stage,
    count: int,
    share: tuple[int, int] = (0, 1),
    loaders: int = 0,
    position: Position | None = None,
    seed: str = "17:0",
) -> list[Batch]:
    running = replace(RUNNING, loaders=loaders)
    feed = Feed(stage, running, seed, share, position or Position())
    fit = PictureFit(16, crops=False, smallest_crop=stage.smallest_crop)
    return list(feed.batches(count, PieceReader(tiny_tokenizer(), 16, fit), pin=False))


def same(ones: list[Batch], others: list[Batch]) -> bool:
    return len(ones) == len(others) and all(
        one.position == other.position
        and len(one.pieces) == len(other.pieces)
        and all(
            torch.equal(a.pixels, b.pixels)
            and torch.equal(a.input_ids, b.input_ids)
            and torch.equal(a.attention_mask, b.attention_mask)
            and (a.pairs, a.anchors, a.negatives) == (b.pairs, b.anchors, b.negatives)
            and a.names == b.names
            for a, b in zip(one.pieces, other.pieces, strict=True)
        )
        for one, other in zip(ones, others, strict=True)
    )


def rows_of(batches: list[Batch]) -> list[list[tuple[str, list[int], bytes]]]:
    """Names, tokens and pixels of the pictures of each batch, and names of its texts."""
    return [
        [
            (name, piece.input_ids[at][piece.attention_mask[at] > 0].tolist(),
             piece.pixels[at].numpy().tobytes() if at < piece.pairs else b"")
            for piece in batch.pieces for at, name in enumerate(piece.names)
        ]
        for batch in batches
    ]  # fmt: skip


def test_the_same_with_and_without_loaders(stage):
    """The same tensors, and nothing is drawn from the training's chance."""
    torch.manual_seed(3)
    before = torch.get_rng_state()
    alone = made(stage, 12)
    assert same(alone, made(stage, 12, loaders=2))
    assert torch.equal(torch.get_rng_state(), before)
    assert not same(alone, made(stage, 12, seed="18:0"))


def test_batches_have_what_the_stage_says(stage):
    for batch in made(stage, 6):
        assert [(piece.pairs, piece.anchors, piece.negatives) for piece in batch.pieces] == [
            (2, 2, 2), (3, 3, 2), (3, 3, 2),
        ]  # fmt: skip
        assert all(piece.pixels.shape == (piece.pairs, 3, 16, 16) for piece in batch.pieces)
        assert all(
            len(piece.input_ids) == piece.pairs + 4 * piece.anchors for piece in batch.pieces
        )
    assert [taken for taken, _ in batch.position.images] == [4, 2]


@pytest.mark.parametrize("processes", [2, 4])
def test_processes_share_the_same_batches(stage, processes):
    whole = rows_of(made(stage, 8))
    shares = [rows_of(made(stage, 8, (number, processes))) for number in range(processes)]
    for batch, *parts in zip(whole, *shares, strict=True):
        assert all(len(part) == len(batch) // processes for part in parts)
        assert Counter(map(repr, batch)) == Counter(repr(row) for part in parts for row in part)
        pictures = [name for name, _, pixels in batch if pixels]
        assert len(set(pictures)) == 8


@pytest.mark.parametrize("kinds", ["images", "texts", "images texts"])
def test_chance_is_another_in_each_batch(stage, kinds):
    of_images = {} if "images" in kinds else {"images": ()}
    of_texts = {} if "texts" in kinds else {"texts": (), "negatives": 0}
    feed = Feed(replace(stage, **of_images, **of_texts), RUNNING, "17:0", (0, 1), Position())
    salts = {piece.salt for piece in feed._plan(12)}
    assert len(salts) == 12


def test_every_process_stands_at_the_same_place(stage):
    one, two = (made(stage, 5, (number, 2)) for number in range(2))
    assert [batch.position for batch in one] == [batch.position for batch in two]


def test_an_epoch_has_each_picture_once(stage):
    only = replace(stage, images=stage.images[:1], texts=(), image_batch=6, negatives=0)
    names = [name for batch in rows_of(made(only, 10)) for name, *_ in batch]
    wanted = [f"{n:032x}" for n in range(30)]
    assert sorted(names[:30]) == sorted(names[30:]) == wanted
    assert names[:30] != names[30:]


@pytest.mark.parametrize("done", [1, 4, 8])
def test_taken_up_in_the_middle(stage, done):
    whole = made(stage, 9)
    position = Position.of_json(json.loads(json.dumps(whole[done - 1].position.as_json())))
    assert same(whole[done:], made(stage, 9 - done, position=position))


def test_batches_come_in_two_goes(stage):
    feed = Feed(stage, RUNNING, "17:0", (0, 1), Position())
    fit = PictureFit(16, crops=False, smallest_crop=stage.smallest_crop)
    reader = PieceReader(tiny_tokenizer(), 16, fit)
    goes = [*feed.batches(2, reader, pin=False), *feed.batches(3, reader, pin=False)]
    assert same(goes, made(stage, 5))


def test_languages(stage):
    feed = Feed(stage, RUNNING, "", (0, 1), Position())
    assert feed.languages == {"en", "de", "ru", "ja", "th", "ar", "fi"}


@pytest.mark.parametrize("kind", ["image_batch", "text_batch"])
def test_what_cannot_be_shared_out(stage, kind):
    with pytest.raises(DataError, match=f"{kind} must be divisible by 4 processes, got 6"):
        Feed(replace(stage, **{kind: 6}), RUNNING, "", (0, 4), Position())


def test_a_batch_that_is_not_used_need_not_be_shared_out(stage):
    images = replace(stage, texts=(), text_batch=7)
    texts = replace(stage, images=(), image_batch=7)
    for used in (images, texts):
        assert len(made(used, 1, (0, 2))) == 1


@pytest.mark.parametrize("loaders", [0, 1])
def test_a_broken_picture_is_named(tmp_path, loaders):
    pictures = [Packed(f"{n:032x}", [("en", f"{n}")], encoded(n)) for n in range(3)]
    pictures[1] = replace(pictures[1], body=b"broken")
    folder = write_pairs(f"{tmp_path}", pictures, 3)
    stage = Stage("all", 1, images=(DataSet(folder),), image_batch=3)
    with pytest.raises(DataError, match=f"must hold the picture {1:032x}") as raised:
        made(stage, 1, loaders=loaders)
    assert raised.tb  # holds what was going on, and Python would wait for its processes
    assert multiprocessing.active_children() == []


class Stuck(PieceReader):
    """Reads a piece, and then nothing more."""

    def __getitem__(self, planned: PlannedPiece) -> Piece:
        if getattr(self, "read", 0):
            time.sleep(1000)
        self.read = 1
        return super().__getitem__(planned)


def test_a_loader_that_is_stuck_is_ended(stage, monkeypatch):
    monkeypatch.setattr("torch.utils.data._utils.MP_STATUS_CHECK_INTERVAL", 0.1)  # seconds
    feed = Feed(replace(stage, micro_batch=0), replace(RUNNING, loaders=1), "", (0, 1), Position())
    batches = feed.batches(3, Stuck(tiny_tokenizer(), 16, PictureFit(16, crops=False)), pin=False)
    next(batches)
    batches.close()
    assert multiprocessing.active_children() == []


def test_an_empty_set(tmp_path):
    stage = Stage("all", 1, images=(DataSet(write_pairs(f"{tmp_path}", [], 3)),), image_batch=3)
    with pytest.raises(DataError, match="must hold samples, got none"):
        made(stage, 1)


def test_negatives_of_every_set(tmp_path, stage):
    write_table(f"{tmp_path}/a.parquet", [{"anchor": "a", "positive": "b"}])
    more = replace(stage, texts=(*stage.texts, DataSet(f"{tmp_path}")))
    with pytest.raises(DataError, match="must have 2 negatives a row, got 0"):
        made(more, 1)


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 15))
def test_pieces_of_a_batch(pictures, texts, most):
    pairs = [Pair(f"{n}", "", "", 0, 0) for n in range(pictures)]
    tuples = [TextTuple(f"{n}", "", "", ()) for n in range(texts)]
    if not pairs and not tuples:
        return
    pieces = cut(pairs, tuples, most, "salt")
    assert [pair for piece in pieces for pair in piece.pairs] == pairs
    assert [text for piece in pieces for text in piece.texts] == tuples
    for kind in ([len(piece.pairs) for piece in pieces], [len(piece.texts) for piece in pieces]):
        assert max(kind) - min(kind) <= 1
        assert min(kind) > 0 or not sum(kind)
        alone = not pairs or not tuples
        assert max(kind) <= most or not most or not alone
    assert len(pieces) == 1 or most
    assert {piece.salt for piece in pieces} == {"salt"}
