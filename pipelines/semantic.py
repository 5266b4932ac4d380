"""Pictures that mean the same as a better one: SemDeDup by Beam passes.

No pass holds more than a piece of a cluster, a gathered shard's embeddings, or the sample that
clusters are fitted on. The embeddings are the first teacher's that is not cross-fitted, since those
of different folds are of different spaces.
"""

import io
import json
from collections.abc import Iterator
from functools import partial

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from filters.spheres import (
    SAMPLED,
    SemanticRules,
    Whole,
    duplicates_of,
    fit_centres,
    is_sampled,
    nearest_centres,
    whole,
)
from pipelines.parts import row_count
from pipelines.selecting import DUPLICATES, Inputs, read_part
from pipelines.stages import Run
from pipelines.storage import Folder
from pipelines.teachers import first_of_one_space
from pipelines.transforms.blocks import (
    Deal,
    Keyed,
    Regroup,
    column_buckets,
    hash_buckets,
    one_bucket,
    pieces_for,
)
from pipelines.transforms.tables import read_table, write_table
from pipelines.transforms.tally import Count, Tally
from schemas.ids import share_of
from schemas.layout import embeddings_folder, part_name, shard_name

CLUSTERS_FILE = "clusters.json"
_CENTRES_FILE = "centres.npy"
_CLUSTERED = "clustered"

_CANDIDATES = pa.schema(
    [("uid", pa.string()), ("shard", pa.int64()), ("standing", pa.float64())]
)  # pictures that are left, where they lie, and how high their best caption stands
_SAMPLE = pa.schema([("uid", pa.string()), ("embedding", pa.binary())])
_PLACED = pa.schema(
    [
        ("uid", pa.string()),
        ("standing", pa.float64()),
        ("row", pa.int64()),
        ("cluster", pa.int64()),
    ]
)  # candidates of a shard: the row of their embedding, and their cluster
_MEMBERS = pa.schema(
    [
        ("uid", pa.string()),
        ("standing", pa.float64()),
        ("piece", pa.int64()),
        ("embedding", pa.binary()),
    ]
)
_VERDICTS = pa.schema([("uid", pa.string()), ("kept_uid", pa.string()), ("cosine", pa.float64())])


def find_duplicates(run: Run, inputs: Inputs, parts: int, rules: SemanticRules) -> None:
    """Writes `work/duplicates` in the captions' parts, and what was done to `work/clusters.json`.

    Args:
      run: the run.
      inputs: as the steps before left the parts.
      parts: how many.
      rules: what means the same.
    """
    run.step("looking for pictures that mean the same")
    assert run.recipe.score is not None
    teacher = first_of_one_space(run.recipe.score)
    assert teacher is not None, "the recipe was checked"
    work = inputs.work
    folder = run.output / embeddings_folder(teacher, inputs.kept.branch.of_pictures)
    shards = [int(name[:-4]) for name in folder.names() if name.endswith(".npy")]
    pictures = sum(row_count(folder, f"{shard_name(shard)}.parquet") for shard in shards)
    clusters = rules.clusters_for(pictures)
    if not shards:
        work.write(CLUSTERS_FILE, json.dumps(_told(np.zeros(0, np.int64), rules)).encode())
        _write_nothing(work, parts)
        return
    _fit(run, work, folder, shards, min(1.0, SAMPLED * clusters / max(1, pictures)), clusters)
    _place(run, inputs, folder, shards, parts)
    counts = _counts(work, clusters)
    work.write(CLUSTERS_FILE, json.dumps(_told(counts, rules)).encode())
    _compare(run, work, folder, shards, parts, counts, rules)


