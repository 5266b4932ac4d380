"""img2dataset in `gather`'s place: it fetches, resizes and encodes, we account and commit.

Its own `Downloader` and `Resizer` work off a planned shard. The writer and the resizer that we hand
to it see each picture with img2dataset's columns; from those come our rows and our tar.
"""

import io
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import apache_beam as beam
import cv2
import numpy as np
import pyarrow as pa
from PIL import Image, UnidentifiedImageError

from filters.img2dataset_words import Img2datasetFault, img2dataset_reason
from filters.opt_outs import agent_token
from pipelines.commit import Attempt, is_committed
from pipelines.decoding import FORMATS
from pipelines.gathered_rows import Gathered, commit_shard, gathering
from pipelines.img2dataset_options import Img2dataset
from pipelines.lanes import Lane, PlannedShard, check_any_answer
from pipelines.measuring import measured
from pipelines.recipe import Gather
from pipelines.resizing import Pixels
from pipelines.storage import Folder
from pipelines.transforms.tables import read_rows
from schemas.layout import IMAGE_SUFFIXES
from schemas.rows import Measures, PlannedPicture

_RESIZE_MODES = {
    "keep-ratio": "keep_ratio",
    "longest-side": "keep_ratio_largest",
    "center-crop": "center_crop",
    "border": "border",
    "none": "no",
}
_PNG_COMPRESSION = 6  # in [0, 9]: zlib's own default; our `quality` says nothing of PNG
_COLUMNS = ["uid", "url"]


class Img2datasetLane(beam.DoFn):
    """Has img2dataset gather a lane's shards, and commits them; those committed are passed over."""

    def __init__(self, output: Folder, rules: Gather, _hosts: Folder) -> None:
        self._output = output
        self._rules = rules

    def setup(self) -> None:
        os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # its import would ask the network

    def process(self, lane: Lane) -> Iterator[int]:
        for shard in lane.shards:
            if not is_committed(self._output, shard.number):
                self._gather(shard)
            yield shard.number

    def _gather(self, shard: PlannedShard) -> None:
        pictures = read_rows(self._output, shard.plan, PlannedPicture)
        attempt = Attempt(self._output, shard.number)
        started = time.time()
        with gathering(attempt, shard.number, self._rules.image_format) as gathered:
            _download(pictures, gathered, self._rules)
        if shard.judges_network:
            check_any_answer(self._output, gathered.rows)
        commit_shard(attempt, gathered.rows, gathered.stats(started, time.time(), []))


def _download(pictures: list[PlannedPicture], gathered: Gathered, rules: Gather) -> None:
    """Has img2dataset fetch `pictures`; each is kept or lost in `gathered`."""
    from img2dataset.downloader import Downloader

    options = rules.img2dataset or Img2dataset()
    resizer = _Resizer(_their_resizer(rules, options))
    writer = _Writer({picture.uid: picture for picture in pictures}, gathered, resizer)
    with tempfile.TemporaryDirectory(prefix="pairmill-") as folder:
        downloader = Downloader(
            sample_writer_class=lambda *_: writer,
            resizer=resizer,
            thread_count=rules.concurrency,
            save_caption=False,
            extract_exif=options.extract_exif,
            output_folder=folder,  # of its own statistics, which ours replace
            column_list=_COLUMNS,
            timeout=rules.deadline_s,
            number_sample_per_shard=len(pictures),
            oom_shard_count=1,
            compute_hash="sha256",
            verify_hash_type=None,
            encode_format=IMAGE_SUFFIXES[rules.image_format],
            retries=rules.retries,
            user_agent_token=agent_token(rules.user_agent),
            disallowed_header_directives=options.disallowed_header_directives or None,
        )
        downloader.download_shard((0, _write_plan(pictures, Path(folder))))
    writer.finish()


def _write_plan(pictures: list[PlannedPicture], folder: Path) -> str:
    """The file that img2dataset reads its shard from, and removes."""
    path = folder / "plan.arrow"
    columns = [[picture.uid for picture in pictures], [picture.location for picture in pictures]]
    table = pa.table(columns, names=_COLUMNS)
    with pa.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table)
    return str(path)


