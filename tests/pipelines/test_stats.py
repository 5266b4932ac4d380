import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines import webdataset_folder
from pipelines.errors import RecipeError, RunError
from pipelines.stats import show_stats
from pipelines.storage import Folder

TRAIN = "shards/pairs/train"


def show(folder: Path | str, capsys: pytest.CaptureFixture[str]) -> tuple[bool, str]:
    holds = show_stats(str(folder))
    return holds, capsys.readouterr().out


def edit_json(path: Path, change: Callable[[Any], Any]) -> None:
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))


def edit_table(path: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    pq.write_table(change(pq.read_table(path)), path)


def edit_tar(path: Path, change: Callable[[list[tuple[str, bytes]]], Any]) -> None:
    """Changes the list of a tar's members, (name, data) each."""
    with tarfile.open(path) as tar:
        members = [(m.name, read(tar, m)) for m in tar]
    change(members)
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def read(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    assert file is not None
    return file.read()


def cut(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])


def set_count(stage: str, name: str, more: int) -> Callable[[Path], None]:
    def change(output: Path) -> None:
        def add(record: Any) -> None:
            record["counts"][name] += more

        edit_json(output / f"ledger/{stage}/_stage.json", add)

    return change


# A recipe's output


def test_a_good_output_adds_up(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    holds, page = show(output, capsys)
    assert holds
    assert "Everything adds up.\n" in page
    assert re.search(r"gather +row +67 +0 +65 +2 +0 +97\.0%", page)
    assert re.search(r"gather +caption +rejected +empty-caption +2 +3\.1%", page)
    assert max(map(len, page.splitlines()[2:-3])) <= 100


def test_the_report_says_what_the_tables_hold(
    output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show(output, capsys)
    report = json.loads((output / "report/stats.json").read_text())
    captions = pq.read_table(output / "captions/source").to_pylist()
    pictures = pq.read_table(output / "pictures").to_pylist()
    assert report["adds_up"] is True
    assert sum(report["languages"].values()) == len(captions) == report["shards"]["captions"]
    assert report["languages"]["fr"] == sum(c["language"] == "fr" for c in captions)
    assert report["shards"]["samples"] == len(pictures)
    for side, found in report["picture_sides"].items():
        sides = sorted(picture[side] for picture in pictures)
        assert found["median"] == sides[(len(sides) - 1) // 2]
        assert found["p10"] == sides[-(-len(sides) // 10) - 1]
    assert report["bytes"]["stored"] == sum(picture["image_size"] for picture in pictures)
    assert report["bytes"]["fetched"] == sum(picture["original_size"] for picture in pictures)
    tars = (output / TRAIN).glob("*.tar")
    assert report["bytes"]["in_shards"] == sum(path.stat().st_size for path in tars)
    caption = report["stages"]["gather"]["units"]["caption"]
    assert caption["rejected"] == {
        "empty-caption": 2,
        "duplicate-row": 1,
        "unwanted-language": 1,
    }
    assert caption["failed"] == {"file-missing": 1}


DAMAGES: dict[str, tuple[Callable[[Path], Any], list[str]]] = {
    "a ledger part deleted": (
        lambda out: (out / "ledger/gather/part-00000.parquet").unlink(),
        [
            "gather, file: expected 1, found 0 in ledger/gather/part-00000.parquet (it is missing)",
            "gather, caption: expected 1 rejected duplicate-row, found 0 in ledger/gather/",
        ],
    ),
    "a ledger row removed": (
        lambda out: edit_table(
            out / "ledger/gather/part-00000.parquet",
            lambda table: table.filter(pa.compute.field("reason") != "duplicate-row"),
        ),
        ["gather, caption: expected 1 rejected duplicate-row, found 0 in ledger/gather/"],
    ),
    "a record that has lost a caption": (
        set_count("gather", "caption kept", -1),
        [
            "gather, caption: expected 65 accounted for, found 64 in ledger/gather/_stage.json",
            "gather, caption: expected 59 kept, found 60 in captions/source/",
            "screen, caption: expected 59 in, found 60 in ledger/screen/_stage.json",
        ],
    ),
    "a stage that read less than the one before it kept": (
        lambda out: [set_count("pack", f"picture {way}", -1)(out) for way in ("in", "kept")],
        ["pack, picture: expected 19 in, found 18 in ledger/pack/_stage.json"],
    ),
    "rows that became no captions": (
        lambda out: [set_count("gather", f"row {way}", 1)(out) for way in ("in", "kept")],
        ["gather, caption: expected 66 created, found 65 in ledger/gather/_stage.json"],
    ),
    "a shard cut off": (
        lambda out: cut(out / TRAIN / "00001.tar", 60_000),
        [f"in {TRAIN}/00001.tar (it is cut off at byte 60,000, within ", "sizes.json"],
    ),
    "a shard gone": (
        lambda out: (out / TRAIN / "00001.tar").unlink(),
        [f"pack, file: expected 1, found 0 in {TRAIN}/00001.tar (it is missing)"],
    ),
    "captions of a shard gone": (
        lambda out: (out / TRAIN / "00000.captions.parquet").unlink(),
        [f"expected 1, found 0 in {TRAIN}/00000.captions.parquet (it is missing)"],
    ),
    "a sample without its text": (
        lambda out: edit_tar(out / TRAIN / "00000.tar", lambda members: members.pop(2)),
        [f"expected 8 complete, found 7 in {TRAIN}/00000.tar", "has only jpg, json"],
    ),
    "samples in another order": (
        lambda out: edit_tar(
            out / TRAIN / "00000.tar", lambda m: m.__setitem__(slice(None), m[3:] + m[:3])
        ),
        [f"expected 8 of the same key, found 0 in {TRAIN}/00000.tar"],
    ),
    "a sample's row gone": (
        lambda out: edit_table(out / TRAIN / "00002.parquet", lambda table: table[1:]),
        [f"expected 2 complete, found 3 in {TRAIN}/00002.tar (00002.parquet has 2 rows)"],
    ),
    "sizes of another data set": (
        lambda out: (out / TRAIN / "sizes.json").write_text('{"00000.tar": 8, "00001.tar": 7}'),
        [
            f"expected 8 as in 00001.tar, found 7 in {TRAIN}/sizes.json",
            f"expected 3 as in 00002.tar, found 0 in {TRAIN}/sizes.json",
        ],
    ),
    "sizes that are no JSON": (
        lambda out: (out / TRAIN / "sizes.json").write_text("{"),
        [f"found 0 in {TRAIN}/sizes.json (it cannot be read"],
    ),
    "a picture's row gone": (
        lambda out: edit_table(out / "pictures/part-00000.parquet", lambda table: table[1:]),
        [
            "gather, picture: expected 19 kept, found 18 in pictures/",
            " captions are not there)",
        ],
    ),
    "a picture's row twice": (
        lambda out: edit_table(
            out / "pictures/part-00000.parquet", lambda t: pa.concat_tables([t[:1], t])
        ),
        ["in pictures/part-00000.parquet (a picture stands there more than once)"],
    ),
    "all captions of a picture gone": (
        lambda out: edit_table(
            out / "captions/source/part-00000.parquet",
            lambda table: table.filter(pa.compute.field("uid") != table["uid"][0]),
        ),
        ["in captions/source/part-00000.parquet (the captions of 1 pictures are not there)"],
    ),
    "captions gone": (
        lambda out: (out / "captions/source/part-00000.parquet").unlink(),
        ["expected 1, found 0 in captions/source/part-00000.parquet (it is missing)"],
    ),
    "captions that cannot be read": (
        lambda out: cut(out / "captions/source/part-00000.parquet", 900),
        ["gather, file: expected 1 whole, found 0 in captions/source/part-00000.parquet (it"],
    ),
    "a gathered shard gone": (
        lambda out: (out / "gathered/00001.tar").unlink(),
        ["to lie inside, found 0 in gathered/00001.tar (it is missing)"],
    ),
    "a gathered shard cut off": (
        lambda out: cut(out / "gathered/00001.tar", 30_000),
        ["in gathered/00001.tar (it ends at byte 30,000)"],
    ),
    "a gathered table gone": (
        lambda out: (out / "gathered/00002.parquet").unlink(),
        ["gather, file: expected 1, found 0 in gathered/00002.parquet (it is missing)"],
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_told_and_placed(
    name: str, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage, expected = DAMAGES[name]
    damage(output)
    holds, page = show(output, capsys)
    assert not holds
    for words in expected:
        assert words in page
    report = json.loads((output / "report/stats.json").read_text())
    assert all(difference["line"] in page for difference in report["differences"])


def test_a_record_that_is_none_is_named(output: Path) -> None:
    (output / "ledger/pack/_stage.json").write_text('{"stage": "pack"}')
    with pytest.raises(RunError, match=r"ledger/pack/_stage\.json is no record of a stage"):
        show_stats(str(output))


def test_a_stage_that_is_not_finished_is_no_damage(
    output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(output / "ledger")
    (output / "_work/gather").mkdir(parents=True)
    (output / "gathered/00002_stats.json").unlink()
    holds, page = show(output, capsys)
    assert holds
    assert "gather is not finished: run the same command again (2 shards with " in page
    assert "pack has not run" in page
    assert "Everything adds up, so far.\n" in page


def test_a_stage_begun_anew_is_told(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (output / "_work/pack").mkdir(parents=True)
    holds, page = show(output, capsys)
    assert holds
    assert "pack was begun anew and is not finished" in page


def test_a_stage_older_than_what_it_reads_is_told(
    output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit_json(
        output / "ledger/screen/_stage.json", lambda record: record.update(fingerprint="later")
    )
    set_count("pack", "caption in", -1)(output)
    set_count("pack", "caption kept", -1)(output)
    edit_table(output / TRAIN / "00000.captions.parquet", lambda table: table[1:])
    holds, page = show(output, capsys)
    assert holds
    assert "pack is older than what it reads: run the same command again" in page


def test_a_limit_is_told(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit_json(output / "ledger/gather/_stage.json", lambda record: record.update(limit=67))
    assert "only the first 67 rows of each source" in show(output, capsys)[1]


def test_an_output_on_another_file_system(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    memory = fsspec.filesystem("memory")
    memory.put(f"{finished}/", "/stats/", recursive=True)
    assert show("memory://stats", capsys)[0]
    memory.rm(f"/stats/{TRAIN}/00001.parquet")
    holds, page = show("memory://stats", capsys)
    assert not holds
    assert "00001.parquet (it is missing)" in page
    assert memory.exists("/stats/report/stats.json")


def test_nothing_heavy_is_imported(output: Path) -> None:
    heavy = ("apache_beam", "torch", "pandas", "pyarrow.dataset", "pyarrow.compute", "pydantic")
    program = (
        "import sys; from pipelines.stats import show_stats; from pipelines.why import show_way;"
        f"show_stats({str(output)!r}); show_way({str(output)!r}, 'sample:pairs.parquet:0');"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


# Any other folder


@pytest.fixture
def shards(finished: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "shards"
    folder.mkdir()
    for path in (finished / TRAIN).glob("*.tar"):
        shutil.copy(path, folder)
    return folder


@pytest.mark.parametrize("where", [".", ".."])
def test_a_folder_of_shards_is_read_as_they_are(
    where: str, shards: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    holds, page = show(shards / where, capsys)
    assert holds
    assert "shards   3," in page
    assert "samples  19," in page
    assert "jpg 19   json 19   txt 19" in page
    assert sorted(path.name for path in shards.iterdir()) == [f"0000{n}.tar" for n in range(3)]


def test_a_shard_cut_off_is_named(shards: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cut(shards / "00001.tar", 40_000)
    holds, page = show(shards, capsys)
    assert not holds
    assert "found 0 in 00001.tar (it is cut off at byte 40,000, within " in page


def test_a_sample_that_lacks_a_member_is_named(
    shards: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit_tar(shards / "00001.tar", lambda members: members.pop(5))
    with tarfile.open(shards / "00001.tar") as tar:
        key = tar.getnames()[3].partition(".")[0]
    holds, page = show(shards, capsys)
    assert not holds
    assert f"expected 19 with txt, found 18 in 00001.tar ({key} has none, for one)" in page


def test_a_key_that_comes_again_is_named(shards: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with tarfile.open(shards / "00000.tar") as tar:
        again = [(m.name, read(tar, m)) for m in tar.getmembers()[:3]]
    edit_tar(shards / "00002.tar", lambda members: members.extend(again))
    holds, page = show(shards, capsys)
    assert not holds
    key = again[0][0].partition(".")[0]
    assert f"found 2 in 00002.tar ({key} stands in 00000.tar, 00002.tar)" in page


def test_keys_are_checked_in_bounded_memory(
    shards: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webdataset_folder, "_KEYS_HELD", 10)
    for number in range(3):
        shutil.copy(shards / f"0000{number}.tar", shards / f"0001{number}.tar")
    survey = webdataset_folder.survey_folder(Folder(str(shards)))
    assert survey.samples == 38
    assert len(survey.keys.digests) <= 10
    holds, page = show(shards, capsys)
    assert not holds
    share = 2**survey.keys.halvings
    assert f"only 1 in {share} was checked" in page
    assert re.search(r"key: expected (0 repeated|1 sample a key), found", page)


def test_a_folder_of_neither_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="neither a pairmill output nor a tar file in"):
        show_stats(str(tmp_path))
    with pytest.raises(RecipeError, match="there is no folder"):
        show_stats(str(tmp_path / "gone"))
    (tmp_path / "x.tar").write_bytes(b"")
    with pytest.raises(RecipeError, match="there is no folder"):
        show_stats(str(tmp_path / "x.tar"))
