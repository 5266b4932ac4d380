"""What `pairmill score` costs beside a bare torch loop over the same batches, and its memory.

    python -m benchmarks.score [--pictures N] [--rounds R] [--layers L]

Gathers N and 4 N pictures with a caption each, and scores both with one worker under watch, by a
CLIP ViT-B/32 of chance. The loop has the batches of the N pictures, read, decoded and cut by the
same code before its watch begins, and hands them to transformers' processor and model, on one
thread. They take turns, R times each. What a further picture costs between N and 4 N pictures, with
reading, decoding, Beam, cosines and writing but without start-up, is compared with what one costs
the loop: CPU seconds, which other work on the machine disturbs less, and wall seconds. At least
0.90 is the aim. Last, the peaks of the tree of processes (PSS) while it embeds, which should not
grow with the set.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import torch
from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel, CLIPProcessor

from benchmarks.harness import (
    Measured,
    captions,
    curate,
    drawn_pictures,
    measure,
    show,
    write_recipe,
    write_table,
)
from model.tokens import learn_tokenizer
from pipelines.embedding import ReadBatches
from pipelines.recipe_file import read_recipe
from pipelines.score_plan import pieces_of, plan
from pipelines.stages import Run
from pipelines.storage import Folder
from pipelines.transforms.inference import Batch
from schemas.layout import KEPT, OF_CAPTIONS, OF_PICTURES

_TIMES = 4
_TOKENS = 64
_MIB = 1 << 20
_LANGUAGES = ("ar", "de", "en", "es", "fr", "hi", "ru", "tr")  # of the harness's captions


@dataclass(frozen=True, slots=True)
class Cost:
    """Of a picture and its caption.

    Attributes:
      cpu_ms: in all processes.
      wall_ms: …
    """

    cpu_ms: float
    wall_ms: float


def write_teacher(folder: Path, layers: int) -> Path:
    """A CLIP ViT-B/32 of so many layers, with weights of chance and a small vocabulary."""
    tokenizer = learn_tokenizer((text for _, text in captions(1000)), 2000)
    tokenizer.model_max_length = _TOKENS
    text = {
        "num_hidden_layers": layers,
        "vocab_size": len(tokenizer),
        "max_position_embeddings": _TOKENS,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    torch.manual_seed(17)
    CLIPModel(
        CLIPConfig(text_config=text, vision_config={"num_hidden_layers": layers})
    ).save_pretrained(folder)
    CLIPProcessor(CLIPImageProcessorPil(), tokenizer).save_pretrained(folder)
    return folder


def write_gathered(folder: Path, pictures: list[Path], teacher: Path) -> Path:
    """Gathers the pictures; returns the recipe that scores them."""
    folder.mkdir()
    write_table(folder / "table.parquet", len(pictures), lambda row: str(pictures[row]))
    recipe = write_recipe(folder, folder / "table.parquet", {"allow_local_files": True})
    text = recipe.read_text("utf-8").replace("[pack]", "")
    recipe.write_text(text, "utf-8")
    curate(recipe)
    languages = ", ".join(f'"{code}"' for code in _LANGUAGES)
    score = f'[[score.teachers]]\nmodel = "{teacher}"\nlanguages = [{languages}]\n'
    recipe.write_text(f'{text}\n{score}dtype = "float32"\n', "utf-8")
    return recipe


def score(recipe: Path) -> Measured:
    """Runs the command under watch, anew.

    Raises:
      RuntimeError: where it does not end well.
    """
    output = Folder(str(recipe.parent / "out"))
    (output / "ledger/score").remove()
    command = [sys.executable, "-m", "benchmarks.told", "score", str(recipe)]
    run = measure([*command, "--", "--direct_num_workers=1"], memory=True)
    if run.code:
        raise RuntimeError(f"exit status {run.code} of {' '.join(command)}:\n{run.said}")
    return run


def batches_of(recipe: Path, scratch: Path) -> list[Batch]:
    """The batches that the command makes, pictures decoded."""
    read, work = read_recipe(str(recipe)), Folder(str(scratch))
    assert read.score
    plan(Run(read, None, (), (), 1, lambda _: None), work, KEPT["gather"])
    reader = ReadBatches(Folder(read.output), work, read.score, _LANGUAGES)
    pieces = [
        *pieces_of(work, OF_PICTURES, read.score.picture_batch),
        *pieces_of(work, OF_CAPTIONS, read.score.text_batch),
    ]
    return [batch for piece in pieces for batch in reader.process(piece)]


class Loop:
    """A loop as one writes it with torch and transformers.

    Args:
      teacher: its folder.
    """

    def __init__(self, teacher: Path) -> None:
        self._model = CLIPModel.from_pretrained(teacher).eval()
        self._processor = CLIPProcessor.from_pretrained(teacher)

    def run(self, batches: list[Batch]) -> Cost:
        """Embeds the batches."""
        cpu, wall = time.process_time(), time.perf_counter()
        pictures = 0
        for features in self._embedded(batches):
            pictures += len(features)
        pictures //= 2  # as many captions
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        return Cost(1e3 * cpu / pictures, 1e3 * wall / pictures)

    @torch.no_grad()
    def _embedded(self, batches: list[Batch]) -> Iterator[torch.Tensor]:
        for batch in batches:
            if batch.images:
                inputs = self._processor.image_processor(list(batch.images), return_tensors="pt")
                features = self._model.get_image_features(**inputs).pooler_output
            else:
                inputs = self._processor.tokenizer(
                    list(batch.texts),
                    padding=True,
                    truncation=True,
                    max_length=_TOKENS,
                    return_tensors="pt",
                )
                features = self._model.get_text_features(**inputs).pooler_output
            yield torch.nn.functional.normalize(features, dim=-1).half()


def compare(few: Path, many: Path, loop: Loop, batches: list[Batch], rounds: int) -> None:
    """Prints what a picture costs either, and the peaks of memory."""
    pictures = sum(len(batch.images) for batch in batches)
    more = (_TIMES - 1) * pictures
    bare, ours, runs = [loop.run(batches)], [], []
    for _ in range(rounds):
        small, large = score(few), score(many)
        cpu, wall = large.cpu_s - small.cpu_s, large.wall_s - small.wall_s
        ours.append(Cost(1e3 * cpu / more, 1e3 * wall / more))
        runs.append((small, large))
        bare.append(loop.run(batches))
    rows = []
    for what in ("cpu_ms", "wall_ms"):
        theirs, mine = (median(getattr(cost, what) for cost in way) for way in (bare, ours))
        name = what.replace("_", " ").removesuffix(" ms")
        rows.append((name, f"{theirs:.2f}", f"{mine:.2f}", f"{theirs / mine:.3f}"))
    print(f"{pictures:,} and {_TIMES * pictures:,} pictures with a caption each, {rounds} rounds\n")
    show(("ms a picture", "bare loop", "pairmill score", "ratio"), rows)
    peaks = [[_peak(run) / _MIB for run in pair] for pair in runs]
    small_peak, large_peak = (median(values) for values in zip(*peaks, strict=True))
    start = median(small.cpu_s for small, _ in runs) - 1e-3 * pictures * median(
        cost.cpu_ms for cost in ours
    )
    show(
        ("pictures", "peak MiB while embedding", "start-up in CPU s"),
        [
            (f"{pictures:,}", f"{small_peak:,.0f}", f"{start:.1f}"),
            (f"{_TIMES * pictures:,}", f"{large_peak:,.0f}", ""),
        ],
    )


def _peak(run: Measured) -> int:
    return max(moment.pss for step, moment in run.peaks.items() if "embedding" in step)


def main() -> None:
    """Prints two tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=int, default=512, help="of the smaller set")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--layers", type=int, default=12, help="of each of the teacher's towers")
    args = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="pairmill-benchmark-") as name:
        scratch = Path(name)
        teacher = write_teacher(scratch / "teacher", args.layers)
        drawn = drawn_pictures(scratch / "pictures", _TIMES * args.pictures)
        few = write_gathered(scratch / "few", drawn[: args.pictures], teacher)
        many = write_gathered(scratch / "many", drawn, teacher)
        batches = batches_of(few, scratch / "work")
        compare(few, many, Loop(teacher), batches, args.rounds)


if __name__ == "__main__":
    main()
