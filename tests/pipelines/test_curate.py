"""The whole way on real files and a real server: what enters is what is accounted for."""

import io
import json
import subprocess
import sys
import tarfile
from collections import Counter
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import webdataset as wds
from PIL import Image

from pipelines.errors import RecipeError, RunError
from pipelines.gather import GatherStage
from pipelines.storage import Folder
from schemas.ids import picture_uid
from tests.conftest import WORLD_ROWS, counts, curate, digests, table

PAIRS = Path("shards/pairs/train")


def test_every_picture_is_asked_for_once_and_every_row_accounted_for(world, curated):
    output = curated.output
    rows = pq.read_table(world / "pairs.parquet").to_pylist()
    pictures = {row["image"] for row in rows}
    assert Counter(curated.asked) == Counter(f"/{name}" for name in pictures)
    assert counts(output, "gather") == {
        "row in": WORLD_ROWS,
        "row kept": WORLD_ROWS,
        "caption created": WORLD_ROWS,
        "caption kept": WORLD_ROWS,
        "picture created": len(pictures),
        "picture kept": len(pictures),
    }
    assert counts(output, "pack") == {
        "picture in": len(pictures),
        "picture kept": len(pictures),
        "caption in": WORLD_ROWS,
        "caption kept": WORLD_ROWS,
        "sample created": len(pictures),
        "sample kept": len(pictures),
    }


def test_a_sample_holds_the_right_picture_and_all_its_captions(world, curated):
    rows = pq.read_table(world / "pairs.parquet").to_pylist()
    by_uid = {picture_uid("world", row["image"]): row["image"] for row in rows}
    captions = {
        (by_uid[row["uid"]], row["language"], row["text"])
        for row in packed_captions(curated.output)
    }
    assert captions == {(row["image"], row["language"], row["text"]) for row in rows}
    for sample in samples(curated.output / PAIRS):
        image = Image.open(io.BytesIO(sample["jpg"]))
        with Image.open(world / by_uid[sample["__key__"]]) as original:
            small = original.convert("RGB").resize(image.size, Image.Resampling.BOX)
            assert distance(image, small) < 6
        fields = json.loads(sample["json"])
        mine = [row for row in rows if picture_uid("world", row["image"]) == fields["uid"]]
        assert sample["txt"].decode() in {row["text"] for row in mine}
        for row in mine:
            assert fields[f"caption_{row['language']}"] == row["text"]
        assert fields["scene"] == str(mine[0]["scene"])
        assert (fields["licence"], fields["source"]) == ("CC0-1.0", "world")


def test_the_rows_beside_the_shards_say_where_the_pictures_lie(curated):
    folder = curated.output / PAIRS
    told = {}
    for tar in sorted(folder.glob("*.tar")):
        content = tar.read_bytes()
        for row in pq.read_table(tar.with_suffix(".parquet")).to_pylist():
            told[row["key"]] = content[row["image_offset"] :][: row["image_size"]]
    assert told == {sample["__key__"]: sample["jpg"] for sample in samples(folder)}


def packed_captions(output):
    return [row for row in table(output / PAIRS) if "origin" in row]


def samples(folder):
    """Samples as tarfile sees them, by nobody's reader but the standard library's."""
    for path in sorted(folder.glob("*.tar")):
        with tarfile.open(path) as tar:
            members = iter(tar.getmembers())
            for triple in zip(members, members, members, strict=True):
                keys = {member.name.split(".")[0] for member in triple}
                assert len(keys) == 1
                sample = {
                    member.name.split(".")[1]: tar.extractfile(member).read() for member in triple
                }
                yield {"__key__": keys.pop(), **sample}


def distance(one: Image.Image, other: Image.Image) -> float:
    """Mean difference of two pictures' bytes, of 255."""
    pairs = zip(one.tobytes(), other.tobytes(), strict=True)
    return sum(abs(a - b) for a, b in pairs) / len(one.tobytes())


