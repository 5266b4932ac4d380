import io
import itertools
import json
import tarfile

import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.packing import _as_columns, cut_shards
from pipelines.stored_pictures import _coalesced
from pipelines.tars import TarWriter


@given(st.lists(st.integers(0, 30), max_size=12), st.integers(1, 40))
def test_cuts_cover_every_row_once_in_order_and_fill_all_but_the_last(
    rows: list[int], size: int
) -> None:
    cuts = cut_shards(rows, size)
    covered = [
        (part, row) for cut in cuts for part, first, end in cut.slices for row in range(first, end)
    ]
    assert covered == [(part, row) for part, n in enumerate(rows) for row in range(n)]
    assert [cut.number for cut in cuts] == list(range(len(cuts)))
    assert all(cut.samples == size for cut in cuts[:-1])
    assert all(0 < cut.samples <= size for cut in cuts)


@given(st.lists(st.tuples(st.integers(0, 60_000), st.integers(1, 5_000)), min_size=1))
def test_coalesced_ranges_hold_every_picture(gaps: list[tuple[int, int]]) -> None:
    offsets = list(itertools.accumulate(gap + 5_000 for gap, _ in gaps))
    places = [(offset, size) for offset, (_, size) in zip(offsets, gaps, strict=True)]
    spans = _coalesced(places)
    assert [member for _, _, members in spans for member in members] == places
    for start, end, members in spans:
        assert start == members[0][0]
        assert end == max(offset + size for offset, size in members)
    assert all(second[0] - first[1] > 16 << 10 for first, second in itertools.pairwise(spans))


@given(st.lists(st.binary(max_size=2000), max_size=8))
def test_tars_are_what_tarfile_reads(members: list[bytes]) -> None:
    sink = io.BytesIO()
    writer = TarWriter(sink)
    offsets = [writer.add(f"{n}.bin", data) for n, data in enumerate(members)]
    writer.close()
    whole = sink.getvalue()
    for offset, data in zip(offsets, members, strict=True):
        assert whole[offset : offset + len(data)] == data
    with tarfile.open(fileobj=io.BytesIO(whole)) as tar:
        assert [tar.extractfile(m).read() for m in tar.getmembers()] == members  # type: ignore[union-attr]
    reference = io.BytesIO()
    with tarfile.open(fileobj=reference, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for n, data in enumerate(members):
            info = tarfile.TarInfo(f"{n}.bin")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    assert reference.getvalue().startswith(whole.rstrip(b"\0"))


ODD = st.sampled_from(
    [
        "",
        "null",
        "1e5",
        "2024-01-02T03:04:05Z",
        '"',
        "\\",
        "{}",
        "\n",
        "\t\x01",
        "\u2028",
        "\U0001f98a",
    ]
)
TEXTS = st.lists(ODD | st.text(st.characters(exclude_categories=["Cs"]), max_size=9)).map("".join)
SCORES = st.floats(-1, 1, width=32)
FIELDS = st.fixed_dictionaries(
    {"uid": TEXTS, "width": st.integers(0, 2**63 - 1), "score": SCORES, "Tür ": TEXTS}
)


@given(st.lists(FIELDS, min_size=1, max_size=5))
@example(  # texts, not times
    [{"uid": "2024-01-02T03:04:05Z", "width": 1, "score": 0.0, "Tür ": "2024-01-02"}]
)
def test_json_members_as_columns_are_what_python_reads(
    rows: list[dict[str, str | int | float]],
) -> None:
    for ascii_alone in (True, False):
        members = [json.dumps(row, ensure_ascii=ascii_alone) for row in rows]
        assert _as_columns(members).equals(pa.Table.from_pylist(rows))


def test_a_member_may_be_longer_than_what_is_read_at_a_time() -> None:
    rows = [{"uid": letter * size} for letter, size in (("a", 9), ("b", 3 << 20), ("c", 1 << 20))]
    assert _as_columns(list(map(json.dumps, rows))).equals(pa.Table.from_pylist(rows))
