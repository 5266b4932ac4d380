"""Decoded samples a second of the trainer's loader, against bare webdataset on the same shards.

    python -m benchmarks.loader [--pictures FOLDER] [--samples N] [--loaders 0 1 2] [--rounds R]

Packs N captions of the pictures of a folder, 256 pixels on the shorter side, one sample a caption.
Both read the same tars and do the same to each sample: decode with OpenCV, fit to 224 pixels, cut
the caption to tokens with the same tokenizer, in batches of the same size, handed to this process
by as many loading processes. webdataset reads shard after shard as they lie; ours makes batches of
different pictures and texts out of shuffled shards, drawing a caption by language, and can be taken
up anywhere. They take turns, R times each; the first batches, while processes start, are not
counted. Shown are the medians of samples a second and of the CPU time of a sample in all processes,
which a busy machine disturbs less, and ours against theirs: at least 0.90 is the aim.

Then planning alone, without pictures, for sets of a tenth and of all of `--planned` samples:
CPU seconds and microseconds, and how far the process's memory rose.
"""

import argparse
import gc
import json
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import torch
import webdataset
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from benchmarks.harness import (
    captions,
    curate,
    drawn_pictures,
    found_pictures,
    show,
    write_recipe,
    write_table,
)
from model.batches import Place, Stream
from model.feed import Feed, Position
from model.fitting import PictureFit
from model.loading import PieceReader
from model.plan import DataSet, Running, Stage
from model.samples import ImageSet
from model.tokens import learn_tokenizer

_STORED, _FITTED = 256, 224  # pixels
_TOKENS = 64
_BATCH = 64
_FIRST = 8  # batches that are not counted
_PER_SHARD = 1000
_PER_PLANNED_SHARD = 10_000
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Work:
    """What both loaders do.

    Attributes:
      folder: of the shards.
      samples: in them.
      tokenizer: …
      loaders: processes beside this one.
    """

    folder: Path
    samples: int
    tokenizer: PreTrainedTokenizerBase
    loaders: int

    @property
    def batches(self) -> int:
        """Whole ones of an epoch."""
        return self.samples // _BATCH - max(1, self.loaders)  # webdataset's are cut a process


@dataclass(frozen=True, slots=True)
class Decode:
    """What is done to a sample that webdataset has read."""

    fit: PictureFit

    def __call__(self, sample: dict[str, bytes]) -> tuple[Tensor, str]:
        decoded = cv2.imdecode(np.frombuffer(sample["jpg"], np.uint8), cv2.IMREAD_COLOR)
        fitted = self.fit(decoded, "")  # [s, s, 3], blue first
        planes = np.stack(cv2.split(fitted)[::-1])  # [3, s, s]
        return torch.from_numpy(planes), sample["txt"].decode()


@dataclass(frozen=True, slots=True)
class Collate:
    """What is done to a batch of them."""

    tokenizer: PreTrainedTokenizerBase

    def __call__(self, rows: list[tuple[Tensor, str]]) -> tuple[Tensor, Tensor, Tensor]:
        pixels, texts = zip(*rows, strict=True)
        tokens = self.tokenizer(
            list(texts), padding=True, truncation=True, max_length=_TOKENS, return_tensors="pt"
        )
        return torch.stack(pixels), tokens["input_ids"], tokens["attention_mask"]


def with_webdataset(work: Work) -> Iterator[int]:
    """Yields how many pictures each batch has."""
    tars = sorted(map(str, work.folder.glob("*.tar")))
    read = webdataset.WebDataset(
        tars, shardshuffle=False, workersplitter=webdataset.split_by_worker
    )
    decoded = read.map(Decode(PictureFit(_FITTED, crops=True)))
    batched = decoded.batched(_BATCH, collation_fn=Collate(work.tokenizer))
    loader = webdataset.WebLoader(
        batched,
        batch_size=None,
        num_workers=work.loaders,
        multiprocessing_context="forkserver" if work.loaders else None,
    )
    for pixels, _, _ in loader:
        yield len(pixels)


def with_ours(work: Work) -> Iterator[int]:
    """Yields how many pictures each batch has."""
    stage = Stage("all", 1, images=(DataSet(str(work.folder)),), image_batch=_BATCH)
    feed = Feed(stage, Running(loaders=work.loaders), "17", (0, 1), Position())
    reader = PieceReader(work.tokenizer, _TOKENS, PictureFit(_FITTED, crops=True))
    for batch in feed.batches(work.batches, reader, pin=False):
        yield sum(len(piece.pixels) for piece in batch.pieces)


@dataclass(frozen=True, slots=True)
class Speed:
    """Of one run.

    Attributes:
      rate: samples a second.
      cpu_ms: of a sample, in all processes.
    """

    rate: float
    cpu_ms: float


def measure(batches: Iterable[int], count: int) -> Speed:
    """Of the batches from the ninth on to the `count`th."""
    sizes = iter(batches)
    for _ in islice(sizes, _FIRST):
        pass
    began, cpu_began = time.perf_counter(), _cpu_seconds()
    read = sum(islice(sizes, count - _FIRST))
    cpu_seconds = _cpu_seconds() - cpu_began
    return Speed(read / (time.perf_counter() - began), cpu_seconds / read * 1e3)


