"""Triplets with pictures, from their tables to the loss of a training."""

import json
import math
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model.batches import Place, Stream
from model.building import load_dual_encoder
from model.evaluation_sets import DataError
from model.feed import Batch, Feed, Position
from model.fitting import PictureFit
from model.loading import Piece, PieceReader, PlannedPiece
from model.losses import InfoNCE
from model.picture_triplets import PictureTriplets
from model.plan import DataSet, LossPlan, Running, Stage
from model.samples import ImageSet, Pair, TextSet
from model.steps import PieceEncoder, Step, make_losses
from model.tokens import texts_of
from model.training import train
from schemas.layout import part_name
from tests.model.packed import Packed, encoded, write_pairs, write_table
from tests.model.small_training import (
    KILL,
    STILL,
    assert_equal,
    assert_near,
    begin,
    in_processes,
    metrics,
    no_waiting,
    plan,
    weights,
)
from tests.model.tiny import tiny_tokenizer

PICTURES = 30
SIZE = 16
LANGUAGES = ("en", "de")
FIT = PictureFit(SIZE, crops=False)


def uid(number: int) -> str:
    return f"{number % PICTURES:032x}"


def caption(number: int, language: str = "en") -> str:
    return f"{language} picture {number % PICTURES}"


def rows_of(kind: str, number: int, language: str) -> tuple[dict[str, str], dict[str, Any]]:
    """A triplet of a picture and the two after the next three, and what stands beside it."""
    others = [number + 4, number + 5]
    sides = [uid(number), caption(number, language)]
    row = dict(zip(("anchor", "positive"), sides, strict=True))
    hard = [caption(other, language) for other in others]
    if kind == "text-to-image":
        row = dict(zip(("positive", "anchor"), sides, strict=True))
        hard = [uid(other) for other in others]
    row |= {"negative_1": hard[0], "negative_2": hard[1]}
    return row, {"query_language": language, "negative_uids": [uid(other) for other in others]}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures in three shards, and a triplet of each kind for each caption, in parts of 25."""
    folder = tmp_path_factory.mktemp("world")
    captions = [[(code, caption(n, code)) for code in LANGUAGES] for n in range(PICTURES)]
    pictures = [Packed(uid(n), captions[n], encoded(n)) for n in range(PICTURES)]
    write_pairs(f"{folder}/pairs", pictures, 11)
    for kind in ("image-to-text", "text-to-image"):
        rows = [rows_of(kind, n, code) for n in range(PICTURES) for code in LANGUAGES]
        for part, first in enumerate(range(0, len(rows), 25)):
            train, beside = zip(*rows[first : first + 25], strict=True)
            write_table(f"{folder}/{kind}/train/{part_name(part)}", train)
            write_table(f"{folder}/{kind}/rows/{part_name(part)}", beside)
    return folder


def opened(world: Path, kind: str, negatives: int = 2) -> PictureTriplets:
    return PictureTriplets(f"{world}/{kind}", f"{world}/pairs", 1, negatives)


def every(triplets: PictureTriplets) -> list[Pair]:
    blocks = range(len(triplets.blocks))
    return [pair for block in blocks for pair in triplets.read(block, "")]


def by_uid(world: Path) -> dict[str, Pair]:
    """The pictures as pairs are read."""
    images = ImageSet(f"{world}/pairs", 1)
    blocks = range(len(images.blocks))
    return {pair.name: pair for block in blocks for pair in images.read(block, "")}


# Reading


def test_captions_that_almost_fit_stand_beside_the_picture(world: Path) -> None:
    pairs, places = every(opened(world, "image-to-text")), by_uid(world)
    assert [(pair.name, pair.text) for pair in pairs] == [
        (uid(n), caption(n, code)) for n in range(PICTURES) for code in LANGUAGES
    ]
    for number, pair in enumerate(pairs):
        n, code = number // 2, LANGUAGES[number % 2]
        assert pair.picture == places[pair.name].picture
        assert pair.hard_captions == (caption(n + 4, code), caption(n + 5, code))
        assert pair.captioned == (uid(n + 4), uid(n + 5))
        assert pair.near_pictures == ()


def test_near_pictures_stand_beside_the_caption(world: Path) -> None:
    pairs, places = every(opened(world, "text-to-image")), by_uid(world)
    assert [(pair.name, pair.text) for pair in pairs] == [
        (uid(n), caption(n, code)) for n in range(PICTURES) for code in LANGUAGES
    ]
    for number, pair in enumerate(pairs):
        n = number // 2
        assert pair.picture == places[pair.name].picture
        assert pair.near_pictures == tuple(places[uid(n + k)].picture for k in (4, 5))
        assert pair.hard_captions == pair.captioned == ()


def test_fewer_negatives_and_none(world: Path) -> None:
    assert {len(pair.hard_captions) for pair in every(opened(world, "image-to-text", 1))} == {1}
    assert {pair.captioned for pair in every(opened(world, "image-to-text", 0))} == {()}
    assert {pair.near_pictures for pair in every(opened(world, "text-to-image", 0))} == {()}


def test_languages_come_as_the_temperature_says(world: Path, tmp_path: Path) -> None:
    triplets = opened(world, "image-to-text")
    assert triplets.languages == {"de": 0.5, "en": 0.5}
    rows = [rows_of("image-to-text", 1, "en" if n else "fi") for n in range(200)]
    write_table(f"{tmp_path}/t/train/a.parquet", [row for row, _ in rows])
    write_table(f"{tmp_path}/t/rows/a.parquet", [beside for _, beside in rows])
    levelled = PictureTriplets(f"{tmp_path}/t", f"{world}/pairs", 9, 1)
    visits = Counter(pair.text for epoch in range(3) for pair in levelled.read(0, f"{epoch}"))
    assert visits["fi picture 1"] > 60


def test_without_rows_beside(world: Path, tmp_path: Path) -> None:
    """As from elsewhere: no languages, and nobody knows whose the captions are."""
    row, _ = rows_of("image-to-text", 1, "en")
    write_table(f"{tmp_path}/t.parquet", [row])
    triplets = PictureTriplets(f"{tmp_path}", f"{world}/pairs", 2, 2)
    assert triplets.languages == {"und": 1.0}
    (pair,) = triplets.read(0, "")
    assert (len(pair.hard_captions), pair.captioned) == (2, ())


def test_parts_without_rows(world: Path, tmp_path: Path) -> None:
    """The first part may be one."""
    row, _ = rows_of("text-to-image", 1, "en")
    table = pa.Table.from_pylist([row])
    pq.write_table(table.slice(0, 0), tmp_path / "a.parquet")
    pq.write_table(table, tmp_path / "b.parquet")
    triplets = PictureTriplets(f"{tmp_path}", f"{world}/pairs", 1, 2)
    assert [len(triplets.read(block, "")) for block in (0, 1)] == [0, 1]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"anchor": "f" * 32}, r"pairs must hold every picture of .*, and lacks 1, f+ among them"),
        ({"anchor": "a text"}, r"pictures' uids as anchor or positive .* texts alone go to texts"),
        ({"negative_2": None}, r"a text in every row of anchor, positive, negative_1, negative_2"),
    ],
)
def test_what_is_no_triplets(
    world: Path, tmp_path: Path, change: dict[str, str | None], said: str
) -> None:
    """Found when it is opened."""
    row, _ = rows_of("image-to-text", 1, "en")
    write_table(f"{tmp_path}/t.parquet", [row | change])
    with pytest.raises(DataError, match=said):
        PictureTriplets(f"{tmp_path}", f"{world}/pairs", 1, 2)


def test_more_negatives_than_there_are(world: Path) -> None:
    with pytest.raises(DataError, match="must have 3 negatives a row, got 2"):
        opened(world, "image-to-text", 3)


def test_texts_say_where_pictures_go(world: Path) -> None:
    with pytest.raises(DataError, match=r"uids as positive, .* go to images, with the folder of"):
        TextSet(f"{world}/text-to-image", 1)


def test_triplets_say_that_their_pictures_are_missing(world: Path) -> None:
    with pytest.raises(DataError, match=r"no sizes.json; of triplets .* pictures = "):
        ImageSet(f"{world}/image-to-text", 1)


def test_pairs_are_no_triplets(world: Path) -> None:
    """Told by the columns they lack, whatever negatives are asked for."""
    with pytest.raises(DataError, match="must have columns anchor, positive, got key"):
        PictureTriplets(f"{world}/pairs", f"{world}/pairs", 1, 2)


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        ({"texts": (DataSet("t", pictures="p"),)}, "pictures must be named in images alone, got t"),
        ({"images": (DataSet("p", negatives=2),)}, "negatives of p must go with the pictures"),
    ],
)
def test_what_a_stage_refuses(sets: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Stage("one", 1, **sets)


def test_no_folds_of_triplets(world: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a plan with folds must have no triplets"):
        replace(plan(tmp_path, stage_of(world, "image-to-text")), folds=2)


# Batches


def stage_of(world: Path, *kinds: str, **settings: Any) -> Stage:
    """A stage of four steps of six pairs of each kind, by turns."""
    sets = {
        "pairs": DataSet(f"{world}/pairs"),
        "image-to-text": DataSet(f"{world}/image-to-text", pictures=f"{world}/pairs"),
        "text-to-image": DataSet(f"{world}/text-to-image", pictures=f"{world}/pairs", negatives=1),
    }
    given = {"steps": 4, "image_batch": 6, "negatives": 2, "learning_rate": 1e-2} | settings
    return Stage("one", images=tuple(sets[kind] for kind in kinds), **given)


def made(
    stage: Stage, count: int, share: tuple[int, int] = (0, 1), position: Position | None = None
) -> list[Batch]:
    running = Running(loaders=0, shuffle_samples=40)
    feed = Feed(stage, running, "17", share, position or Position())
    return list(feed.batches(count, PieceReader(tiny_tokenizer(), 16, FIT), pin=False))


def pair(number: int, text: str, *hard: str, near: tuple[int, ...] = ()) -> Pair:
    """With captions that belong to the picture of their number."""
    captioned = tuple(uid(int(of.split()[-1])) for of in hard)
    near_pictures = tuple(Pair(uid(of), "", "", 0, 0).picture for of in near)
    return Pair(uid(number), text, "", 0, 0, hard, captioned, near_pictures)


@pytest.mark.parametrize(
    ("one", "two", "fit"),
    [
        (pair(1, "x", "kite 3"), pair(2, "y", "lake 4"), True),
        (pair(1, "x", "kite 3"), pair(2, "y", "kite 3"), True),
        (pair(1, "x", "kite 3"), pair(2, "Kite 3"), False),
        (pair(1, "x", "kite 2"), pair(2, "y"), False),
        (pair(1, "x", "kite 3"), pair(1, "y", "lake 4"), False),
        (pair(1, "x", near=(3,)), pair(2, "y", near=(3,)), True),
        (pair(1, "x", near=(2,)), pair(2, "y", near=(3,)), False),
        (pair(1, "x", near=(3,)), pair(2, "X", near=(4,)), False),
    ],
)
def test_which_may_share_a_batch(one: Pair, two: Pair, fit: bool) -> None:
    """No hard caption belongs to another's picture, and no near picture is another's."""

    class Held:
        path = "held"
        blocks = (2,)
        languages = {"en": 1.0}  # noqa: RUF012

        def read(self, block: int, salt: str) -> list[Pair]:
            return [one, two]

    stream = Stream(Held(), 2, "17", 10, Place())
    if fit:
        assert len(stream.next()) == 2
    else:
        with pytest.raises(DataError, match="must have that many different pictures and texts"):
            stream.next()


@pytest.mark.parametrize(("negatives", "more"), [(0, "$"), (2, ", or take fewer negatives")])
def test_a_batch_that_negatives_keep_from_being_full_says_so(
    world: Path, negatives: int, more: str
) -> None:
    stream = Stream(opened(world, "image-to-text", negatives), PICTURES + 1, "17", 40, Place())
    with pytest.raises(DataError, match=f"in 10 epochs: make the batch smaller{more}"):
        stream.next()


def test_a_batch_is_of_one_kind_and_no_negative_is_anothers_positive(world: Path) -> None:
    stage = stage_of(world, "pairs", "image-to-text", "text-to-image")
    feed = Feed(stage, Running(shuffle_samples=40), "17", (0, 1), Position())
    shapes = Counter[tuple[int, int]]()
    for planned in feed._plan(30):
        pairs = planned.pairs
        (shape,) = {(len(one.hard_captions), len(one.near_pictures)) for one in pairs}
        shapes[shape] += 1
        names = {one.name for one in pairs}
        assert len(names) == len({one.text for one in pairs}) == 6
        assert not names & {near.name for one in pairs for near in one.near_pictures}
        theirs = {caption(int(name, 16), code) for name in names for code in LANGUAGES}
        assert not theirs & {text for one in pairs for text in one.hard_captions}
    assert shapes == {(0, 0): 10, (2, 0): 10, (0, 1): 10}


@pytest.mark.parametrize(("kind", "more"), [("image-to-text", (2, 0)), ("text-to-image", (0, 1))])
def test_what_a_piece_holds(world: Path, kind: str, more: tuple[int, int]) -> None:
    """Pictures, then near ones pair by pair; captions, then hard ones pair by pair."""
    stage = stage_of(world, kind)
    (planned,) = Feed(stage, Running(), "17", (0, 1), Position())._plan(1)
    reader, places = PieceReader(tiny_tokenizer(), 16, FIT), by_uid(world)
    piece = reader[planned]
    assert (piece.pairs, piece.hard_captions, piece.near_pictures) == (6, *more)
    names = [one.name for one in planned.pairs]
    assert piece.names == names
    names += [near.name for one in planned.pairs for near in one.near_pictures]
    wanted = reader[PlannedPiece([places[name] for name in names], [], planned.salt)]
    assert torch.equal(piece.pixels, wanted.pixels)
    texts = [one.text for one in planned.pairs]
    texts += [text for one in planned.pairs for text in one.hard_captions]
    wanted_ids = tiny_tokenizer()(texts, padding=True, truncation=True, max_length=16)
    assert piece.input_ids.tolist() == wanted_ids["input_ids"]


def same(one: Piece, other: Piece) -> bool:
    return (
        torch.equal(one.pixels, other.pixels)
        and torch.equal(one.input_ids, other.input_ids)
        and one.names == other.names
    )


@given(st.integers(0, 9), st.integers(1, 3))
def test_taken_up_at_any_place(world: Path, done: int, rest: int) -> None:
    stage = stage_of(world, "image-to-text", "text-to-image")
    whole = made(stage, done + rest)
    position = Position()
    if done:
        written = json.dumps(whole[done - 1].position.as_json())
        position = Position.of_json(json.loads(written))
    again = made(stage, rest, position=position)
    assert [of.position for of in again] == [of.position for of in whole[done:]]
    for one, other in zip(whole[done:], again, strict=True):
        assert same(one.pieces[0], other.pieces[0])


def test_processes_share_the_same_batches(world: Path) -> None:
    stage = stage_of(world, "image-to-text", "text-to-image")
    whole = made(stage, 4)
    shares = [made(stage, 4, (number, 2)) for number in range(2)]
    for batch, *parts in zip(whole, *shares, strict=True):
        names = [name for part in parts for name in part.pieces[0].names]
        assert names == batch.pieces[0].names
        assert {part.position for part in parts} == {batch.position}


def test_captions_teach_a_tokenizer(world: Path) -> None:
    stage = stage_of(world, "text-to-image")
    assert set(texts_of(stage)) == {caption(n, code) for n in range(PICTURES) for code in LANGUAGES}


# The loss


@pytest.fixture(scope="module")
def model(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A model and its processor, trained for a step."""
    folder = tmp_path_factory.mktemp("model")
    quietly(plan(folder, stage_of(world, "pairs", steps=1), model=STILL))
    return load_dual_encoder(str(folder / "model"))


