"""What teachers say, against a plain loop over the same pictures and captions."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pyarrow.parquet as pq
import pytest

from model.pictures import decode_picture
from model.teacher import TeacherSpec, folder_digest, load_teacher
from pipelines.embedding import KeepEmbeddings
from pipelines.errors import RunError
from pipelines.recount import recount
from pipelines.score_plan import pieces_of
from pipelines.storage import Folder
from schemas.ids import digest
from tests.conftest import Curated, counts, curate, digests, table
from tests.model.checkpoints import ours, state

SCORE = """
[score]
picture_batch = {picture_batch}
text_batch = {text_batch}
{settings}

[[score.teachers]]
model = "{model}"
{teacher}
"""
HERE = "--direct_num_workers=1"  # in this process


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ours(tmp_path_factory.mktemp("checkpoint") / "clip")


@pytest.fixture
def write_scoring(
    write_recipe: Callable[..., Path], curated: Curated, checkpoint: Path
) -> Callable[..., Path]:
    """Writes a recipe beside a copy of a finished output, so that only scoring is left to do."""

    def write(folder: Path, **changes: Any) -> Path:
        recipe = write_recipe(folder)
        shutil.copytree(curated.output, folder / "out")
        return with_score(recipe, checkpoint, **changes)

    return write


def with_score(recipe: Path, checkpoint: Path, **changes: Any) -> Path:
    values = {"picture_batch": 4, "text_batch": 8, "settings": "", "teacher": ""}
    text = SCORE.format(**(values | {"model": checkpoint} | changes))
    recipe.write_text(recipe.read_text("utf-8").partition("\n[score]")[0] + text, "utf-8")
    return recipe


@pytest.fixture(scope="module")
def scored(curated: Curated, checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished output to look at and not to change: scored in batches, then packed."""
    folder = tmp_path_factory.mktemp("scored")
    shutil.copytree(curated.output, folder / "out")
    text = (curated.output.parent / "recipe.toml").read_text("utf-8")
    recipe = folder / "recipe.toml"
    recipe.write_text(text, "utf-8")
    curate(with_score(recipe, checkpoint), stages=("score", "pack"))
    return folder / "out"


def stored_pictures(output: Path) -> dict[str, Any]:
    """The pictures by uid, read one by one."""
    found = {}
    for row in table(output / "pictures"):
        tar = (output / "gathered" / f"{row['image_shard']:05d}.tar").read_bytes()
        found[row["uid"]] = decode_picture(tar[row["image_offset"] :][: row["image_size"]])
    return found