def test_shards_are_full_contiguous_and_described(curated):
    folder = curated.output / PAIRS
    sizes = json.loads((folder / "sizes.json").read_text())
    assert list(sizes) == [f"{n:05d}.tar" for n in range(len(sizes))]
    assert set(list(sizes.values())[:-1]) == {8}
    assert 0 < list(sizes.values())[-1] <= 8
    for name in sizes:
        keys = [sample["__key__"] for sample in samples_of(folder / name)]
        rows = pq.read_table(folder / name.replace(".tar", ".parquet")).to_pylist()
        assert [row["key"] for row in rows] == keys
        assert len(keys) == sizes[name]
        with tarfile.open(folder / name) as tar:
            owners = {(m.mtime, m.uid, m.gid, m.uname, m.mode) for m in tar.getmembers()}
        assert owners == {(0, 0, 0, "", 0o644)}


def samples_of(path):
    with tarfile.open(path) as tar:
        return [{"__key__": m.name[:-4]} for m in tar.getmembers() if m.name.endswith(".jpg")]


@pytest.mark.filterwarnings("ignore")  # the readers' own
def test_webdataset_and_datasets_read_the_shards(curated, tmp_path):
    folder = curated.output / PAIRS
    shards = [str(path) for path in sorted(folder.glob("*.tar"))]
    decoded = list(wds.WebDataset(shards, shardshuffle=False).decode("pil"))
    keys = [sample["__key__"] for sample in samples(folder)]
    assert [sample["__key__"] for sample in decoded] == keys
    assert all(min(sample["jpg"].size) == 64 for sample in decoded)
    loaded = datasets.load_dataset(
        "webdataset", data_files={"train": shards}, split="train", cache_dir=str(tmp_path / "hf")
    )
    assert loaded["__key__"] == keys
    assert {picture.mode for picture in loaded["jpg"]} == {"RGB"}


def test_one_sample_a_caption(curated_copy, tmp_path):
    text = curated_copy.read_text()
    curated_copy.write_text(text.replace('sample = "picture"', 'sample = "caption"'))
    curate(curated_copy)
    found = list(samples(tmp_path / "out" / PAIRS))
    assert len(found) == WORLD_ROWS
    assert len({sample["__key__"] for sample in found}) == WORLD_ROWS
    for sample in found:
        fields = json.loads(sample["json"])
        stated = {
            code: text for code, text in fields.items() if code.startswith("caption_") and text
        }
        assert stated == {f"caption_{fields['language']}": sample["txt"].decode()}


def test_the_gathered_folder_has_img2datasets_layout(curated):
    gathered = curated.output / "gathered"
    for stats_path in gathered.glob("*.json"):
        stats = json.loads(stats_path.read_text())
        rows = pq.read_table(str(stats_path).replace("_stats.json", ".parquet")).to_pylist()
        assert stats["count"] == len(rows)
        assert stats["successes"] == stats["status_dict"]["success"] == len(rows)
        with tarfile.open(str(stats_path).replace("_stats.json", ".tar")) as tar:
            for row in rows:
                member = tar.getmember(f"{row['key']}.jpg")
                assert (member.offset_data, member.size) == (row["image_offset"], row["image_size"])
                assert tar.extractfile(f"{row['key']}.txt").read().decode() == row["caption"]


def test_bad_rows_are_told_apart_and_none_is_lost(world, server, write_recipe, tmp_path):
    good = pq.read_table(world / "pairs.parquet").to_pylist()[0]
    rows = [
        good,
        good,  # the same caption of the same picture twice
        good | {"text": None},
        good | {"text": " \n"},
        good | {"text": "czech", "language": "cs"},
        good | {"image": None},
        good | {"image": "nowhere.jpg"},
        good | {"image": "only-empty.jpg", "text": ""},
        good | {"image": "\x00broken"},
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "bad.parquet")
    curate(write_recipe(tmp_path, path="bad.parquet"))
    assert counts(tmp_path / "out", "gather") == {
        "row in": 9,
        "row kept": 7,
        "row rejected missing-url": 1,
        "row rejected nul-in-text": 1,
        "caption created": 7,
        "caption kept": 1,
        "caption rejected duplicate-row": 1,
        "caption rejected empty-caption": 3,
        "caption rejected unwanted-language": 1,
        "caption failed http-404": 1,
        "picture created": 3,
        "picture kept": 1,
        "picture rejected no-caption": 1,
        "picture failed http-404": 1,
    }
    assert "/only-empty.jpg" not in server.asked
    ledger = table(tmp_path / "out/ledger/gather")
    reasons = {row["row"]: row["reason"] for row in ledger if row["unit"] != "picture"}
    assert reasons == {
        "world:bad.parquet:1": "duplicate-row",
        "world:bad.parquet:2": "empty-caption",
        "world:bad.parquet:3": "empty-caption",
        "world:bad.parquet:4": "unwanted-language",
        "world:bad.parquet:5": "missing-url",
        "world:bad.parquet:6": "http-404",
        "world:bad.parquet:7": "empty-caption",
        "world:bad.parquet:8": "nul-in-text",
    }


