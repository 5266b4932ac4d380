"""Rows of WebDataset tars: whatever a tar lacks, each sample is a row and the break is one."""

import json
from pathlib import Path

import pytest

from pipelines.errors import RecipeError
from pipelines.local_pictures import read_picture
from pipelines.recipe import Source
from tests.pipelines.sources.made import picture, read, write_tar


def source(path: Path, **changes: object) -> Source:
    return Source(name="s", format="webdataset", path=str(path), **changes)  # type: ignore[arg-type]


def test_samples_with_text_or_fields(tmp_path: Path) -> None:
    write_tar(
        tmp_path / "a.tar",
        [
            ("x/1.png", picture(1, "PNG")),
            ("x/1.txt", "ein Hund"),
            ("2.0.jpg", b"not this one"),
            ("2.jpg", picture(2)),
            ("2.json", {"caption": "a cat", "lang": "en", "url": "https://a.org/2.jpg", "n": 3}),
            ("2.txt", "not this one"),
        ],
    )
    rows = read(source(tmp_path / "*.tar", language_column="lang", keep_columns=("n",)))
    assert [(row.number, row.url, row.caption, row.language, row.fault) for row in rows] == [
        (0, "a.tar/x/1", "ein Hund", "", ""),
        (1, "https://a.org/2.jpg", "a cat", "en", ""),
    ]
    assert json.loads(rows[1].extras) == {"n": "3"}
    assert [read_picture(row.location, 1 << 20) for row in rows] == [picture(1, "PNG"), picture(2)]


def test_planning_reads_no_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    members = [(f"{n}.{end}", b"x" * 400_000 if end == "jpg" else "c")
               for n in range(30) for end in ("jpg", "txt")]  # fmt: skip
    tar = write_tar(tmp_path / "a.tar", members)
    before = Path("/proc/self/io").read_text().split()[1]
    assert len(read(source(tmp_path / "a.tar"))) == 30
    after = Path("/proc/self/io").read_text().split()[1]
    assert int(after) - int(before) < tar.stat().st_size / 4


@pytest.mark.parametrize("cut", [0.3, 0.62, 0.99])
def test_a_cut_costs_what_it_cuts_and_is_a_row(tmp_path: Path, cut: float) -> None:
    members = [(f"{n}.{end}", content) for n in range(9)
               for end, content in (("jpg", picture(n)), ("txt", "c"))]  # fmt: skip
    tar = write_tar(tmp_path / "a.tar", members)
    whole = read(source(tar))
    data = tar.read_bytes()
    end = len(data.rstrip(b"\0"))
    tar.write_bytes(data[: int(end * cut)])
    rows = read(source(tar))
    assert rows[-1].fault == "broken-tar"
    assert "it is cut off at byte" in rows[-1].detail
    assert [row.number for row in rows] == list(range(len(rows)))
    sound = [row for row in rows[:-1] if row.caption]
    assert sound == whole[: len(sound)]
    assert len(sound) >= int(9 * cut) - 1


def test_a_tar_that_is_none_is_a_row_beside_others(tmp_path: Path) -> None:
    write_tar(tmp_path / "a.tar", [("1.jpg", picture()), ("1.txt", "c")])
    (tmp_path / "b.tar").write_bytes(b"\x1f\x8b" * 600)
    (tmp_path / "c.tar").write_bytes(b"")
    rows = read(source(tmp_path / "*.tar"))
    assert [row.fault for row in rows] == ["", "broken-tar", "broken-tar"]


def test_what_a_sample_lacks_is_its_own_loss(tmp_path: Path) -> None:
    write_tar(
        tmp_path / "a.tar",
        [
            ("good.jpg", picture()),
            ("good.txt", "c"),
            ("bare.jpg", picture()),
            ("blind.txt", "c"),
            ("broken.jpg", picture()),
            ("broken.json", '{"caption":'),
            ("bytes.jpg", picture()),
            ("bytes.json", b'{"caption": "\xff"}'),
            ("lone.jpg", picture()),
            ("lone.json", '{"caption": "\\ud800"}'),
            ("good.jpg", picture(9)),
            ("good.txt", "another picture of the same key"),
        ],
    )
    rows = read(source(tmp_path / "a.tar"))
    assert [(row.fault, row.caption) for row in rows] == [
        ("", "c"),
        ("", ""),
        ("no-picture", ""),
        ("malformed-row", ""),
        ("invalid-text", ""),
        ("invalid-text", ""),
        ("repeated-key", ""),
    ]
    assert rows[2].detail == "blind has txt"
    assert rows[5].detail == r"caption: '\ud800'"


@pytest.mark.parametrize(
    ("name", "members", "changes", "words"),
    [
        ("a.tar.gz", [("1.jpg", b"x")], {}, "must be a .tar"),
        ("a.tar", [], {}, "there is no sample in .*a.tar: it is empty"),
        ("a.tar", [("1.txt", "c")], {}, "must have one of avif, .*they have txt"),
        (
            "a.tar",
            [("1.jpg", b"x"), ("1.json", {"text": "c", "url": ""})],
            {},
            "must have a column 'caption', it has text, url",
        ),
        (
            "a.tar",
            [("1.jpg", b"x"), ("1.txt", "c")],
            {"keep_columns": ("n",)},
            "must have a column 'n', it has caption",
        ),
    ],
)
def test_what_is_wrong_with_all_of_it_is_said_first(
    tmp_path: Path, name: str, members: list, changes: dict, words: str
) -> None:
    write_tar(tmp_path / name, members)
    with pytest.raises(RecipeError, match=words):
        read(source(tmp_path / name, **changes))


def test_limit_counts_samples(tmp_path: Path) -> None:
    for name in ("a.tar", "b.tar"):
        members = [(f"{n}.{end}", "x") for n in range(3) for end in ("jpg", "txt")]
        write_tar(tmp_path / name, members)
    assert [row.url for row in read(source(tmp_path / "*.tar"), 4)] == [
        "a.tar/0",
        "a.tar/1",
        "a.tar/2",
        "b.tar/0",
    ]
