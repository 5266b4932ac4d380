"""`screen`, end to end on small folders: what is kept, why the rest is not, and that it adds up."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image, ImageFilter

from pipelines import popular
from pipelines.recount import recount
from pipelines.stats import show_stats
from pipelines.storage import Folder
from pipelines.why import show_way
from tests.conftest import curate, digests

CLI = [sys.executable, "-m", "pipelines.cli"]
STAGES = ("gather", "screen", "pack")
RECIPE = """\
output = "out"
seed = 3

[[sources]]
name = "set"
format = "table"
path = "pairs.parquet"
url_column = "image"
caption_column = "text"
language_column = "language"
licence = "CC0-1.0"

[gather]
image_size = 96
allow_local_files = true

[screen]
{screen}

[pack]
samples_per_shard = 4
"""


def photograph(seed: int, size: tuple[int, int] = (160, 120)) -> Image.Image:
    """Smooth noise with edges: like no other of another seed, for PDQ too."""
    noise = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC).filter(ImageFilter.SHARPEN)


class Set:
    """A folder with pictures and a table that names them.

    Attributes:
      folder: where it lies.
      rows: of the table, `image, language, text`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: list[dict[str, str]] = []
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, image: Image.Image | str, *captions: tuple[str, str]) -> str:
        """Adds a picture, or one that is there, with captions as (language, text)."""
        name = image if isinstance(image, str) else f"{len(list(self.folder.iterdir()))}.png"
        if not isinstance(image, str):
            image.save(self.folder / name)
        self.rows += [{"image": name, "language": code, "text": text} for code, text in captions]
        return name

    def write_table(self, name: str) -> Path:
        """Writes the table, once: a file that is written again is another to a run."""
        table = self.folder / name
        if not table.exists():
            pq.write_table(pa.Table.from_pylist(self.rows), table)
        return table

    def write(self, screen: str = "", recipe: str = RECIPE) -> Path:
        self.write_table("pairs.parquet")
        path = self.folder / "recipe.toml"
        path.write_text(recipe.format(screen=screen))
        return path


ENGLISH = (
    "A brown dog runs along the beach after a yellow ball",
    "Two children are playing chess under an old tree",
    "An empty road leads through the desert towards the mountains",
    "The fishermen pull their nets into a small wooden boat",
    "A woman in a red coat is waiting for the night train",
    "Fresh bread and cheese lie on the kitchen table",
)
GERMAN = "Ein brauner Hund läuft am Strand einem gelben Ball hinterher"
CZECH = "Malá holčička v červeném kabátě krmí kachny u rybníka v městském parku"


@pytest.fixture
def set_(tmp_path: Path) -> Set:
    return small_set(tmp_path)


def small_set(folder: Path) -> Set:
    """Six pictures with an English caption each."""
    made = Set(folder / "set")
    for number, text in enumerate(ENGLISH):
        made.add(photograph(number), ("en", text))
    return made


def screened(recipe: Path, *flags: str) -> "Ends":
    curate(recipe, *flags, stages=STAGES)
    return Ends(recipe.parent / "out")


class Ends:
    """What came of a run; everything must add up."""

    def __init__(self, output: Path) -> None:
        account = recount(Folder(str(output)))
        assert not account.differences, [str(difference) for difference in account.differences]
        assert not account.unfinished
        self.output = output
        self.pictures = self._rows("screened/pictures")
        self.captions = self._rows("screened/captions")
        self.ledger = self._rows("ledger/screen")
        self.counts: dict[str, int] = account.records["screen"].counts

    def _rows(self, folder: str) -> list[dict[str, Any]]:
        files = sorted((self.output / folder).glob("*.parquet"))
        return [row for file in files for row in pq.read_table(file).to_pylist()]

    @property
    def texts(self) -> list[str]:
        return sorted(caption["text"] for caption in self.captions)

    @property
    def reasons(self) -> Counter[tuple[str, str]]:
        return Counter((row["unit"], row["reason"]) for row in self.ledger)


