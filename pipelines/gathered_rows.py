"""What became of pictures: rows of a gathered shard, samples in its tar, its statistics."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

from filters.response import fate_of
from pipelines.commit import Attempt
from pipelines.tars import TarWriter
from pipelines.transforms.blocks import table_of
from pipelines.transforms.tables import write_table
from schemas.fates import Fate
from schemas.layout import IMAGE_SUFFIXES, STATS_SUFFIX
from schemas.rows import GatheredPicture, Measures, PlannedPicture

NOTHING = Measures(0, 0, 0, 0, "", "", 0, "", "", 0, 0.0, 0.0, 0.0, 0.0, 0.0)
as_json = json.JSONEncoder(ensure_ascii=False).encode  # made once: it is a third of the cost
_MOST_HOSTS = 100  # named in a shard's statistics


@dataclass(slots=True)
class Gathered:
    """A shard in the making.

    Attributes:
      number: of the shard.
      tar: gets the kept pictures.
      image_format: of these.
      rows: so far.
      failing: how many of a host's pictures were not kept, by `host:port`.
      sha256_mismatches: pictures whose bytes are not those that their source expects.
      latencies: pictures by milliseconds that their fetching took, rounded up to a power of two.
    """

    number: int
    tar: TarWriter
    image_format: str
    rows: list[GatheredPicture] = field(default_factory=list)
    row_type: ClassVar[type[GatheredPicture]] = GatheredPicture
    failing: Counter[str] = field(default_factory=Counter)
    sha256_mismatches: int = 0
    latencies: Counter[int] = field(default_factory=Counter)

    def keep(self, picture: PlannedPicture, image: bytes, measures: Measures) -> None:
        """Adds the sample to the tar, its members side by side."""
        suffix = IMAGE_SUFFIXES[self.image_format]
        offset = self.tar.add(f"{picture.uid}.{suffix}", image)
        values = self.values(picture, measures, image_offset=offset, image_size=len(image))
        self.tar.add(f"{picture.uid}.txt", picture.caption.encode())
        self.tar.add(f"{picture.uid}.json", as_json(values).encode())
        self.add(values)

    def add(self, values: dict[str, Any]) -> None:
        """Adds a row, of `values`."""
        self.rows.append(self.row_type(**values))

    def lose(self, picture: PlannedPicture, status: str, reason: str, detail: str) -> None:
        """Accounts for a picture that could not be had, or was turned away."""
        words = f"{reason}: {detail}"[:500].encode("utf-8", "replace").decode()
        values = self.values(
            picture,
            NOTHING,
            status=status,
            error_message=words,
            fate=fate_of(reason).value,
            reason=reason,
        )
        self.add(values)
        if picture.host:
            self.failing[picture.host] += 1

    def took(self, seconds: float) -> None:
        self.latencies[1 << int(seconds * 1000).bit_length()] += 1

    def values(self, picture: PlannedPicture, measures: Measures, **changes: Any) -> dict[str, Any]:
        """A `GatheredPicture`'s; `dataclasses.asdict` copies deeply and takes ten times as long."""
        return {
            **{name: getattr(measures, name) for name in measures.__dataclass_fields__},
            "key": picture.uid,
            "uid": picture.uid,
            "url": picture.url,
            "caption": picture.caption,
            "language": picture.language,
            "source": picture.source,
            "licence": picture.licence,
            "status": "success",
            "error_message": "",
            "fate": Fate.KEPT.value,
            "reason": "",
            "image_shard": self.number,
            "image_offset": 0,
            "image_size": 0,
            **changes,
        }

    def stats(self, started: float, ended: float, answered: list[str]) -> dict[str, Any]:
        """img2dataset's statistics of a shard, and ours."""
        statuses = Counter(row.status for row in self.rows)
        messages = Counter(row.reason or "success" for row in self.rows)
        return {
            "count": len(self.rows),
            "successes": statuses["success"],
            "failed_to_download": statuses["failed_to_download"],
            "failed_to_resize": statuses["failed_to_resize"],
            "duration": ended - started,
            "start_time": started,
            "end_time": ended,
            "status_dict": dict(sorted(messages.items())),
            "bytes_fetched": sum(row.original_size for row in self.rows),
            "bytes_stored": sum(row.image_size for row in self.rows),
            "sha256_mismatches": self.sha256_mismatches,
            "latency_ms": {str(upto): n for upto, n in sorted(self.latencies.items())},
            "failing_hosts": dict(self.failing.most_common(_MOST_HOSTS)),
            "answered": answered,
        }


@contextmanager
def gathering(
    attempt: Attempt, number: int, image_format: str, kind: type[Gathered] = Gathered
) -> Iterator[Gathered]:
    """Gives shard `number` to fill; on success the attempt's tar is whole, else there is none."""
    with (
        attempt.folder.writing(attempt.name(".tar")) as path,
        path.open("wb", buffering=1 << 20) as file,
    ):
        tar = TarWriter(file)
        yield kind(number, tar, image_format)
        tar.close()


def commit_shard(
    attempt: Attempt,
    rows: list[GatheredPicture],
    stats: dict[str, Any],
    row_type: type[GatheredPicture] = GatheredPicture,
) -> None:
    """Writes what stands beside the attempt's tar, and commits it."""
    ordered = sorted(rows, key=lambda row: row.uid)
    write_table(attempt.folder, attempt.name(".parquet"), table_of(row_type, ordered))
    attempt.folder.write(attempt.name(STATS_SUFFIX), json.dumps(stats, indent=1).encode())
    attempt.commit()
