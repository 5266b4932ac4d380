"""What translating in `pairmill translate` costs beside ctranslate2 alone, and that memory is flat.

    python -m benchmarks.translate [--captions N] [--rounds R] [--layers L] [--width W] [--stored M]

First, N captions into five languages by an M2M-100 of chance (`--layers 6 --width 512`, int8), in
this process, on one thread, R times by turns: the pipeline that translates, in one worker, which
reads what was planned, cuts it to tokens, and keeps results batch by batch; and a loop that hands
the tokens of the same batches, cut before its watch begins, to ctranslate2. Both load the model
before. The ratio is the loop's CPU seconds by the pipeline's; 0.95 is the aim.

Second, the command on M, 2 M and 4 M captions with one layer: the peaks of the tree of processes
(PSS) while it plans and translates. Parts of captions hold up to 25,000, so that less than these
say what a part takes and not whether memory grows. A model of chance never ends, so that nothing it
says is whole: its memory is then given whole translations, and the command judges and keeps all of
these, without a model; the peak of that, and by how much it grows with a caption.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median

import ctranslate2
import sentencepiece
import torch
from transformers import M2M100Config, M2M100ForConditionalGeneration

from benchmarks.harness import captions, measure, show
from filters.translation import TranslationFault
from model.translation_manifest import read_manifest
from model.translation_tokens import load_tokenizer
from model.translator import Translator, TranslatorSpec
from model.translator_conversion import convert_checkpoint
from pipelines.memory import Remembered
from pipelines.recipe_file import read_recipe
from pipelines.records import Record
from pipelines.stages import Run
from pipelines.storage import Folder
from pipelines.transforms import translation
from pipelines.transforms.blocks import buckets_for, table_of
from pipelines.transforms.tables import read_rows, write_table
from pipelines.transforms.translation import TranslatePieces
from pipelines.translate import TranslateStage
from pipelines.translate_plan import Request, TranslationPiece
from pipelines.translating import read_batches
from schemas.ids import bucket_of, caption_id, digest
from schemas.layout import (
    BRANCHES,
    MEMORY,
    PICTURES,
    SOURCE_CAPTIONS,
    STAGE_FILE,
    ledger_folder,
    part_name,
)
from schemas.rows import Caption, LedgerRow, Measures, Picture

_TARGETS = ["de", "el", "hi", "ja", "tr"]
_TIMES = (1, 2, 4)
_STEPS = ("looking into the memory", "translating by")
_JUDGING = "judging translations"
_OVERLOOKED = [fault.value for fault in TranslationFault]
_PIECES = 4_000
_POSITIONS = 256
_SPECIALS = ["<s>", "<pad>", "</s>", "<unk>"]
_LANGUAGES, _FILLING = 100, 8  # tokens that M2M-100 has behind its pieces
_MIB = 1 << 20


def write_model(folder: Path, layers: int, width: int) -> Path:
    """An M2M-100 of so many layers on either side, with weights of chance, converted to int8."""
    checkpoint = folder / "m2m"
    checkpoint.mkdir(parents=True)
    pieces = checkpoint / "sentencepiece.bpe.model"
    with pieces.open("wb") as file:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=(text for _, text in captions(5_000)),
            model_writer=file,
            vocab_size=_PIECES,
            hard_vocab_limit=False,
            minloglevel=3,
        )
    model = sentencepiece.SentencePieceProcessor(model_file=str(pieces))
    tokens = _SPECIALS + model.id_to_piece(list(range(len(model))))[3:]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    (checkpoint / "vocab.json").write_text(json.dumps(vocabulary), "utf-8")
    (checkpoint / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "M2M100Tokenizer"}), "utf-8"
    )
    torch.manual_seed(17)
    config = M2M100Config(
        vocab_size=len(tokens) + _LANGUAGES + _FILLING,
        d_model=width,
        encoder_layers=layers,
        decoder_layers=layers,
        encoder_attention_heads=8,
        decoder_attention_heads=8,
        encoder_ffn_dim=4 * width,
        decoder_ffn_dim=4 * width,
        max_position_embeddings=_POSITIONS,
    )
    M2M100ForConditionalGeneration(config).save_pretrained(checkpoint)
    convert_checkpoint(str(checkpoint), folder / "model")
    return folder / "model"


def write_captions(folder: Path, number: int, model: Path) -> Path:
    """Writes what gather leaves, one caption a picture, and a recipe of `translate` alone."""
    output, parts = Folder(str(folder / "out")), buckets_for(number)
    pictures: list[list[Picture]] = [[] for _ in range(parts)]
    rows: list[list[Caption]] = [[] for _ in range(parts)]
    nothing = {
        name: "" if kind is str else kind(1) for name, kind in Measures.__annotations__.items()
    }
    for n, (language, text) in enumerate(captions(number)):
        uid = digest(str(n))
        at, text = bucket_of(uid, parts), f"{text} {n}"
        place = {"image_shard": 0, "image_offset": 0, "image_size": 1}
        pictures[at].append(Picture(**nothing, uid=uid, url="", **place))
        made = (caption_id(uid, language, text), uid, language, text, "source", "", 1.0)
        rows[at].append(Caption(*made, "benchmark", f"benchmark:pairs.parquet:{n}", "", "{}"))
    for part in range(parts):
        name = part_name(part)
        write_table(output / PICTURES, name, table_of(Picture, pictures[part]))
        write_table(output / SOURCE_CAPTIONS, name, table_of(Caption, rows[part]))
        write_table(output / ledger_folder("gather"), name, table_of(LedgerRow, []))
    counts = {"caption created": number, "caption kept": number}
    record = Record("gather", 1, digest("benchmark"), {}, counts, 0.0, 0.0, None, {})
    (output / ledger_folder("gather")).write(STAGE_FILE, json.dumps(asdict(record)).encode())
    recipe = folder / "recipe.toml"
    recipe.write_text(
        f'output = "{output.uri}"\n\n[[sources]]\nname = "benchmark"\nformat = "table"\n'
        f'path = "pairs.parquet"\n\n[gather]\n\n[translate]\ninto_languages = {_TARGETS}\n'
        f"rules = {{overlook = {_OVERLOOKED}}}\n"
        f'device = "cpu"\ndecoding = {{max_length_ratio = 0.5}}\n\n'
        f'[[translate.models]]\nmodel = "{model}"\n'
    )
    return recipe


class Pipeline:
    """The pipeline that translates, and what was planned for it.

    Args:
      recipe: of captions.
      scratch: a folder of its own.
    """

    def __init__(self, recipe: Path, scratch: Path) -> None:
        self._run = Run(read_recipe(str(recipe)), None, (), (), 1, lambda _: None)
        self._stage = TranslateStage(self._run)
        self._scratch, self._turn = scratch, 0
        self.pieces = self._planned()

    def batches(self) -> list[tuple[Request, ...]]:
        """What is translated at once."""
        return [batch for of in self.pieces for batch in read_batches(self._desk.work, of)]

    def run(self) -> None:
        """Translates in one worker."""
        spec = self._desk.routes.speakers[0].spec
        with self._run.pipeline(1) as pipeline:
            _ = pipeline | TranslatePieces(self._desk, spec, self.pieces)

    def begin_anew(self) -> None:
        """Forgets what was translated."""
        self._desk.memory.remove()
        self._turn += 1
        self.pieces = self._planned()

    def _planned(self) -> list[TranslationPiece]:
        self._desk, plan = self._stage.plan(Folder(str(self._scratch / f"work-{self._turn}")))
        return plan.pieces


def tokens_of(model: Path, batches: list[tuple[Request, ...]]) -> list[tuple[list, list]]:
    """Batches as ctranslate2 takes them: what it reads, and what it begins with."""
    tokenizer = load_tokenizer(model, read_manifest(model).tags)
    return [
        (
            tokenizer.encode(
                [request.source_text for request in batch],
                [request.source_language for request in batch],
                [request.language for request in batch],
            ),
            [tokenizer.prefix(request.language) for request in batch],
        )
        for batch in batches
    ]


def loop(
    translator: ctranslate2.Translator, batches: list[tuple[list, list]], ratio: float
) -> None:
    """Translates the batches as one does with ctranslate2."""
    for sources, prefixes in batches:
        longest = 8 * -(-max(map(len, sources)) // 8)
        most = min(16 + -int(-ratio * longest // 1), _POSITIONS - 2)
        translator.translate_batch(
            sources,
            prefixes,
            beam_size=1,
            max_input_length=0,
            min_decoding_length=2,
            max_decoding_length=1 + most,
            return_end_token=True,
        )


def timed(work: Callable[[], None]) -> tuple[float, float]:
    """CPU and wall seconds in this process."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