@pytest.fixture(autouse=True, scope="module")
def at_once() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", no_waiting)
        yield


def quietly(asked: Any) -> None:
    train(asked, lambda _: None)


def unit(features: Any) -> np.ndarray:
    rows = features.detach().double().numpy()
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True))


@pytest.mark.parametrize("kind", ["image-to-text", "text-to-image"])
def test_the_loss_is_the_one_written_out(world: Path, model: Any, kind: str) -> None:
    """Each picture against all captions and all hard ones, or each caption against all pictures."""
    dual, processor = model
    pairs = every(opened(world, kind))[:12:3]
    reader = PieceReader(processor.tokenizer, 16, FIT)
    piece = reader[PlannedPiece(pairs, [], "")]
    colours = processor.image_processor
    encoder = PieceEncoder(dual.eval(), colours.image_mean, colours.image_std)
    losses = make_losses(stage_of(world, kind, image_loss=LossPlan(temperature=0.2)))
    assert isinstance(losses["images"], InfoNCE)
    loss = Step(encoder, losses, None, 1).backward([piece])

    def pictures(of: list[Any]) -> np.ndarray:
        shown = [by_uid(world)[one.name] for one in of]
        pixels = reader[PlannedPiece(shown, [], "")].pixels.float() / 255
        mean, std = (torch.tensor(v).view(3, 1, 1) for v in (colours.image_mean, colours.image_std))
        return unit(dual.get_image_features((pixels - mean) / std).pooler_output)

    def texts(of: list[str]) -> np.ndarray:
        found = processor.tokenizer(of, padding=True, return_tensors="pt")
        ids, mask = found["input_ids"], found["attention_mask"]
        return unit(dual.get_text_features(ids, mask).pooler_output)

    own, said = pictures(pairs), texts([one.text for one in pairs])
    if kind == "image-to-text":
        hard = texts([text for one in pairs for text in one.hard_captions])
        wanted = (_surprise(own, said, hard) + _surprise(said, own, hard[:0])) / 2
    else:
        near = pictures([of for one in pairs for of in one.near_pictures])
        wanted = (_surprise(own, said, near[:0]) + _surprise(said, own, near)) / 2
    assert float(loss) == pytest.approx(wanted, rel=1e-4)