def test_an_unchanged_recipe_runs_nothing_and_an_added_file_only_what_is_new(
    world, curated, server, write_recipe, tmp_path
):
    rows = pq.read_table(world / "pairs.parquet")
    pq.write_table(rows.slice(0, 40), tmp_path / "pairs-b.parquet")
    recipe = write_recipe(tmp_path, path="pairs-*.parquet")
    curate(recipe)
    first = digests(tmp_path / "out/gathered")
    assert [event["event"] for event in curate(recipe)] == ["skipped", "skipped"]
    pq.write_table(rows.slice(40), tmp_path / "pairs-a.parquet")
    curate(recipe)
    assert len(server.asked) == len(set(server.asked))
    assert first.items() <= digests(tmp_path / "out/gathered").items()
    assert digests(tmp_path / "out/shards") == digests(curated.output / "shards")


def test_a_changed_pack_gathers_nothing_and_leaves_no_stale_shard(curated_copy, tmp_path):
    text = curated_copy.read_text()
    curated_copy.write_text(text.replace("samples_per_shard = 8", "samples_per_shard = 1000"))
    events = curate(curated_copy)
    assert [(e["event"], e["stage"]) for e in events if e["event"] in ("skipped", "done")] == [
        ("skipped", "gather"),
        ("done", "pack"),
    ]
    names = {path.name for path in (tmp_path / "out" / PAIRS).iterdir()}
    assert names == {"00000.tar", "00000.parquet", "00000.captions.parquet", "sizes.json"}


def test_pictures_of_another_size_are_not_mixed_in(curated_copy):
    text = curated_copy.read_text()
    curated_copy.write_text(text.replace("image_size = 64", "image_size = 32"))
    with pytest.raises(RunError, match="image_size = 64, the recipe says 32"):
        curate(curated_copy)


def test_pictures_of_another_decoding_are_not_mixed_in(curated_copy, tmp_path, monkeypatch):
    monkeypatch.setattr("pipelines.gather.VERSION", 3)
    with pytest.raises(RunError, match="decoding = 2, this pairmill says 3: take another output"):
        curate(curated_copy, limit=10)
    settings = tmp_path / "out" / "gathered" / "_pictures.toml"
    settings.write_text(settings.read_text().replace("decoding = 2\n", ""))  # as before there were
    with pytest.raises(RunError, match='decoding = "unknown", this pairmill says 3'):
        curate(curated_copy, limit=10)


def test_limit_reads_the_first_rows_and_the_whole_goes_on_from_there(
    server, write_recipe, tmp_path
):
    recipe = write_recipe(tmp_path)
    curate(recipe, limit=10)
    assert counts(tmp_path / "out", "gather")["row in"] == 10
    curate(recipe)
    assert counts(tmp_path / "out", "gather")["row in"] == WORLD_ROWS
    assert len(server.asked) == len(set(server.asked))


def test_pack_without_gather_says_what_to_run(write_recipe, tmp_path):
    with pytest.raises(RunError, match="run pairmill gather first"):
        curate(write_recipe(tmp_path), stages=("pack",))


def test_a_misspelt_beam_option_is_named(write_recipe, tmp_path):
    with pytest.raises(RecipeError, match=r"--direct_num_wrokers, did you mean --direct_num_work"):
        curate(write_recipe(tmp_path), "--direct_num_wrokers=2")