def _cpu_seconds() -> float:
    """Of this process and all below it."""
    process = psutil.Process()
    times = [each.cpu_times() for each in (process, *process.children(recursive=True))]
    return sum(each.user + each.system for each in times)


def pack(folder: Path, pictures: list[Path], samples: int) -> Path:
    """Packs captions of the pictures; returns the folder of the shards."""
    write_table(folder / "table.parquet", samples, lambda row: str(pictures[row % len(pictures)]))
    gather = {"allow_local_files": True, "image_size": _STORED}
    cut = {"sample": "caption", "samples_per_shard": _PER_SHARD}
    curate(write_recipe(folder, folder / "table.parquet", gather, cut))
    return folder / "out" / "shards" / "pairs" / "train"


def show_loading(folder: Path, loaders: list[int], rounds: int) -> None:
    samples = sum(json.loads((folder / "sizes.json").read_text()).values())
    texts = (text for _, text in captions(1000))
    tokenizer = learn_tokenizer(texts, 2000)
    rows = []
    for number in loaders:
        work = Work(folder, samples, tokenizer, number)
        theirs, ours = [], []
        for _ in range(rounds):
            theirs.append(measure(with_webdataset(work), work.batches))
            ours.append(measure(with_ours(work), work.batches))
        rates = [median(speed.rate for speed in way) for way in (theirs, ours)]
        cpu = [median(speed.cpu_ms for speed in way) for way in (theirs, ours)]
        rows.append(
            (
                f"{number}",
                *(f"{rate:,.0f}" for rate in rates),
                f"{rates[1] / rates[0]:.2f}",
                *(f"{each:.2f}" for each in cpu),
                f"{cpu[0] / cpu[1]:.2f}",
            )
        )
    print(f"{samples:,} samples, batches of {_BATCH}, median of {rounds}\n")
    header = ("loading processes", "webdataset/s", "ours/s", "ratio", "CPU ms", "ours", "ratio")
    show(header, rows)


def write_planned(folder: Path, samples: int) -> None:
    """Tables of so many samples of two captions each, as beside shards whose pictures are away."""
    folder.mkdir()
    texts = captions(2 * samples)
    sizes = {}
    for number, first in enumerate(range(0, samples, _PER_PLANNED_SHARD)):
        keys = [f"{n:032x}" for n in range(first, min(first + _PER_PLANNED_SHARD, samples))]
        places = [n * 32_768 for n in range(len(keys))]
        rows = {"key": keys, "uid": keys, "image_offset": places, "image_size": places}
        pq.write_table(pa.table(rows), folder / f"{number:05d}.parquet")
        languages, written = zip(*islice(texts, 2 * len(keys)), strict=True)
        twice = [key for key in keys for _ in range(2)]
        rows = {"key": twice, "language": languages, "text": written}
        pq.write_table(pa.table(rows), folder / f"{number:05d}.captions.parquet")
        sizes[f"{number:05d}.tar"] = len(keys)
    (folder / "sizes.json").write_text(json.dumps(sizes))


def measure_planning(folder: Path, shuffle: int) -> dict[str, float]:
    """One epoch: CPU seconds to open, to plan a sample, to plan the longest batch; MiB."""
    process = psutil.Process()
    gc.collect()
    before, began = process.memory_info().rss, time.process_time()
    images = ImageSet(str(folder), temperature=2)
    opened = time.process_time()
    stream = Stream(images, 1024, "17", shuffle, Place())
    longest, most, planned = 0.0, 0, 0
    while stream.place.epoch == 0:
        begun = time.process_time()
        planned += len(stream.next())
        longest = max(longest, time.process_time() - begun)
        most = max(most, process.memory_info().rss - before)
    seconds = time.process_time() - opened
    return {
        "open": opened - began, "plan": seconds / planned, "wait": longest, "mib": most / _MIB,
    }  # fmt: skip


def _alone(work: Callable[[], dict[str, float]]) -> dict[str, float]:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work).result()


def show_planning(scratch: Path, samples: int) -> None:
    rows = []
    for size in (samples // 10, samples):
        folder = scratch / f"planned-{size}"
        write_planned(folder, size)
        for shuffle in (20_000, 100_000):
            found = _alone(partial(measure_planning, folder, shuffle))
            rows.append(
                (
                    f"{size:,}",
                    f"{shuffle:,}",
                    f"{found['open']:.2f}",
                    f"{found['plan'] * 1e6:.1f}",
                    f"{found['wait']:.2f}",
                    f"{found['mib']:,.0f}",
                )
            )
    show(("samples", "shuffled", "opened in s", "µs a sample", "longest s", "MiB"), rows)


def main() -> None:
    """Prints the two tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=Path, help="a folder; drawn where not given")
    parser.add_argument("--samples", type=int, default=6_000)
    parser.add_argument("--loaders", type=int, nargs="*", default=[0, 1, 2], help="processes")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--planned", type=int, default=1_000_000, help="samples; 0: none")
    args = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="pairmill-benchmark-") as scratch:
        folder = Path(scratch)
        pictures = (
            found_pictures(args.pictures.resolve())
            if args.pictures
            else drawn_pictures(folder / "pictures", args.samples)
        )
        if args.loaders:
            shards = pack(folder, pictures, args.samples)
            show_loading(shards, args.loaders, args.rounds)
        if args.planned:
            show_planning(folder, args.planned)


if __name__ == "__main__":
    main()
