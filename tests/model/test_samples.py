import tarfile
from collections import Counter
from collections.abc import Iterator

import fsspec
import pyarrow.parquet as pq
import pytest

from model.evaluation_sets import DataError
from model.fitting import PictureFit
from model.loading import PieceReader, PlannedPiece
from model.samples import ImageSet, Pair, TextSet, TextTuple
from schemas.ids import Fold, Folds, digest
from tests.model.packed import Packed, encoded, write_pairs, write_table, write_texts
from tests.model.tiny import tiny_tokenizer

PICTURES = [
    Packed("a" * 32, [("en", "a kite"), ("de", "ein Drachen")], encoded(1)),
    Packed("b" * 32, [("en", "a lake")], encoded(2)),
    Packed("c" * 32, [("ja", "凧"), ("en", "The kite"), ("en", "It flies")], encoded(3)),
    Packed("d" * 32, [("ar", "طائرة ورقية")], encoded(4)),
    Packed("e" * 32, [("en", "a boat"), ("fi", "vene")], encoded(5)),
]
TEXTS = [{"anchor": f"question {n}", "positive": f"answer {n}"} for n in range(7)]
LANGUAGES = ["en", "en", "de", "en", "fi", "en", "en"]
TRIPLETS = [row | {f"negative_{k}": f"no {k}" for k in (1, 2, 3)} for row in TEXTS]


def every_pair(images: ImageSet, salt: str = "") -> list[Pair]:
    return [pair for block in range(len(images.blocks)) for pair in images.read(block, salt)]


def every_text(texts: TextSet, salt: str = "") -> list[TextTuple]:
    return [row for block in range(len(texts.blocks)) for row in texts.read(block, salt)]


@pytest.mark.parametrize("below", ["", "/train"])
def test_pictures_that_pack_wrote(curated, below):
    """A tar reader finds the same pictures, and the table of captions has the texts."""
    folder = curated.output / "shards" / "pairs"
    wanted, captions = {}, set()
    for tar in sorted((folder / "train").glob("*.tar")):
        with tarfile.open(tar) as members:
            for member in members:
                if member.name.endswith(".jpg"):
                    wanted[member.name.removesuffix(".jpg")] = members.extractfile(member).read()
        table = pq.read_table(tar.with_suffix(".captions.parquet"), columns=["uid", "text"])
        captions |= {tuple(row.values()) for row in table.to_pylist()}
    images = ImageSet(f"{folder}{below}", 1)
    pairs = every_pair(images)
    assert Counter(pair.name for pair in pairs) == Counter(wanted.keys())
    assert {(pair.name, pair.text) for pair in pairs} <= captions
    assert sum(images.blocks) == len(wanted) > 20
    for pair in pairs:
        with fsspec.open(pair.tar) as file:
            file.seek(pair.offset)
            assert file.read(pair.size) == wanted[pair.name]


def test_captions_of_a_picture_take_turns(tmp_path):
    images = ImageSet(write_pairs(f"{tmp_path}", PICTURES, 2), 1)
    texts = {pair.text for epoch in range(40) for pair in every_pair(images, f"{epoch}")}
    assert texts == {text for picture in PICTURES for _, text in picture.captions}
    assert every_pair(images, "5") == every_pair(images, "5")
    assert images.blocks == [2, 2, 1]


def test_shares_of_languages(tmp_path):
    """A picture's captions together count as one."""
    images = ImageSet(write_pairs(f"{tmp_path}/pairs", PICTURES, 2), 1)
    counts = {"ar": 1, "de": 1 / 2, "en": 1 / 2 + 1 + 2 / 3 + 1 / 2, "fi": 1 / 2, "ja": 1 / 3}
    assert images.languages == pytest.approx({code: n / 5 for code, n in counts.items()})
    texts = TextSet(write_texts(f"{tmp_path}/texts", TEXTS, 3, LANGUAGES), 1)
    assert texts.languages == pytest.approx({"de": 1 / 7, "en": 5 / 7, "fi": 1 / 7})


@pytest.mark.parametrize("temperature", [1, 3])
def test_languages_come_as_the_temperature_says(tmp_path, temperature):
    captions = [[("en", "x")]] * 1500 + [[("fi", "x"), ("en", "x")]] * 200 + [[("ka", "x")]] * 100
    pictures = [Packed(f"{n:032x}", of) for n, of in enumerate(captions)]
    images = ImageSet(write_pairs(f"{tmp_path}/pairs", pictures, 900), temperature)
    rows = [{"anchor": of[0][0], "positive": "x"} for of in captions]
    codes = [row["anchor"] for row in rows]
    texts = TextSet(write_texts(f"{tmp_path}/texts", rows, 900, codes), temperature)
    visits = Counter[str]()
    for epoch in range(25):
        visits.update(pair.name for pair in every_pair(images, f"{epoch}"))
    wanted = {code: share ** (1 / temperature) for code, share in images.languages.items()}
    ka = sum(visits[f"{n:032x}"] for n in range(1700, 1800)) / visits.total()
    assert ka == pytest.approx(wanted["ka"] / sum(wanted.values()), rel=0.03)
    wanted = {code: share ** (1 / temperature) for code, share in texts.languages.items()}
    drawn = Counter(row.anchor for n in range(25) for row in every_text(texts, f"{n}"))
    for code, weight in wanted.items():
        share = weight / sum(wanted.values())
        assert drawn[code] / drawn.total() == pytest.approx(share, rel=0.03)