class _Resizes(Protocol):
    """img2dataset's `Resizer`: stored bytes, width, height, the original's, what went wrong."""

    def __call__(self, img_stream: io.BytesIO, blurring_bbox_list: None) -> tuple[Any, ...]: ...


def _their_resizer(rules: Gather, options: Img2dataset) -> _Resizes:
    from img2dataset.resizer import Resizer

    resizer: _Resizes = Resizer(
        image_size=rules.image_size,
        resize_mode=_RESIZE_MODES[rules.resize],
        resize_only_if_bigger=rules.only_shrink,
        upscale_interpolation=options.upscale_interpolation,
        downscale_interpolation=options.downscale_interpolation,
        encode_quality=_PNG_COMPRESSION if rules.image_format == "png" else rules.quality,
        encode_format=IMAGE_SUFFIXES[rules.image_format],
        skip_reencode=options.skip_reencode,
        min_image_size=options.min_image_size,
        max_image_area=rules.max_pixels,
        max_aspect_ratio=options.max_aspect_ratio or float("inf"),
    )
    return resizer


class _Resizer:
    """img2dataset's resizer, and what only it sees of the original.

    Attributes:
      original_size: bytes of the latest picture.
      original_format: of the latest picture, "" where Pillow does not know it.
    """

    def __init__(self, theirs: _Resizes) -> None:
        self._theirs = theirs
        self.original_size = 0
        self.original_format = ""

    def __call__(self, img_stream: io.BytesIO, blurring_bbox_list: None) -> tuple[Any, ...]:
        self.original_size = img_stream.getbuffer().nbytes
        self.original_format = _format(img_stream)
        return self._theirs(img_stream, blurring_bbox_list)


def _format(stream: io.BytesIO) -> str:
    try:
        return str(Image.open(stream, formats=FORMATS).format).lower()
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return ""  # OpenCV reads more formats, and decides


@dataclass(slots=True)
class _Writer:
    """What img2dataset takes for its writer: a call for each picture, right after the resizer's.

    Attributes:
      pictures: those that it has not called for yet, by uid.
      gathered: takes them up.
      resizer: has just seen the picture, if it was fetched at all.
      error: what went wrong here, which img2dataset prints and forgets.
    """

    pictures: dict[str, PlannedPicture]
    gathered: Gathered
    resizer: _Resizer
    error: Exception | None = field(default=None)

    def write(self, image: bytes | None, _key: str, _caption: None, meta: dict[str, Any]) -> None:
        try:
            picture = self.pictures.pop(meta["uid"])
            if image is None:
                message = meta["error_message"]
                reason = img2dataset_reason(message)
                self.gathered.lose(picture, meta["status"], reason, message)
            else:
                self.gathered.keep(picture, image, self._measures(image, meta))
        except Exception as error:
            self.error = self.error or error
            raise

    def close(self) -> None:
        """Is part of what a writer is; the tar is closed by who opened it."""

    def finish(self) -> None:
        """Accounts for pictures that img2dataset never called for, its own error printed."""
        if self.error is not None:
            raise self.error
        for picture in self.pictures.values():
            words = "img2dataset gave no result for it, its log may say why"
            self.gathered.lose(picture, "failed_to_resize", Img2datasetFault.FAILED, words)

    def _measures(self, image: bytes, meta: dict[str, Any]) -> Measures:
        return Measures(
            width=meta["width"],
            height=meta["height"],
            original_width=meta["original_width"],
            original_height=meta["original_height"],
            exif=meta.get("exif") or "{}",
            sha256=meta["sha256"],
            original_size=self.resizer.original_size,
            original_format=self.resizer.original_format,
            **measured(_pixels(image)),
        )


def _pixels(image: bytes) -> Pixels:
    """What img2dataset stored, read as it reads: also where it let a cut picture pass."""
    how = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    decoded = cv2.imdecode(np.frombuffer(image, np.uint8), how)
    assert decoded is not None, "OpenCV reads what it has written"
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), dtype=np.uint8)