PAIRS = """\
[[sources]]
name = "questions"
task = "text-pair"
format = "table"
path = "texts.parquet"
query_column = "question"
positive_column = "answer"
language_column = "language"
licence = "CC0-1.0"
keep_columns = ["topic"]

"""


LAKE = "Ein See zwischen zwei verschneiten Bergen"
EVERYWHERE = "A view from the window of our house"
SCREEN = """\
[screen.caption]
max_pictures_per_text = 4

[screen.duplicates]
inherit_captions = true

[[screen.decontaminate.sets]]
name = "held-out"
path = "evaluation/known.parquet"
image_column = "image"
text_columns = ["text"]
"""
TEXT_PAIRS = [
    ("Where do storks spend the winter?", "Most of them fly to Africa, south of the Sahara."),
    ("Where do storks spend the winter?", "Most of them fly to Africa, south of the Sahara."),
    ("the long road to the sea", "On the long road to the sea there was nobody."),
    ("What is a fjord?", "https://example.org/fjord"),
    ("What is a fjord?", None),
    ("Where does the neighbours' pet rest?", "A cat sleeps on the warm roof of a car."),
    ("Wie hoch ist die Zugspitze?", "Sie ist fast dreitausend Meter hoch und liegt in Bayern."),
]


@pytest.fixture(scope="session")
def varied(tmp_path_factory: pytest.TempPathFactory) -> "Ends":
    """A run over one of everything that screen decides on."""
    made = small_set(tmp_path_factory.mktemp("varied"))
    made.add(photograph(50), ("en", "IMG_2041.JPG"), ("de", GERMAN))
    made.add(photograph(51), ("en", "DSC00012.jpg"))
    made.add(photograph(60), ("", GERMAN), ("de", GERMAN), ("en", CZECH))
    made.add(photograph(61), ("fr", "The old lighthouse stands on a rock in the sea"))
    for number in range(5):
        made.add(photograph(70 + number), ("en", EVERYWHERE))
    made.add(Image.new("RGB", (160, 120), (90, 90, 90)), ("en", "The sky on a foggy morning"))
    made.add(photograph(80, (20, 20)), ("en", "A stamp from an old collection"))
    made.add(photograph(81, (900, 90)), ("en", "A long wall with graffiti on it"))
    small = photograph(90)
    large = small.resize((480, 360), Image.Resampling.BICUBIC)
    made.add(large, ("en", "A lake between two snowy mountains"))
    made.add(small, ("de", LAKE), ("en", "A mountain lake"))
    made.add(photograph(0), ("fr", "Un chien brun court sur la plage après une balle jaune"))
    made.add(photograph(300), ("en", "Somebody has drawn a house with chalk"))
    made.add(photograph(301), ("en", "A cat sleeps on the warm roof of a car"))
    known = Set(made.folder / "evaluation")
    known.add(photograph(300).resize((200, 150)), ("en", "House, chalk on asphalt"))
    known.add(photograph(99), ("en", "A CAT SLEEPS on the warm roof of a car!"))
    known.write_table("known.parquet")
    columns = {"question": 0, "answer": 1}
    rows = [
        {name: pair[at] for name, at in columns.items()}
        | {"language": "de" if "Wie" in pair[0] else "en", "topic": "nature"}
        for pair in TEXT_PAIRS
    ]
    pq.write_table(pa.Table.from_pylist(rows), made.folder / "texts.parquet")
    return screened(made.write(SCREEN, RECIPE.replace("[gather]", f"{PAIRS}[gather]")))


def test_what_is_good_passes_and_reaches_the_shards(varied: "Ends") -> None:
    assert set(ENGLISH) <= set(varied.texts)
    packed = [
        pq.read_table(file) for file in (varied.output / "shards").rglob("*.captions.parquet")
    ]
    assert sorted(pa.concat_tables(packed)["text"].to_pylist()) == varied.texts