def test_a_fold_is_left_out_with_all_its_captions(tmp_path):
    pictures = [Packed(f"{n:032x}", [("en", f"en {n}"), ("de", f"de {n}")]) for n in range(60)]
    pictures[0] = Packed(pictures[0].uid, [("ka", "ka 0")])
    folder = write_pairs(f"{tmp_path}", pictures, 7)
    seen = Counter[str]()
    for number in range(3):
        fold = Fold(number, Folds(3))
        images = ImageSet(folder, 1, fold)
        pairs = every_pair(images)
        left = [picture for picture in pictures if not fold.has(picture.uid, "")]
        assert [pair.name for pair in pairs] == [picture.uid for picture in left]
        assert [int(pair.text.split()[1]) for pair in pairs] == [int(p.uid, 16) for p in left]
        assert images.blocks == [len(images.read(block, "")) for block in range(9)]
        ka = not fold.has(pictures[0].uid, "")
        assert ("ka" in images.languages, sum(images.languages.values())) == (ka, pytest.approx(1))
        seen.update(pair.name for pair in pairs)
    assert seen == dict.fromkeys([picture.uid for picture in pictures], 2)


def test_captions_of_a_fold_are_left_out_with_their_translations(tmp_path):
    """A picture stays where a caption stays."""
    pictures = [
        Packed(f"{n:032x}", [("en", f"{n} a"), ("de", f"{n} a de", f"{n} a"), ("en", f"{n} b")])
        for n in range(40)
    ]
    folder, folds = write_pairs(f"{tmp_path}", pictures, 7), Folds(3, "captions")
    seen, whole = Counter[str](), 0
    for number in range(3):
        images, fold = ImageSet(folder, 1, Fold(number, folds)), Fold(number, folds)
        left = {
            picture.uid: [
                text
                for _, text, *source in picture.captions
                if not fold.has(picture.uid, digest(picture.uid, *(source or (text,))))
            ]
            for picture in pictures
        }
        drawn = [every_pair(images, f"{epoch}") for epoch in range(40)]
        kept = [uid for uid, texts in left.items() if texts]
        assert all([pair.name for pair in pairs] == kept for pairs in drawn)
        assert images.blocks == [len(images.read(block, "")) for block in range(6)]
        texts = {pair.text for pairs in drawn for pair in pairs}
        assert texts == {text for uid in kept for text in left[uid]}
        seen.update(texts)
        whole += len(kept)
    assert seen == dict.fromkeys([text for of in pictures for _, text, *_ in of.captions], 2)
    assert 2 * len(pictures) < whole < 3 * len(pictures)


def test_a_shard_of_which_nothing_is_left(tmp_path):
    own = Folds(3).fold_of(PICTURES[4].uid, "")
    images = ImageSet(write_pairs(f"{tmp_path}", PICTURES, 2), 2, Fold(own, Folds(3)))
    assert images.blocks[2] == 0
    assert images.read(2, "") == []


def test_a_picture_in_several_samples(tmp_path):
    """As `pack` writes with `sample = "caption"`."""
    uid = "a" * 32
    pictures = [Packed(uid, [("en", f"{n}")], encoded(1), f"{uid}-{n}") for n in range(3)]
    pairs = every_pair(ImageSet(write_pairs(f"{tmp_path}", pictures, 9), 1))
    assert [(pair.name, pair.text) for pair in pairs] == [(uid, "0"), (uid, "1"), (uid, "2")]
    assert len({pair.offset for pair in pairs}) == 3


def test_texts_and_negatives(tmp_path):
    folder = write_texts(f"{tmp_path}", TRIPLETS, 3, LANGUAGES)
    rows = every_text(TextSet(folder, 1, negatives=2))
    assert [row.negatives for row in rows] == [("no 1", "no 2")] * 7
    assert [row.anchor for row in rows] == [f"question {n}" for n in range(7)]
    assert rows[4].name == "part-00001.parquet:1"
    assert {row.negatives for row in every_text(TextSet(folder, 1))} == {()}


def test_texts_from_elsewhere(tmp_path):
    """No folder `train`, no languages, another column beside."""
    write_table(f"{tmp_path}/x.parquet", [row | {"negative": "no", "n": 1} for row in TEXTS])
    texts = TextSet(f"{tmp_path}", 4, negatives=1)
    assert texts.languages == {"und": 1.0}
    assert [(row.anchor, row.negatives) for row in every_text(texts)] == [
        (row["anchor"], ("no",)) for row in TEXTS
    ]