def _surprise(rows: np.ndarray, columns: np.ndarray, more: np.ndarray) -> float:
    """-log softmax of each row's own column, at a temperature of 0.2, averaged."""
    told = [
        -math.log(
            math.exp(row @ columns[n] / 0.2)
            / sum(math.exp(row @ column / 0.2) for column in [*columns, *more])
        )
        for n, row in enumerate(rows)
    ]
    return sum(told) / len(told)


KINDS = [("image-to-text",), ("text-to-image",), ("pairs", "image-to-text", "text-to-image")]


@pytest.mark.parametrize("kinds", KINDS, ids="+".join)
def test_a_batch_in_pieces_is_the_same_batch(
    world: Path, tmp_path: Path, kinds: tuple[str, ...]
) -> None:
    whole = plan(tmp_path / "whole", stage_of(world, *kinds), model=STILL)
    parts = plan(tmp_path / "parts", stage_of(world, *kinds, micro_batch=2), model=STILL)
    for asked in (whole, parts):
        quietly(asked)
    one, other = metrics(whole.output), metrics(parts.output)
    assert_near(other[0], one[0], 1e-4)
    assert other[-1]["loss"] == pytest.approx(one[-1]["loss"], rel=1e-3)


def test_negatives_are_heard(world: Path, tmp_path: Path) -> None:
    """The first loss is larger with them than without, on the same pairs."""
    for kind in ("image-to-text", "text-to-image"):
        losses = []
        for negatives in (0, 2):
            stage = stage_of(world, kind, steps=1)
            sets = tuple(replace(data, negatives=negatives) for data in stage.images)
            asked = plan(tmp_path / f"{kind}-{negatives}", replace(stage, images=sets), model=STILL)
            quietly(asked)
            losses.append(metrics(asked.output)[0]["loss"])
        assert losses[1] > losses[0] + 0.1


def test_a_killed_training_is_taken_up_bit_by_bit(world: Path, tmp_path: Path) -> None:
    stage = stage_of(world, "image-to-text", "text-to-image", steps=6)
    quietly(plan(tmp_path / "whole", stage))
    asked = plan(tmp_path / "killed", stage)
    end = ("model.steps.Step.backward", 4, KILL, True)
    assert in_processes(1, begin, asked, *end) == [-KILL]
    quietly(asked)
    assert_equal(weights(asked.output), weights(tmp_path / "whole"))
    assert metrics(asked.output) == metrics(tmp_path / "whole")


def test_two_processes_train_as_one_does(world: Path, tmp_path: Path) -> None:
    stage = stage_of(world, "image-to-text", "text-to-image")
    quietly(plan(tmp_path / "one", stage, model=STILL))
    assert in_processes(2, train, plan(tmp_path / "two", stage, model=STILL), print) == [0, 0]
    for one, two in zip(metrics(tmp_path / "one"), metrics(tmp_path / "two"), strict=True):
        assert_near(two, one, 1e-2)
