"""The plan: order and partition of the input never change it, and hosts keep together."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.claims import Claim, settle
from pipelines.errors import RunError
from pipelines.gather import GatherStage
from pipelines.lane_plan import lanes_of
from pipelines.local_pictures import parquet_location, row_group_of
from pipelines.recipe_file import read_recipe
from pipelines.slots import Slots, assign_slots
from pipelines.stages import Run
from pipelines.storage import Folder
from pipelines.transforms.blocks import table_of
from schemas.ids import bucket_of, digest
from schemas.rows import PlannedPicture
from tests.conftest import digests


def claim(
    uid: int,
    text: str,
    row: int,
    extras: str = "{}",
    fault: str = "",
    rank: int = 0,
    sha256: str = "",
) -> Claim:
    return Claim(
        caption_id=digest(str(uid), text),
        uid=digest(str(uid)),
        language="en",
        text=text,
        origin="source",
        engine="",
        quality=1.0,
        source="s",
        row=f"s:f:{row}",
        licence="",
        extras=extras,
        fault=fault,
        rank=rank,
        url=f"{uid}.jpg",
        location=f"https://a.org/{uid}.jpg",
        expected_sha256=sha256,
    )


claims = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from("abc"), st.sampled_from(["", "empty-caption"])),
    max_size=12,
).map(
    lambda drawn: [claim(uid, text, n, fault=fault) for n, (uid, text, fault) in enumerate(drawn)]
)


@given(claims, st.randoms())
def test_order_of_the_rows_changes_nothing(rows: list[Claim], random) -> None:
    shuffled = random.sample(rows, len(rows))
    one, other = (settle(table_of(Claim, each)) for each in (rows, shuffled))
    assert one.captions.equals(other.captions)
    assert one.pictures.equals(other.pictures)
    assert one.ledger == other.ledger


@given(claims)
def test_every_claim_and_every_picture_is_settled_once(rows: list[Claim]) -> None:
    settled = settle(table_of(Claim, rows))
    captions = [row for row in settled.ledger if row.unit == "caption"]
    pictures = [row for row in settled.ledger if row.unit == "picture"]
    kept = settled.captions["row"].to_pylist()
    assert sorted([*kept, *(row.row for row in captions)]) == sorted(row.row for row in rows)
    planned = settled.pictures["uid"].to_pylist()
    assert sorted([*planned, *(row.id for row in pictures)]) == sorted({row.uid for row in rows})
    assert set(settled.captions["uid"].to_pylist()) == set(planned)


@given(claims)
def test_the_columns_settle_as_the_rows_would_one_by_one(rows: list[Claim]) -> None:
    settled = settle(table_of(Claim, rows))
    kept: dict[tuple[str, str], str] = {}
    for row in sorted(rows, key=lambda row: (row.extras, row.url, row.row)):
        if not row.fault:
            kept.setdefault((row.uid, row.caption_id), row.row)
    found = settled.captions.select(["uid", "caption_id", "row"]).to_pylist()
    assert {(row["uid"], row["caption_id"]): row["row"] for row in found} == kept
    first = {uid: min(id_ for other, id_ in kept if other == uid) for uid, _ in kept}
    texts = {row.caption_id: row.text for row in rows}
    pictures = settled.pictures.to_pylist()
    assert {row["uid"]: row["caption"] for row in pictures} == {
        uid: texts[id_] for uid, id_ in first.items()
    }


def test_the_row_that_is_kept_of_twins_does_not_depend_on_its_number() -> None:
    twins = [claim(1, "a", 0, extras='{"page": "2"}'), claim(1, "a", 1, extras='{"page": "1"}')]
    for rows in (twins, [claim(1, "a", 7, extras='{"page": "1"}'), twins[0]]):
        settled = settle(table_of(Claim, rows))
        assert settled.captions["extras"].to_pylist() == ['{"page": "1"}']
        assert [(row.reason, row.row) for row in settled.ledger] == [("duplicate-row", "s:f:0")]


def test_a_picture_has_the_first_hash_that_a_row_states() -> None:
    rows = [claim(1, "a", 0), claim(1, "b", 1, sha256="b" * 64), claim(1, "b", 2, sha256="a" * 64)]
    rows += [claim(2, "a", 3), claim(3, "a", 4, sha256="c" * 64)]
    for order in (rows, rows[::-1]):
        pictures = settle(table_of(Claim, order)).pictures.to_pylist()
        assert {row["uid"]: row["expected_sha256"] for row in pictures} == {
            digest("1"): "a" * 64,
            digest("2"): "",
            digest("3"): "c" * 64,
        }


def test_rows_of_a_row_group_are_planned_together() -> None:
    places = [parquet_location("file:///t.parquet", "image", n // 20, n % 20) for n in range(200)]
    rows = [PlannedPicture(digest(at), "", at, "", "s", "", "en", "c", "") for at in places]
    pictures = assign_slots(table_of(PlannedPicture, rows), len(rows), [], 50, 1)
    slots: dict[str, set[int]] = {}
    for row in pictures.to_pylist():
        slots.setdefault(row_group_of(row["location"]), set()).add(row["slot"])
    assert len(slots) == 10
    assert {len(found) for found in slots.values()} == {1}
    assert len(set().union(*slots.values())) > 1


@given(
    st.dictionaries(st.text("abc", min_size=1, max_size=4), st.integers(1, 60)), st.integers(5, 20)
)
def test_slots_keep_cold_hosts_whole_and_split_hot_ones(hosts: dict[str, int], cut: int) -> None:
    hot = [(host, n) for host, n in hosts.items() if n > cut]
    slots = Slots(sum(hosts.values()), hot, cut)
    for host, pictures in hosts.items():
        found = {slots.of(host, digest(host, str(n))) for n in range(pictures)}
        assert all(0 <= slot < slots.number for slot in found)
        if pictures <= cut:
            assert len(found) == 1
        else:
            assert len(found) <= -(-pictures // cut)
    mine = [
        {slots.of(host, digest(host, str(n))) for n in range(pictures)} for host, pictures in hot
    ]
    assert sum(map(len, mine)) == len(set().union(*mine))


def test_lanes_share_a_hosts_budget_and_run_every_shard_once() -> None:
    shards = [{"number": n, "plan": f"{n}", "host": "a.org:80" if n % 2 else ""} for n in range(12)]
    lanes = lanes_of(shards, per_host=8, workers=3)
    assert sorted(shard.number for lane in lanes for shard in lane.shards) == list(range(12))
    hot = [lane for lane in lanes if lane.shards[0].number % 2]
    assert len(hot) == 3
    assert sum(lane.budget.at_once for lane in hot) <= 8
    assert {lane.budget.sharers for lane in hot} == {3}


def test_only_shards_that_speak_for_all_hosts_judge_the_network() -> None:
    def judges(*hosts: str) -> list[bool]:
        shards = [{"number": n, "plan": "", "host": host} for n, host in enumerate(hosts)]
        lanes = lanes_of(shards, per_host=8, workers=2)
        found = [shard for lane in lanes for shard in lane.shards]
        return [shard.judges_network for shard in sorted(found, key=lambda shard: shard.number)]

    assert judges("a.org:80", "a.org:80") == [True, True]
    assert judges("a.org:80", "", "b.org:80") == [False, True, False]


def test_bucket_of_is_even_and_in_order() -> None:
    ids = sorted(digest(str(n)) for n in range(2000))
    buckets = [bucket_of(id_, 9) for id_ in ids]
    assert buckets == sorted(buckets)
    assert set(buckets) == set(range(9))


def test_pictures_lie_in_the_same_shards_with_any_number_of_workers(
    write_recipe: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.lane_plan._SMALLEST_SHARD", 2)
    monkeypatch.setattr(GatherStage, "_fetch", _stop)
    recipe, found = read_recipe(str(write_recipe(tmp_path))), []
    for workers in (0, 1, 2, 7):
        work = Folder(recipe.output) / f"work-{workers}"
        with pytest.raises(RunError, match="planned"):
            GatherStage(Run(recipe, None, (), (), workers, lambda _: None)).run(work)
        found.append(digests(Path(work.path("plan/shards"))))
    assert found == found[:1] * 4
    assert len(found[0]) > 1


def _stop(*_: object) -> None:
    raise RunError("planned")