def show_costs(scratch: Path, number: int, layers: int, width: int, rounds: int) -> None:
    model = write_model(scratch, layers, width)
    recipe = write_captions(scratch / "captions", number, model)
    pipeline = Pipeline(recipe, scratch)
    batches = tokens_of(model, pipeline.batches())
    bare = ctranslate2.Translator(str(model), "cpu", inter_threads=1, intra_threads=1)
    loaded = translation.load(
        TranslatorSpec(model=str(model), threads=1, decoding=_decoding(recipe))
    )
    translation.load = _giving(loaded)  # loading is timed on neither side
    costs = []
    for _ in range(rounds):
        ours = timed(pipeline.run)
        pipeline.begin_anew()
        costs.append((timed(lambda: loop(bare, batches, _decoding(recipe).max_length_ratio)), ours))
    texts = sum(len(sources) for sources, _ in batches)
    sizes = f"{layers} layers of {width}"
    print(f"{texts:,} texts in {len(batches):,} batches, {sizes}, {rounds} rounds\n")
    rows = []
    for at, what in enumerate(("CPU", "wall")):
        alone, ours = (median(cost[way][at] for cost in costs) for way in (0, 1))
        rates = (f"{texts / alone:,.1f}", f"{texts / ours:,.1f}")
        rows.append((f"texts a second, {what}", *rates, f"{alone / ours:.3f}"))
    show(("", "ctranslate2", "pipeline", "ratio"), rows)


