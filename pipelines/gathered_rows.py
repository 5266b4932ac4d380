"""What became of pictures: their rows in a gathered shard, their samples in its tar, its sums."""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from pipelines.commit import Attempt
from pipelines.tars import TarWriter
from pipelines.transforms.blocks import table_of
from pipelines.transforms.tables import write_table
from schemas.layout import IMAGE_SUFFIXES, STATS_SUFFIX
from schemas.rows import Fate, GatheredPicture, Measures, PlannedPicture

_NOTHING = Measures(0, 0, 0, 0, "", "", 0, "", "", 0, 0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Gathered:
    """A shard in the making.

    Attributes:
      number: of the shard.
      tar: gets the kept pictures.
      image_format: of these.
      rows: so far.
    """

    number: int
    tar: TarWriter
    image_format: str
    rows: list[GatheredPicture] = field(default_factory=list)

    def keep(self, picture: PlannedPicture, image: bytes, measures: Measures) -> None:
        """Adds the sample to the tar, its members side by side."""
        offset = self.tar.add(f"{picture.uid}.{IMAGE_SUFFIXES[self.image_format]}", image)
        row = self._row(picture, measures, image_offset=offset, image_size=len(image))
        self.tar.add(f"{picture.uid}.txt", picture.caption.encode())
        self.tar.add(f"{picture.uid}.json", json.dumps(_values(row), ensure_ascii=False).encode())
        self.rows.append(row)

    def lose(self, picture: PlannedPicture, status: str, reason: str, detail: str) -> None:
        """Accounts for a picture that could not be had."""
        row = self._row(
            picture,
            _NOTHING,
            status=status,
            error_message=f"{reason}: {detail}"[:500].encode("utf-8", "replace").decode(),
            fate=Fate.FAILED.value,
            reason=reason,
        )
        self.rows.append(row)

    def stats(self, started: float, ended: float) -> dict[str, Any]:
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
        }

    def _row(self, picture: PlannedPicture, measures: Measures, **changes: Any) -> GatheredPicture:
        known: dict[str, Any] = {
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
        }
        return GatheredPicture(**_values(measures), **(known | changes))


def commit_shard(attempt: Attempt, rows: list[GatheredPicture], stats: dict[str, Any]) -> None:
    """Writes what stands beside the attempt's tar, and commits it."""
    ordered = sorted(rows, key=lambda row: row.uid)
    write_table(attempt.folder, attempt.name(".parquet"), table_of(GatheredPicture, ordered))
    attempt.folder.write(attempt.name(STATS_SUFFIX), json.dumps(stats, indent=1).encode())
    attempt.commit()


def _values(row: Measures) -> dict[str, Any]:
    """The fields of a flat row; `dataclasses.asdict` copies deeply and takes ten times as long."""
    return {name: getattr(row, name) for name in row.__dataclass_fields__}