def test_a_dead_network_stops_the_run_and_costs_no_picture(server, write_recipe, tmp_path):
    dead = "http://127.0.0.1:1/"
    recipe = write_recipe(tmp_path, prefix=dead, host="127.0.0.1:1", gather="retries = 0")
    text = recipe.read_text()
    recipe.write_text(text.replace("pictures_per_shard = 10", "pictures_per_shard = 100"))
    command = [sys.executable, "-m", "pipelines.cli", "curate", recipe]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "pairmill: none of 30 URLs could be asked for" in done.stderr
    assert "while running" not in done.stderr
    assert not list((tmp_path / "out/gathered").glob("*_stats.json"))
    recipe.write_text(text.replace(dead, server.url).replace("127.0.0.1:1", server.host))
    curate(recipe)
    assert counts(tmp_path / "out", "gather")["caption kept"] == WORLD_ROWS


def test_pictures_of_one_name_in_two_folders_are_two(tmp_path):
    for folder, colour in (("a", "red"), ("b", "blue")):
        (tmp_path / folder).mkdir()
        Image.new("RGB", (32, 32), colour).save(tmp_path / folder / "1.jpg")
        text = f"url,caption\n1.jpg,a {colour} square\n"
        (tmp_path / folder / "pairs.csv").write_text(text)
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        'output = "out"\n[[sources]]\nname = "s"\nformat = "table"\npath = "*/pairs.csv"\n'
        "[gather]\nallow_local_files = true\n[pack]\n"
    )
    curate(recipe)
    found = {}
    for sample in samples(tmp_path / "out" / PAIRS):
        pixel = Image.open(io.BytesIO(sample["jpg"])).getpixel((16, 16))
        found[sample["txt"].decode()] = max(range(3), key=lambda band: pixel[band])
    assert found == {"a red square": 0, "a blue square": 2}


def test_a_recipe_changed_after_a_kill_and_changed_back(
    write_recipe, tmp_path, curated, monkeypatch
):
    recipe = write_recipe(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(GatherStage, "_fetch", lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            curate(recipe)
    with monkeypatch.context() as patch:
        patch.setattr(GatherStage, "_settle", lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            curate(recipe, limit=40)
    curate(recipe)
    assert digests(tmp_path / "out/shards") == digests(curated.output / "shards")


@pytest.mark.parametrize("moves", range(0, 14, 2))
def test_killed_while_publishing(curated_copy, tmp_path, curated, monkeypatch, moves):
    recipe = curated_copy
    recipe.write_text(recipe.read_text().replace("samples_per_shard = 8", "samples_per_shard = 5"))
    left, move = [moves], Folder.move

    def dying(self, *args):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        move(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(Folder, "move", dying)
        with pytest.raises(KeyboardInterrupt):
            curate(recipe)
    recipe.write_text(recipe.read_text().replace("samples_per_shard = 5", "samples_per_shard = 8"))
    curate(recipe)
    assert digests(tmp_path / "out/shards") == digests(curated.output / "shards")


def test_a_folder_that_is_not_ours_is_left_alone(world, write_recipe, tmp_path):
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures/mine.psd").write_text("precious")
    command = [sys.executable, "-m", "pipelines.cli"]
    for words in (["curate"], ["doctor"]):
        done = subprocess.run(
            [*command, *words, write_recipe(tmp_path, output=".")], capture_output=True, text=True
        )
        assert done.returncode in (1, 2)
        assert "is there and not pairmill's" in done.stderr + done.stdout
    assert (tmp_path / "pictures/mine.psd").read_text() == "precious"


def test_earlier_failures_are_spoken_of(server, write_recipe, tmp_path):
    recipe = write_recipe(tmp_path, prefix=f"{server.url}nowhere/")
    curate(recipe, stages=("gather",))
    recipe.write_text(recipe.read_text().replace("nowhere/", ""))
    notes = [
        event["words"] for event in curate(recipe, stages=("gather",)) if event["event"] == "note"
    ]
    assert notes == [
        "30 pictures failed in an earlier run and were not asked for again (pairmill retry does)"
    ]


def test_pack_alone_names_pictures_as_they_are_stored(curated_copy, tmp_path):
    text = curated_copy.read_text().replace("image_size = 64", 'image_format = "png"')
    curated_copy.write_text(text.replace("samples_per_shard = 8", "samples_per_shard = 9"))
    curate(curated_copy, stages=("pack",))
    assert {Image.open(io.BytesIO(s["jpg"])).format for s in samples(tmp_path / "out" / PAIRS)} == {
        "JPEG"
    }