def _fit(
    run: Run, work: Folder, folder: Folder, shards: list[int], share: float, clusters: int
) -> None:
    """Fits centres to a sample of all embeddings, by uid in order."""
    sampled = partial(_sampled, folder=folder, seed=run.recipe.seed, share=share)
    with run.pipeline(pieces_for(len(shards))) as pipeline:
        tables = pipeline | Deal("shards to sample", shards) | beam.Map(sampled)
        _ = (
            {"sample": tables}
            | Regroup("sample", {"sample": _SAMPLE}, 1, one_bucket)
            | "WriteSample" >> beam.Map(lambda keyed: _write_sample(work, keyed))
        )
    sample = _rows_in(read_table(work, "sample.parquet")["embedding"])
    _save(work, fit_centres(sample, clusters))


def _place(run: Run, inputs: Inputs, folder: Folder, shards: list[int], parts: int) -> None:
    """Writes each shard's candidates with their clusters, and counts these."""
    work, number = inputs.work, max(shards) + 1
    with run.pipeline(pieces_for(max(parts, len(shards)))) as pipeline:
        candidates = (
            pipeline
            | Deal("parts", range(parts))
            | "Candidates" >> beam.Map(_candidates, inputs=inputs)
        )
        _ = (
            {"candidates": candidates}
            | Regroup(
                "candidates by shard",
                {"candidates": _CANDIDATES},
                number,
                column_buckets("shard"),
            )
            | "Place" >> beam.FlatMap(_placed, folder=folder, work=work)
            | Tally(work, "placed.json")
        )