def _decoding(recipe: Path):
    translate = read_recipe(str(recipe)).translate
    assert translate is not None
    return translate.decoding


def _giving(translator: Translator) -> Callable[[TranslatorSpec], Translator]:
    return lambda _: translator


def show_memory(scratch: Path, number: int) -> None:
    model = write_model(scratch / "small", 1, 64)
    rows: list[tuple[str, ...]] = []
    before = (0, 0)  # captions, bytes
    for captions_ in (times * number for times in _TIMES):
        recipe = write_captions(scratch / f"{captions_}", captions_, model)
        first = _peaks(recipe)
        output = Folder(read_recipe(str(recipe)).output)
        make_whole(output / MEMORY)
        for folder in (ledger_folder("translate"), BRANCHES[0].translated):
            (output / folder).remove()
        judging = _peaks(recipe)[_JUDGING]
        peaks = [peak for step in _STEPS for name, peak in first.items() if step in name]
        grown = (judging - before[1]) / (captions_ - before[0])
        told = [f"{peak / _MIB:,.0f}" for peak in (*peaks, judging)]
        rows.append((f"{captions_:,}", *told, f"{grown:,.0f}" if before[0] else ""))
        before = (captions_, judging)
    steps = (f"MiB {step}" for step in (*_STEPS, _JUDGING))
    show(("captions", *steps, "bytes a caption"), rows)


def _peaks(recipe: Path) -> dict[str, int]:
    """The most bytes that the command's processes have in each of its steps."""
    command = [sys.executable, "-m", "benchmarks.told", "translate", str(recipe)]
    run = measure([*command, "--", "--direct_num_workers=1"], memory=True)
    if run.code:
        raise RuntimeError(f"exit status {run.code} of {' '.join(command)}:\n{run.said}")
    return {name.removeprefix("translate "): moment.pss for name, moment in run.peaks.items()}


def make_whole(memory: Folder) -> None:
    """Puts a sentence, the source and the language's code, in the place of each translation below
    a folder.
    """
    for name in memory.names():
        if name.endswith(".parquet"):
            rows = read_rows(memory, name, Remembered)
            whole = [
                replace(row, text=f"{row.source_text} {row.language}", fault="") for row in rows
            ]
            write_table(memory, name, table_of(Remembered, whole))
    for folder in memory.folders():
        make_whole(memory / folder)


def main() -> None:
    """Prints two tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--captions", type=int, default=600, help="translated by turns; 0: none")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--width", type=int, default=512, help="features")
    parser.add_argument("--stored", type=int, default=25_000, help="captions under watch; 0: none")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pairmill-benchmark-") as name:
        if args.captions:
            show_costs(Path(name), args.captions, args.layers, args.width, args.rounds)
        if args.stored:
            show_memory(Path(name), args.stored)


if __name__ == "__main__":
    main()