def test_captions_are_turned_away_one_by_one_and_a_picture_with_its_last(varied: "Ends") -> None:
    assert varied.reasons["caption", "file-name"] == 2
    assert GERMAN in varied.texts
    lost = [row for row in varied.ledger if row["reason"] == "no-caption"]
    named = {caption["uid"] for caption in varied.captions}
    assert named == {picture["uid"] for picture in varied.pictures}
    assert len(lost) == 8  # by file name, language, evaluation set; five by a popular text
    assert not named & {row["id"] for row in lost}


def test_languages_are_told_from_texts(varied: "Ends") -> None:
    by_text = {caption["text"]: caption["language"] for caption in varied.captions}
    assert by_text[GERMAN] == "de"
    assert CZECH not in by_text
    assert varied.reasons["caption", "language-disagrees"] == 2


def test_a_relabelled_caption_is_kept_once(varied: "Ends") -> None:
    assert varied.texts.count(GERMAN) == 2  # on two pictures
    assert varied.reasons["caption", "duplicate-caption"] == 1


def test_a_caption_on_too_many_pictures(varied: "Ends") -> None:
    assert EVERYWHERE not in varied.texts
    assert varied.reasons["caption", "popular-caption"] == 5


@pytest.mark.parametrize(("most", "expected"), [(2, [2, 3]), (3, [3]), (4, [])])
def test_pictures_of_a_text_are_counted_over_all_parts(
    most: int, expected: list[int], tmp_path: Path
) -> None:
    pictures = [ord(letter) for letter in "ababcaabcd"]
    keys = [1, 1, 2, 2, 2, 2, 3, 3, 3, 3]
    texts = pa.table({"text_key": keys, "picture_key": pictures})
    found = popular.write_popular((0, {"texts": texts}), Folder(str(tmp_path)), most)
    assert found["text_key"].to_pylist() == expected