def test_a_part_without_rows(tmp_path):
    pq.write_table(pq.read_table(_one_row(tmp_path)).slice(0, 0), tmp_path / "b.parquet")
    texts = TextSet(f"{tmp_path}", 2)
    assert list(texts.blocks) == [1, 0]
    assert texts.read(1, "") == []


def _one_row(folder):
    write_table(f"{folder}/a.parquet", TEXTS[:1])
    return folder / "a.parquet"


def _without_sizes(folder):
    fsspec.filesystem("file").rm(f"{folder}/pairs/train/sizes.json")


def _another_shards_captions(folder):
    shard = f"{folder}/pairs/train/00000"
    write_table(f"{shard}.captions.parquet", [{"key": "x", "language": "en", "text": "x"}])


def _no_offsets(folder):
    shard = f"{folder}/pairs/train/00000.parquet"
    pq.write_table(pq.read_table(shard).drop_columns(["image_offset"]), shard)


def _no_captions(folder):
    fsspec.filesystem("file").rm(f"{folder}/pairs/train/00000.captions.parquet")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_without_sizes, "pairs must hold shards that pack wrote: it has no sizes.json"),
        (_another_shards_captions, "captions beside .*00000.tar must be of its samples"),
        (_no_offsets, "00000.parquet must be a table with .*image_offset"),
        (_no_captions, "00000.captions.parquet must be a table with key, language"),
    ],
)
def test_what_is_no_pairs(tmp_path, spoil, message):
    write_pairs(f"{tmp_path}/pairs", PICTURES, 2)
    spoil(tmp_path)
    with pytest.raises(DataError, match=message):
        every_pair(ImageSet(f"{tmp_path}/pairs", 1))


@pytest.mark.parametrize(
    ("rows", "negatives", "message"),
    [
        ([{"question": "a", "answer": "b"}], 0, "must have columns anchor, positive, got question"),
        ([*TEXTS, {"anchor": "a", "positive": None}], 0, "a text in every row of anchor, positive"),
        (TEXTS, 1, "must have 1 negatives a row, got 0"),
        (TRIPLETS, 4, "must have 4 negatives a row, got 3"),
        ([row | {"negative_id": "x"} for row in TEXTS], 1, "must have 1 negatives a row, got 0"),
        ([TRIPLETS[0], TRIPLETS[1] | {"negative_2": None}], 2, "a text in every row of .*tive_2"),
    ],
)
def test_what_is_no_texts(tmp_path, rows, negatives, message):
    with pytest.raises(DataError, match=message):
        every_text(TextSet(write_texts(f"{tmp_path}", rows, 99), 1, negatives))


def test_parts_that_differ(tmp_path):
    write_table(f"{tmp_path}/a.parquet", TRIPLETS)
    write_table(f"{tmp_path}/b.parquet", TEXTS)
    with pytest.raises(DataError, match=r"b.parquet must have columns .*negative_1, got anchor"):
        TextSet(f"{tmp_path}", 1, negatives=1)


def test_rows_that_do_not_fit(tmp_path):
    folder = write_texts(f"{tmp_path}", TEXTS, 99, LANGUAGES[:6])
    with pytest.raises(DataError, match=r"rows/part-00000.parquet must have 7 rows, got 6"):
        TextSet(folder, 1)


def test_nothing_there(tmp_path):
    with pytest.raises(DataError, match="must hold Parquet with columns anchor and positive"):
        TextSet(f"{tmp_path}/lost", 1)
    (tmp_path / "a.parquet").write_text("no table")
    with pytest.raises(DataError, match=r"a.parquet must be Parquet"):
        TextSet(f"{tmp_path}", 1)


@pytest.fixture
def memory() -> Iterator[str]:
    yield "memory://mill"
    fsspec.filesystem("memory").rm("/mill", recursive=True)


@pytest.mark.filterwarnings("ignore")  # of botocore and moto
@pytest.mark.parametrize("store", ["bucket", "memory"])
def test_sets_in_a_store(store, tmp_path, request):
    far = request.getfixturevalue(store)
    reader = PieceReader(tiny_tokenizer(), 16, PictureFit(8, crops=False))
    pieces = []
    for folder in (f"{tmp_path}", far):
        pairs = every_pair(ImageSet(write_pairs(f"{folder}/pairs", PICTURES, 2), 1))
        texts = every_text(TextSet(write_texts(f"{folder}/texts", TRIPLETS, 3, LANGUAGES), 1, 1))
        pieces.append(reader[PlannedPiece(pairs, texts, "")])
    near, distant = pieces
    assert (distant.pixels == near.pixels).all()
    assert (distant.input_ids == near.input_ids).all()
    assert distant.names == near.names
