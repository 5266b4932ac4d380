"""What embedding in `pairmill score` costs beside a bare torch loop, and that memory does not grow.

    python -m benchmarks.score [--pictures N] [--rounds R] [--layers L] [--stored M]

First, N pictures with a caption each and a CLIP ViT-B/32 of chance, in this process, on one thread,
R times by turns: the pipeline that embeds, in one worker, which reads and decodes the pictures out
of a gathered tar, cuts batches, and writes the embeddings; and a loop over the same batches, which
are decoded before its watch begins, that hands them to transformers' processor and model. Both load
the model first. CPU seconds are disturbed less than wall seconds by other work on the machine; the
ratio is the loop's by the pipeline's, 0.90 is the aim.

Second, the command on M and 4 M pictures with one-layer towers: the peaks of the tree of processes
(PSS) while it embeds, which should be about equal.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
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
from pipelines.embedding import EmbedPieces, ReadBatches
from pipelines.recipe_file import read_recipe
from pipelines.score_plan import pieces_of, plan
from pipelines.stages import Run
from pipelines.storage import Folder
from pipelines.teachers import Sight, judges_of
from pipelines.transforms.inference import Batch
from schemas.layout import KEPT, OF_CAPTIONS, OF_PICTURES

_TIMES = 4
_TOKENS = 64
_DIM = 512  # features
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


class Pipeline:
    """The pipeline that embeds, and the batches that it makes.

    Args:
      recipe: of gathered pictures.
      work: a folder of its own.
    """

    def __init__(self, recipe: Path, work: Folder) -> None:
        read = read_recipe(str(recipe))
        assert read.score
        self._run = Run(read, None, (), (), 1, lambda _: None)
        self._output, self._rules, self._work = self._run.output, read.score, work
        (self._judge,) = judges_of(read.score)
        plan(self._run, work, [KEPT["gather"]])
        self._pieces = [
            *pieces_of(work, OF_PICTURES, read.score.picture_batch),
            *pieces_of(work, OF_CAPTIONS, read.score.text_batch),
        ]

    def batches(self) -> list[Batch]:
        """The batches, pictures decoded."""
        at = (self._output, self._work, self._rules, self._judge)
        reader = ReadBatches(*at, fold=0, sight=Sight(_DIM, _LANGUAGES), through=None)
        return [batch for piece in self._pieces for batch in reader.process(piece)]

    def run(self) -> None:
        """Embeds them in one worker."""
        sight = Sight(_DIM, _LANGUAGES)
        at = (self._output, self._work, self._rules, self._judge)
        embed = EmbedPieces(*at, fold=0, sight=sight, pieces=self._pieces)
        with self._run.pipeline(1) as pipeline:
            _ = pipeline | embed


def loop(teacher: Path, batches: list[Batch]) -> None:
    """Embeds the batches as one does with torch and transformers."""
    model = CLIPModel.from_pretrained(teacher).eval()
    processor = CLIPProcessor.from_pretrained(teacher)
    for batch in batches:
        with torch.no_grad():
            if batch.images:
                inputs = processor.image_processor(list(batch.images), return_tensors="pt")
                features = model.get_image_features(**inputs).pooler_output
            else:
                inputs = processor.tokenizer(
                    list(batch.texts),
                    padding=True,
                    truncation=True,
                    max_length=_TOKENS,
                    return_tensors="pt",
                )
                features = model.get_text_features(**inputs).pooler_output
        torch.nn.functional.normalize(features, dim=-1).half().numpy()


def timed(work: Callable[[], None], pictures: int) -> Cost:
    """What `work` costs a picture, in this process."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return Cost(1e3 * cpu / pictures, 1e3 * wall / pictures)


def show_costs(scratch: Path, pictures: int, layers: int, rounds: int) -> None:
    teacher = write_teacher(scratch / "teacher", layers)
    drawn = drawn_pictures(scratch / "pictures", pictures)
    recipe = write_gathered(scratch / "gathered", drawn, teacher)
    pipeline = Pipeline(recipe, Folder(str(scratch / "work")))
    batches = pipeline.batches()
    ways = (partial(loop, teacher, batches), pipeline.run)
    costs = [[timed(way, pictures) for way in ways] for _ in range(rounds)]
    rows = []
    for what in ("cpu_ms", "wall_ms"):
        bare, ours = (median(getattr(of, what) for of in way) for way in zip(*costs, strict=True))
        name = f"{what.removesuffix('_ms')} ms a picture"
        rows.append((name, f"{bare:.2f}", f"{ours:.2f}", f"{bare / ours:.3f}"))
    print(f"{pictures:,} pictures with a caption each, {layers} layers, {rounds} rounds\n")
    show(("", "bare loop", "pipeline", "ratio"), rows)


def show_memory(scratch: Path, pictures: int) -> None:
    teacher = write_teacher(scratch / "small-teacher", 1)
    drawn = drawn_pictures(scratch / "more-pictures", _TIMES * pictures)
    rows = []
    for number in (pictures, _TIMES * pictures):
        recipe = write_gathered(scratch / f"{number}", drawn[:number], teacher)
        run = score(recipe)
        peak = max(m.pss for step, m in run.peaks.items() if "embedding" in step)
        rows.append((f"{number:,}", f"{peak / _MIB:,.0f}"))
    show(("pictures", "peak MiB while embedding"), rows)


def score(recipe: Path) -> Measured:
    """Runs the command under watch.

    Raises:
      RuntimeError: where it does not end well.
    """
    command = [sys.executable, "-m", "benchmarks.told", "score", str(recipe)]
    run = measure([*command, "--", "--direct_num_workers=1"], memory=True)
    if run.code:
        raise RuntimeError(f"exit status {run.code} of {' '.join(command)}:\n{run.said}")
    return run


def main() -> None:
    """Prints two tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=int, default=512, help="embedded by turns; 0: none")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--layers", type=int, default=12, help="of each of the teacher's towers")
    parser.add_argument("--stored", type=int, default=2_048, help="scored under watch; 0: none")
    args = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="pairmill-benchmark-") as name:
        if args.pictures:
            show_costs(Path(name), args.pictures, args.layers, args.rounds)
        if args.stored:
            show_memory(Path(name), args.stored)


if __name__ == "__main__":
    main()