def test_texts_are_not_counted_where_no_rule_asks_for_it(
    set_: Set, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(popular, "ListTexts", None)
    ends = screened(set_.write("[screen.caption]\nmax_pictures_per_text = 0"))
    assert ends.texts == sorted(ENGLISH)


def test_pictures_by_what_was_measured(varied: "Ends") -> None:
    for reason in ("blank", "too-small", "extreme-aspect"):
        assert varied.reasons["picture", reason] == varied.reasons["caption", reason] == 1


def test_duplicates_leave_the_best_copy_and_hand_their_captions_down(varied: "Ends") -> None:
    assert varied.reasons["picture", "near-duplicate"] == 1
    assert varied.reasons["picture", "duplicate-bytes"] == 1
    inherited = {c["text"]: c for c in varied.captions if c["origin"] == "inherited"}
    assert LAKE in inherited
    assert len(inherited) == 2
    assert varied.counts["caption created"] == 2
    assert "A mountain lake" not in varied.texts  # the kept picture has an English caption
    beside = [c["text"] for c in varied.captions if c["uid"] == inherited[LAKE]["uid"]]
    assert sorted(beside) == ["A lake between two snowy mountains", LAKE]


def test_what_stands_in_an_evaluation_set_is_turned_away(varied: "Ends") -> None:
    assert varied.reasons["picture", "contaminated-picture"] == 1
    assert varied.reasons["caption", "contaminated-caption"] == 1
    assert varied.reasons["text", "contaminated-caption"] == 1
    assert varied.reasons["caption", "contaminated-picture"] == 1
    rows = [row for row in varied.ledger if row["reason"].startswith("contaminated-")]
    assert [row["detail"] for row in rows if row["detail"]] == ["held-out"] * 3


def test_why_tells_what_became_of_a_caption(
    varied: "Ends", capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row for row in varied.ledger if row["reason"] == "file-name"]
    for row in rows:
        assert show_way(str(varied.output), row["id"])
    shown = capsys.readouterr().out
    assert shown.count("screen rejected: file-name") == 2
    assert shown.count("screen: rejected: no-caption") == 1
    assert shown.count("pack: kept") == 1
    (inherited,) = (c for c in varied.captions if c["text"] == LAKE)
    assert show_way(str(varied.output), inherited["caption_id"])
    shown = capsys.readouterr().out
    assert "kept, inherited" in shown
    assert LAKE in shown


def test_why_tells_what_became_of_a_text_pair(
    varied: "Ends", capsys: pytest.CaptureFixture[str]
) -> None:
    assert show_way(str(varied.output), "questions:texts.parquet:2")
    assert "screen: rejected: text-overlap" in capsys.readouterr().out
    assert show_way(str(varied.output), "questions:texts.parquet:6")
    assert "kept: de Wie hoch ist die Zugspitze?" in capsys.readouterr().out


def test_stats_tell_what_each_evaluation_set_cost(
    varied: "Ends", capsys: pytest.CaptureFixture[str]
) -> None:
    assert show_stats(str(varied.output))
    assert "that stand in evaluation set held-out" in capsys.readouterr().out
    report = json.loads((varied.output / "report/stats.json").read_text())
    found = {"picture": 1, "caption": 1, "text": 1}
    assert report["evaluation_sets"] == {"held-out": found}


def test_text_pairs(varied: "Ends") -> None:
    assert varied.counts["row in"] == varied.counts["row kept"] == 7
    assert varied.counts["text kept"] == 2
    reasons = {reason: n for (unit, reason), n in varied.reasons.items() if unit == "text"}
    ones = ("duplicate-pair", "text-overlap", "url", "too-short", "contaminated-caption")
    assert reasons == dict.fromkeys(ones, 1)
    packed = pq.read_table(varied.output / "shards/texts/train/part-00000.parquet")
    assert packed.column_names == ["anchor", "positive"]
    known = pq.read_table(varied.output / "shards/texts/rows/part-00000.parquet").to_pylist()
    assert [row["query"] for row in known] == packed["anchor"].to_pylist()
    assert {row["query_language"] for row in known} == {"en", "de"}
    assert json.loads(known[0]["extras"]) == {"topic": "nature"}


def test_a_changed_rule_screens_and_packs_again_and_gathers_nothing(set_: Set) -> None:
    recipe = set_.write()
    assert not screened(recipe).ledger
    set_.write("[screen.caption]\nmin_letters = 44")
    events = curate(recipe, stages=STAGES)
    assert [e["stage"] for e in events if e["event"] == "skipped"] == ["gather"]
    assert [e["stage"] for e in events if e["event"] == "done"] == ["screen", "pack"]
    assert Ends(set_.folder / "out").reasons["caption", "too-short"] > 0


def test_without_the_stage_pack_reads_what_gather_kept(set_: Set) -> None:
    set_.add(photograph(50), ("en", "IMG_2041.JPG"))
    recipe = set_.write(recipe=RECIPE.replace("[screen]\n{screen}\n", ""))
    curate(recipe, stages=("gather", "pack"))
    account = recount(Folder(str(set_.folder / "out")))
    assert not account.differences
    assert account.records["pack"].counts["caption kept"] == 7


def test_the_same_bytes_from_other_workers_and_from_a_run_that_was_killed(set_: Set) -> None:
    set_.add(photograph(4).resize((300, 225)), ("de", "Noch einmal dasselbe, etwas größer"))
    set_.add(photograph(7), ("en", "A garden after the rain"))
    inherit = "[screen.duplicates]\ninherit_captions = true"
    recipe = set_.write(inherit)
    expected = digests(screened(recipe).output / "shards")
    again = Set(set_.folder.parent / "again")
    for path in recipe.parent.glob("*.png"):
        (again.folder / path.name).write_bytes(path.read_bytes())
    again.rows = set_.rows[::-1]
    recipe = again.write(inherit)
    _kill_while_screening(recipe)
    done = subprocess.run([*CLI, "curate", recipe, "--", "--direct_num_workers=2"])
    assert done.returncode == 0
    assert digests(Ends(recipe.parent / "out").output / "shards") == expected


def _kill_while_screening(recipe: Path) -> None:
    process = subprocess.Popen([*CLI, "curate", recipe], start_new_session=True)
    judged = recipe.parent / "out/_work/screen"
    end = time.monotonic() + 60
    while not list(judged.rglob("part-*.parquet")) and time.monotonic() < end:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (recipe.parent / "out/ledger/screen").exists()


def test_text_pairs_alone(tmp_path: Path) -> None:
    alone = Set(tmp_path / "set")
    rows = [{"question": "What is moss?", "answer": "A small plant that grows in damp places.",
             "language": "en", "topic": ""}]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows), alone.folder / "texts.parquet")
    head, rest = RECIPE.split("[[sources]]")
    path = alone.folder / "recipe.toml"
    path.write_text(head + PAIRS + "[screen]\n" + rest[rest.index("[pack]") :])
    curate(path, stages=("screen", "pack"))
    assert Ends(alone.folder / "out").counts["text kept"] == 1


