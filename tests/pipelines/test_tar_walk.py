import io
import tarfile
from pathlib import Path

import pytest

from pipelines.tar_walk import Member, TarDamage, TarSample, walk_samples, walk_tar
from pipelines.tars import TarWriter


def pack(members: dict[str, bytes], form: int = tarfile.USTAR_FORMAT) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return file.getvalue()


def walk(data: bytes) -> list[Member]:
    return list(walk_tar(io.BytesIO(data), len(data)))


def samples(data: bytes) -> list[TarSample]:
    return list(walk_samples(io.BytesIO(data), len(data)))


LONG = f"{'folder/' * 30}{'n' * 120}.jpg"
MEMBERS = {"a.jpg": b"x" * 600, "dir/b.txt": b"", "Straße/子.json": b"{}" * 256, "c": b"c" * 512}


@pytest.mark.parametrize(
    ("form", "name"),
    [
        (tarfile.USTAR_FORMAT, f"{'folder/' * 15}{'n' * 60}.jpg"),
        (tarfile.GNU_FORMAT, LONG),
        (tarfile.PAX_FORMAT, LONG),
    ],
)
def test_it_finds_what_tarfile_finds(form: int, name: str) -> None:
    data = pack({**MEMBERS, name: b"long", "last.txt": b""}, form)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        expected = [Member(m.name, m.offset_data, m.size) for m in tar]
    assert walk(data) == expected


def test_links_and_folders_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d/a.jpg").write_bytes(b"a")
    (tmp_path / "d/b.jpg").symlink_to("a.jpg")
    with tarfile.open(tmp_path / "x.tar", "w") as tar:
        tar.add(tmp_path / "d", "d")
    found = walk((tmp_path / "x.tar").read_bytes())
    assert [(member.name, member.size) for member in found] == [("d/a.jpg", 1)]


def test_our_own_tars_are_walked() -> None:
    file = io.BytesIO()
    tar = TarWriter(file)
    offset = tar.add("k.jpg", b"picture")
    tar.add("k.txt", b"kite")
    tar.close()
    assert walk(file.getvalue()) == [Member("k.jpg", offset, 7), Member("k.txt", 1536, 4)]


def test_neighbours_of_a_key_are_a_sample() -> None:
    data = pack(
        {"s/1.jpg": b"ab", "s/1.TXT": b"c", "t/1.jpg": b"", "README": b"", "t/1.seg.png": b"d"}
    )
    assert samples(data) == [
        TarSample("s/1", ("jpg", "txt"), (Member("s/1.jpg", 512, 2), Member("s/1.TXT", 1536, 1))),
        TarSample(
            "t/1", ("jpg", "seg.png"), (Member("t/1.jpg", 2560, 0), Member("t/1.seg.png", 3584, 1))
        ),
    ]
    assert [sample.size for sample in samples(data)] == [3, 1]


def test_a_suffix_that_comes_again_begins_another_sample() -> None:
    data = pack({"1.jpg": b"", "1.JPG": b"", "1.txt": b""})
    assert [sample.suffixes for sample in samples(data)] == [("jpg",), ("jpg", "txt")]


@pytest.mark.parametrize(
    ("cut", "words"),
    [
        (0, "cut off at byte 0, before its end mark"),
        (300, "cut off at byte 300, before"),
        (700, "cut off at byte 700, within a.jpg"),
        (512 + 1024, "cut off at byte 1,536, before"),
    ],
)
def test_a_cut_is_found_wherever_it_is(cut: int, words: str) -> None:
    data = pack(MEMBERS)[:cut]
    with pytest.raises(TarDamage, match=words):
        walk(data)


def test_what_is_whole_comes_before_the_damage() -> None:
    data = bytearray(pack({"1.jpg": b"", "1.txt": b"", "2.jpg": b""}))
    data[1024:1030] = b"broken"
    found = walk_samples(io.BytesIO(data), len(data))
    assert next(found).suffixes == ("jpg", "txt")
    with pytest.raises(TarDamage, match="byte 1,024 has a wrong checksum"):
        next(found)


def test_what_is_no_tar_is_said_to_be_none() -> None:
    with pytest.raises(TarDamage, match="no tar header at byte 0"):
        walk(b"\x89PNG" * 512)


def test_sizes_over_8_gib_are_read() -> None:
    data = bytearray(pack({"a.jpg": b""}, tarfile.GNU_FORMAT))
    info = tarfile.TarInfo("a.jpg")
    info.size = 9 << 30
    data[:512] = info.tobuf(tarfile.GNU_FORMAT)
    with pytest.raises(TarDamage, match=r"within a\.jpg"):
        walk(bytes(data))
    assert next(walk_tar(io.BytesIO(data), 10 << 30)) == Member("a.jpg", 512, 9 << 30)