def plain_embeddings(output: Path, checkpoint: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Pictures by uid and captions by id, each embedded alone."""
    teacher = load_teacher(TeacherSpec(model=str(checkpoint)))
    pictures = {
        uid: teacher.embed_images([image])[0] for uid, image in stored_pictures(output).items()
    }
    captions = {
        row["caption_id"]: teacher.embed_texts([row["text"]], [row["language"]])[0]
        for row in table(output / "captions/source")
    }
    return pictures, captions


def test_scores_are_those_of_a_plain_loop(scored: Path, checkpoint: Path) -> None:
    pictures, captions = plain_embeddings(scored, checkpoint)
    kept = table(scored / "captions/source")
    rows = table(scored / "scores")
    for name in ("caption_id", "uid", "language", "source"):
        assert [row[name] for row in rows] == [row[name] for row in kept]
    pool = sorted(pictures, key=lambda uid: digest("stranger", uid))
    for row in rows:
        caption = captions[row["caption_id"]]
        assert row["cosine"] == pytest.approx(pictures[row["uid"]] @ caption, abs=1e-3)
        at = int(row["caption_id"], 16) * len(pool) >> 128
        other = pool[at] if pool[at] != row["uid"] else pool[(at + 1) % len(pool)]
        assert row["shuffled_cosine"] == pytest.approx(pictures[other] @ caption, abs=1e-3)
    assert {row["teacher"] for row in rows} == {f"clip@{folder_digest(checkpoint)[:12]}"}
    assert {row["status"] for row in rows} == {"scored"}
    kinds = pq.read_schema(scored / "scores/part-00000.parquet")
    assert str(kinds.field("cosine").type) == "float"
    parts = sorted(path.name for path in (scored / "captions/source").iterdir())
    assert sorted(path.name for path in (scored / "scores").iterdir()) == parts


def test_embeddings_lie_beside_their_ids_and_give_the_cosines_again(
    scored: Path, checkpoint: Path
) -> None:
    plain = plain_embeddings(scored, checkpoint)
    folder, found = scored / "embeddings/0", []
    for what, column, of in (("pictures", "uid", plain[0]), ("captions", "caption_id", plain[1])):
        found.append({})
        for array in sorted((folder / what).glob("*.npy")):
            ids = pq.read_table(array.with_suffix(".parquet")).to_pylist()
            embeddings = np.load(array)
            assert embeddings.dtype == np.float16
            assert ids == sorted(ids, key=lambda row: (row["uid"], row.get("caption_id", "")))
            found[-1] |= dict(zip((row[column] for row in ids), embeddings, strict=True))
        assert found[-1].keys() == of.keys()
        for id_, embedding in found[-1].items():
            np.testing.assert_allclose(embedding, of[id_], atol=1e-3)
    pictures, captions = found
    for row in table(scored / "scores"):
        one, other = (
            each.astype(np.float64) / np.linalg.norm(each.astype(np.float64))
            for each in (pictures[row["uid"]], captions[row["caption_id"]])
        )
        assert row["cosine"] == pytest.approx(one @ other, abs=1e-6)


def test_everything_that_enters_is_kept(scored: Path) -> None:
    captions, pictures = table(scored / "captions/source"), table(scored / "pictures")
    assert counts(scored, "score") == {
        "picture in": len(pictures),
        "picture kept": len(pictures),
        "caption in": len(captions),
        "caption kept": len(captions),
    }
    assert not (scored / "_work/score").exists()


def test_two_workers_and_bundles_done_twice_give_the_same_bytes(
    write_scoring: Callable[..., Path], scored: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "pipelines.cli", "score"]
    two = write_scoring(tmp_path / "two")
    done = subprocess.run(
        [*command, two, "--", "--direct_num_workers=2"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    twice = write_scoring(tmp_path / "twice")
    curate(twice, HERE, "--direct_runner_bundle_repeat=1", stages=("score",))
    for name in ("scores", "embeddings"):
        expected = digests(scored / name)
        assert digests(tmp_path / "two/out" / name) == expected
        assert digests(tmp_path / "twice/out" / name) == expected


KILLED_AT_THE_FOURTH_PIECE = """
import os, signal, sys
from pipelines.driver import Job, run_job
from pipelines.embedding import KeepEmbeddings

write, pieces = KeepEmbeddings._write, []

def dying(self, piece, embedded):
    pieces.append(piece)
    if len(pieces) == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    write(self, piece, embedded)

KeepEmbeddings._write = dying
run_job(Job(sys.argv[1], ("score",), None, tuple(sys.argv[2:])), print)
"""


def test_killed_and_run_again_it_embeds_only_what_is_left(
    write_scoring: Callable[..., Path],
    scored: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recipe, output = write_scoring(tmp_path), tmp_path / "out"
    program = [sys.executable, "-c", KILLED_AT_THE_FOURTH_PIECE, str(recipe), HERE]
    assert subprocess.run(program, capture_output=True).returncode == -signal.SIGKILL
    (work,) = (output / "_work/score").glob("run-*")
    pieces = [
        piece.name
        for what, batch in (("pictures", 4), ("captions", 8))
        for piece in pieces_of(Folder(str(work)), what, batch)
    ]
    done = [path.stem for path in (work / "embedded/0/0").glob("*.json")]
    assert len(done) == 3
    again: list[str] = []
    write = KeepEmbeddings._write

    def counting(self: KeepEmbeddings, piece: Any, embedded: Any) -> None:
        again.append(piece.name)
        write(self, piece, embedded)

    monkeypatch.setattr(KeepEmbeddings, "_write", counting)
    curate(recipe, stages=("score",))
    assert sorted(again) == sorted(set(pieces) - set(done))
    for name in ("scores", "embeddings"):
        assert digests(output / name) == digests(scored / name)


def test_a_second_teacher_is_asked_only_what_it_understands(
    write_scoring: Callable[..., Path], checkpoint: Path, scored: Path, tmp_path: Path
) -> None:
    other = shutil.copytree(checkpoint, tmp_path / "narrow")
    state(other, languages=["en", "de"])
    second = f'\n[[score.teachers]]\nmodel = "{other}"\n'
    recipe = write_scoring(tmp_path / "run", teacher=second)
    curate(recipe, stages=("score",))
    output = tmp_path / "run/out"
    rows = table(output / "scores")
    labels = [f"{path.name}@{folder_digest(path)[:12]}" for path in (checkpoint, other)]
    assert [row["teacher"] for row in rows] == labels * (len(rows) // 2)
    assert rows[::2] == table(scored / "scores")
    for row in rows[1::2]:
        known = row["language"] in ("en", "de")
        assert row["status"] == ("scored" if known else "not-understood")
        assert (row["cosine"] == 0) == (row["shuffled_cosine"] == 0) == (not known)
    understood = [row for row in rows[1::2] if row["status"] == "scored"]
    assert 0 < len(understood) < len(rows) // 2
    embedded = [
        row["caption_id"]
        for path in (output / "embeddings/1/captions").glob("*.parquet")
        for row in pq.read_table(path).to_pylist()
    ]
    assert sorted(embedded) == sorted(row["caption_id"] for row in understood)
    assert digests(output / "embeddings/1/pictures") == digests(scored / "embeddings/0/pictures")
    curate(with_score(recipe, checkpoint), stages=("score",))
    assert not (output / "embeddings/1").exists()


def test_what_did_not_change_is_not_scored_again(
    write_scoring: Callable[..., Path], checkpoint: Path, tmp_path: Path
) -> None:
    model = shutil.copytree(checkpoint, tmp_path / "clip")
    recipe = with_score(write_scoring(tmp_path / "run"), model)
    assert ends(curate(recipe, stages=("score", "pack"))) == {
        "score": "done",
        "pack": "done",
    }
    text = recipe.read_text("utf-8")
    recipe.write_text(text.replace("samples_per_shard = 8", "samples_per_shard = 9"), "utf-8")
    assert ends(curate(recipe, stages=("score", "pack"))) == {
        "score": "skipped",
        "pack": "done",
    }
    model.rename(tmp_path / "elsewhere")
    model = shutil.move(tmp_path / "elsewhere", tmp_path / "run" / "clip")
    moved = with_score(recipe, Path("clip"))
    assert ends(curate(moved, stages=("score", "pack"))) == {
        "score": "skipped",
        "pack": "skipped",
    }
    state(model, languages=["en"])
    assert ends(curate(moved, stages=("score", "pack"))) == {"score": "done", "pack": "done"}


def ends(events: list[dict[str, Any]]) -> dict[str, str]:
    return {e["stage"]: e["event"] for e in events if e["event"] in ("skipped", "done")}


def test_a_limit_scores_what_was_gathered_under_it(
    write_recipe: Callable[..., Path], checkpoint: Path, tmp_path: Path
) -> None:
    recipe = with_score(write_recipe(tmp_path), checkpoint)
    curate(recipe, stages=("gather", "score"), limit=12)
    assert len(table(tmp_path / "out/scores")) == 12


def spoil(output: Path, uids: set[str]) -> None:
    """Overwrites the middle of stored pictures."""
    for row in table(output / "pictures"):
        if row["uid"] in uids:
            with (output / "gathered" / f"{row['image_shard']:05d}.tar").open("r+b") as tar:
                tar.seek(row["image_offset"])
                tar.write(bytes(row["image_size"]))


def test_a_picture_that_cannot_be_decoded_any_more_fails_with_its_captions(
    write_scoring: Callable[..., Path], tmp_path: Path
) -> None:
    recipe, output = write_scoring(tmp_path), tmp_path / "out"
    captions = table(output / "captions/source")
    uid = captions[5]["uid"]
    mine = {row["caption_id"] for row in captions if row["uid"] == uid}
    spoil(output, {uid})
    curate(recipe, stages=("score", "pack"))
    ledger = table(output / "ledger/score")
    assert {row["id"] for row in ledger} == {uid} | mine
    assert {(row["fate"], row["reason"]) for row in ledger} == {("failed", "broken-picture")}
    said = counts(output, "score")
    assert said["picture failed broken-picture"] == 1
    assert said["caption failed broken-picture"] == len(mine)
    assert {row["caption_id"] for row in table(output / "scores")} == {
        row["caption_id"] for row in captions
    } - mine
    assert counts(output, "pack")["caption kept"] == len(captions) - len(mine)
    assert stats(output).returncode == 0


def test_a_run_over_damaged_pictures_stops_and_goes_on_when_they_are_mended(
    write_scoring: Callable[..., Path], scored: Path, tmp_path: Path
) -> None:
    recipe, output = write_scoring(tmp_path), tmp_path / "out"
    uids = sorted(row["uid"] for row in table(output / "pictures"))
    spoil(output, set(uids[: len(uids) // 2]))
    with pytest.raises(RunError, match=rf"of {len(uids)} stored pictures {len(uids) // 2} can"):
        curate(recipe, stages=("score",))
    assert not (output / "scores").exists()
    for tar in (scored / "gathered").glob("*.tar"):
        shutil.copy(tar, output / "gathered" / tar.name)
    curate(recipe, stages=("score",))
    assert digests(output / "scores") == digests(scored / "scores")


def test_samples_have_the_best_captions_and_their_scores(scored: Path) -> None:
    cosines = {row["caption_id"]: row["cosine"] for row in table(scored / "scores")}
    packed = table(scored / "shards/pairs/train")
    captions = [row for row in packed if "origin" in row]  # samples have Indonesian captions
    samples = [row for row in packed if "txt" in row]
    assert all(row["score"] == round(cosines[row["caption_id"]], 6) for row in captions)
    by_uid: dict[str, list[dict[str, Any]]] = {}
    for row in captions:
        by_uid.setdefault(row["uid"], []).append(row)
    assert max(Counter(row["uid"] for row in captions).values()) > 1
    for sample in samples:
        best = max(by_uid[sample["uid"]], key=lambda row: cosines[row["caption_id"]])
        assert (sample["txt"], sample["score"]) == (best["text"], best["score"])


@pytest.mark.filterwarnings("ignore")  # of botocore and moto
def test_an_output_in_a_bucket(
    write_recipe: Callable[..., Path],
    curated: Curated,
    checkpoint: Path,
    scored: Path,
    tmp_path: Path,
    bucket: str,
) -> None:
    fs = fsspec.filesystem("s3")
    fs.put(str(curated.output), f"{bucket}/out", recursive=True)
    recipe = with_score(write_recipe(tmp_path, output=f"{bucket}/out"), checkpoint)
    curate(recipe, stages=("score",))
    for name in ("scores", "embeddings"):
        fs.get(f"{bucket}/out/{name}", str(tmp_path / name), recursive=True)
        assert digests(tmp_path / name) == digests(scored / name)
    assert not recount(Folder(f"{bucket}/out")).differences


def stats(output: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipelines.cli", "stats", str(output)]
    return subprocess.run(command, capture_output=True, text=True)


def test_stats_and_why_tell_of_scores(scored: Path, tmp_path: Path) -> None:
    output = Path(shutil.copytree(scored, tmp_path / "out"))
    done = stats(output)
    assert done.returncode == 0, done.stdout
    rows = table(output / "scores")
    report = json.loads((output / "report/stats.json").read_text("utf-8"))["scores"]
    told = report[rows[0]["teacher"]]
    assert {code: said["scored"] for code, said in told.items()} == Counter(
        row["language"] for row in rows
    )
    english = sorted(row["cosine"] for row in rows if row["language"] == "en")
    middle = english[(len(english) + 1) // 2 - 1]
    assert told["en"]["cosine"]["median"] == pytest.approx(middle, abs=6e-4)
    assert f"en {told['en']['cosine']['median']:.3f}" in done.stdout
    command = [sys.executable, "-m", "pipelines.cli", "why", str(output), rows[0]["caption_id"]]
    way = subprocess.run(command, capture_output=True, text=True)
    words = f"score {rows[0]['cosine']:.4f} by {rows[0]['teacher']}"
    assert words in " ".join(way.stdout.split()), way.stdout


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("scores/part-00000.parquet", "they are not those of captions/source/part-00000.parquet"),
        ("embeddings/0/captions/00000.parquet", "00000.parquet names so many"),
        ("embeddings/0/captions/00000.npy", "rows, got"),
    ],
)
def test_stats_finds_what_is_missing_of_scores(
    scored: Path, tmp_path: Path, file: str, said: str
) -> None:
    output = Path(shutil.copytree(scored, tmp_path / "out"))
    if file.endswith(".npy"):
        os.truncate(output / file, (output / file).stat().st_size - 48)
    else:
        pq.write_table(pq.read_table(output / file).slice(1), output / file)
    done = stats(output)
    assert done.returncode == 1
    assert said in " ".join(done.stdout.split())


def test_clip_retrievals_layout(
    write_scoring: Callable[..., Path], scored: Path, tmp_path: Path
) -> None:
    curate(write_scoring(tmp_path, settings="clip_retrieval = true"), stages=("score",))
    folder = tmp_path / "out/embeddings/0/clip-retrieval"
    texts = {row["caption_id"]: row["text"] for row in table(scored / "captions/source")}
    names = [path.stem.removeprefix("metadata_") for path in (folder / "metadata").iterdir()]
    found = {}
    for name in sorted(names):
        pictures = np.load(folder / f"img_emb/img_emb_{name}.npy").astype(np.float32)
        captions = np.load(folder / f"text_emb/text_emb_{name}.npy").astype(np.float32)
        rows = pq.read_table(folder / f"metadata/metadata_{name}.parquet").to_pylist()
        for picture, caption, row in zip(pictures, captions, rows, strict=True):
            assert row["caption"] == texts[row["caption_id"]]
            assert row["similarity"] == pytest.approx(picture @ caption, abs=2e-3)
            found[row["caption_id"]] = row["image_path"]
    assert found == {row["caption_id"]: row["uid"] for row in table(scored / "scores")}
    assert {path.name for path in (folder / "img_emb").iterdir()} == {
        f"img_emb_{name}.npy" for name in names
    }