def test_a_wrong_rule_is_named_with_its_key(set_: Set) -> None:
    recipe = set_.write("[screen.caption]\nmax_pictures_per_text = -1")
    done = subprocess.run([*CLI, "screen", recipe], capture_output=True, text=True)
    assert done.returncode == 2
    assert "screen.caption.max_pictures_per_text" in done.stderr
    recipe = set_.write("[screen.captoin]\nmax_pictures_per_text = 1")
    done = subprocess.run([*CLI, "screen", recipe], capture_output=True, text=True)
    assert "did you mean caption?" in done.stderr


def test_copies_of_a_picture_count_once_among_those_of_a_text(set_: Set) -> None:
    copy = set_.folder / "0.png"
    for number in range(3):
        (set_.folder / f"copy-{number}.png").write_bytes(copy.read_bytes())
        set_.add(f"copy-{number}.png", ("en", ENGLISH[0]))
    ends = screened(set_.write("[screen.caption]\nmax_pictures_per_text = 2"))
    assert ENGLISH[0] in ends.texts
    assert ends.reasons["picture", "duplicate-bytes"] == 3


def test_nothing_is_left(set_: Set) -> None:
    set_.rows = [row | {"text": "IMG_0001.jpg"} for row in set_.rows]
    curate(set_.write(), stages=("gather", "screen"))
    counts = recount(Folder(str(set_.folder / "out"))).records["screen"].counts
    assert counts["caption rejected file-name"] == 6
    assert counts["picture rejected no-caption"] == 6


def test_no_picture_at_all(set_: Set) -> None:
    set_.rows = [row | {"text": " "} for row in set_.rows]
    curate(set_.write(), stages=("gather", "screen"))
    account = recount(Folder(str(set_.folder / "out")))
    assert not account.differences
    assert account.records["screen"].counts["picture in"] == 0


def test_a_stage_that_the_recipe_has_no_more_does_not_count(
    set_: Set, capsys: pytest.CaptureFixture[str]
) -> None:
    set_.add(photograph(50), ("en", "IMG_2041.JPG"))
    recipe = set_.write()
    screened(recipe)
    set_.write(recipe=RECIPE.replace("[screen]\n{screen}\n", ""))
    curate(recipe, stages=("gather", "pack"))
    output = set_.folder / "out"
    account = recount(Folder(str(output)))
    assert not account.differences
    assert list(account.records) == ["gather", "pack"]
    assert show_way(str(output), "50.png") or show_way(str(output), "6.png")
    assert "rejected" not in capsys.readouterr().out


def test_text_pairs_need_the_stage(set_: Set) -> None:
    text = RECIPE.replace("[screen]\n{screen}\n", "").replace("[gather]", f"{PAIRS}[gather]")
    done = subprocess.run([*CLI, "curate", set_.write(recipe=text)], capture_output=True, text=True)
    assert done.returncode == 2
    assert "sources.questions.task: text pairs need a [screen]" in done.stderr