def _compare(
    run: Run,
    work: Folder,
    folder: Folder,
    shards: list[int],
    parts: int,
    counts: np.ndarray,
    rules: SemanticRules,
) -> None:
    """Brings clusters together, or their pieces, and writes who is turned away for whom."""
    pieces = np.maximum(1, -(-counts // rules.largest_cluster))
    first = np.cumsum(pieces) - pieces
    with run.pipeline(pieces_for(max(parts, len(shards)))) as pipeline:
        members = (
            pipeline
            | Deal("shards", range(max(shards) + 1))
            | "Members" >> beam.FlatMap(_members, folder=folder, work=work, first=first, of=pieces)
        )
        verdicts = (
            {"members": members}
            | Regroup(
                "members by cluster",
                {"members": _MEMBERS},
                int(pieces.sum()),
                column_buckets("piece"),
            )
            | "Compare" >> beam.Map(_compared, min_cosine=rules.min_cosine)
        )
        _ = (
            {"verdicts": verdicts}
            | Regroup("verdicts by uid", {"verdicts": _VERDICTS}, parts, hash_buckets("uid", parts))
            | "Write"
            >> beam.Map(
                lambda keyed: write_table(
                    work / DUPLICATES, part_name(keyed[0]), keyed[1]["verdicts"].sort_by("uid")
                )
            )
        )


def _told(counts: np.ndarray, rules: SemanticRules) -> dict[str, int]:
    return {
        "clusters": len(counts),
        "pictures": int(counts.sum()),
        "largest": int(counts.max(initial=0)),
        "cut_in_pieces": int((counts > rules.largest_cluster).sum()),
    }


def _write_nothing(work: Folder, parts: int) -> None:
    for part in range(parts):
        write_table(work / DUPLICATES, part_name(part), _VERDICTS.empty_table())


# The sample


def _sampled(shard: int, folder: Folder, seed: int, share: float) -> pa.Table:
    uids, rows = _embeddings(folder, shard)
    chosen = np.array([is_sampled(uid, seed, share) for uid in uids], np.bool_)
    taken = [uid for uid, is_taken in zip(uids, chosen, strict=True) if is_taken]
    return pa.table([taken, _column_of(whole(rows[chosen]))], schema=_SAMPLE)


def _write_sample(work: Folder, keyed: Keyed) -> None:
    write_table(work, "sample.parquet", keyed[1]["sample"].sort_by("uid"))


def _save(work: Folder, centres: Whole) -> None:
    file = io.BytesIO()
    np.save(file, centres)
    work.write(_CENTRES_FILE, file.getvalue())


# A shard


def _candidates(number: int, inputs: Inputs) -> pa.Table:
    part = read_part(inputs, number)
    best = part.best_rows()
    uids = list(best)
    at = pc.index_in(pa.array(uids, pa.string()), value_set=part.pictures["uid"].combine_chunks())
    shards = part.pictures["image_shard"].take(at)
    return pa.table([uids, shards, part.standings[list(best.values())]], schema=_CANDIDATES)


def _placed(keyed: Keyed, folder: Folder, work: Folder) -> Iterator[Count]:
    shard, tables = keyed
    candidates = tables["candidates"].sort_by("uid")
    rows, clusters = np.empty(0, np.int64), np.empty(0, np.int64)
    if candidates.num_rows:
        uids, embeddings = _embeddings(folder, shard)
        at = pc.index_in(candidates["uid"], value_set=pa.array(uids, pa.string()))
        candidates, at = candidates.filter(pc.is_valid(at)), pc.drop_null(at)
        rows = at.to_numpy()
        centres = np.load(io.BytesIO(work.read(_CENTRES_FILE)))
        clusters = nearest_centres(whole(embeddings[rows]), centres)
    columns = [candidates["uid"], candidates["standing"], rows, clusters]
    write_table(work / _CLUSTERED, part_name(shard), pa.table(columns, schema=_PLACED))
    present, number = np.unique(clusters, return_counts=True)
    for cluster, n in zip(present.tolist(), number.tolist(), strict=True):
        yield str(cluster), n


def _counts(work: Folder, clusters: int) -> np.ndarray:
    """Pictures in each cluster."""
    counts = np.zeros(clusters, np.int64)
    for cluster, n in json.loads(work.read("placed.json")).items():
        counts[int(cluster)] = n
    return counts


def _members(
    shard: int, folder: Folder, work: Folder, first: np.ndarray, of: np.ndarray
) -> Iterator[pa.Table]:
    table = read_table(work / _CLUSTERED, part_name(shard))
    if not table.num_rows:
        return
    _, embeddings = _embeddings(folder, shard)
    clusters, uids = table["cluster"].to_numpy(), table["uid"].to_pylist()
    pieces = first[clusters]
    for row in np.flatnonzero(of[clusters] > 1).tolist():
        pieces[row] += int(share_of("piece", uids[row]) * of[clusters[row]])
    column = _column_of(whole(embeddings[table["row"].to_numpy()]))
    yield pa.table([uids, table["standing"], pieces, column], schema=_MEMBERS)


def _compared(keyed: Keyed, min_cosine: float) -> pa.Table:
    members = keyed[1]["members"].sort_by([("standing", "descending"), ("uid", "ascending")])
    if members.num_rows < 2:
        return _VERDICTS.empty_table()
    twins, cosines = duplicates_of(_rows_in(members["embedding"]), min_cosine)
    going = np.flatnonzero(twins >= 0)
    uids = members["uid"].combine_chunks()
    columns = [uids.take(pa.array(going)), uids.take(pa.array(twins[going])), cosines[going]]
    return pa.table(columns, schema=_VERDICTS)


# Embeddings


def _embeddings(folder: Folder, shard: int) -> tuple[list[str], np.ndarray]:
    """The uids of a shard's pictures, and their embeddings, float16 [pictures, dim]."""
    name = shard_name(shard)
    uids = read_table(folder, f"{name}.parquet", ["uid"])["uid"].to_pylist()
    return uids, np.load(io.BytesIO(folder.read(f"{name}.npy")))


def _column_of(rows: Whole) -> pa.Array:
    return pa.array([row.tobytes() for row in rows], pa.binary())


def _rows_in(column: pa.ChunkedArray) -> Whole:
    """The embeddings in a column; shape [rows, dim]."""
    values = column.to_pylist()
    dim = len(values[0]) // np.dtype(np.int16).itemsize if values else 0
    return np.frombuffer(b"".join(values), np.int16).reshape(len(values), dim)
