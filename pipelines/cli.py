"""The `pairmill` command. Nothing heavy is imported before a command needs it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer
from rich.console import Console

from pipelines.errors import PairmillError, RecipeError, RunError
from pipelines.pages import as_line
from pipelines.records import STAGES

_STORES = ("botocore", "aiobotocore", "google", "gcsfs")  # whose errors are no OSErrors

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="""Curates multilingual image-text training sets, and accounts for every row.

    \b
    pairmill sample world                  make a small data set to try things on
    pairmill doctor world/recipe.toml      check a recipe before a long run
    pairmill curate world/recipe.toml      run every stage that it has
    pairmill stats world/out               what became of every row
    pairmill why world/out ID              what became of one
    pairmill select R.toml --dry-run       what a threshold would keep
    pairmill translate R.toml --dry-run    what there is to translate, and how long it takes
    pairmill retry world/recipe.toml       gather, render, ask again what failed
    pairmill evaluate CHECKPOINT DATA      how well a model retrieves
    """,
)

RecipeArgument = Annotated[str, typer.Argument(help="A TOML file: a path or s3://, gs:// …")]
LimitOption = Annotated[
    int | None, typer.Option(min=1, help="Read only the first N rows of each source.", metavar="N")
]
BeamArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="-- BEAM OPTIONS", help="Passed to Beam, e.g. -- --runner=FlinkRunner"),
]


@app.command()
def curate(
    recipe: RecipeArgument,
    beam: BeamArgument = None,
    from_: Annotated[str | None, typer.Option("--from", help="Begin with this stage.")] = None,
    to: Annotated[str | None, typer.Option(help="End with this stage.")] = None,
    limit: LimitOption = None,
) -> None:
    """Runs every stage of a recipe, passing over those that are up to date.

    \b
    pairmill curate recipe.toml
    pairmill curate recipe.toml --limit 1000
    pairmill curate recipe.toml --from pack -- --direct_num_workers=4
    """
    first, last = (_stage_index(name) for name in (from_ or STAGES[0], to or STAGES[-1]))
    _run(recipe, STAGES[first : last + 1], limit, beam)


@app.command()
def gather(recipe: RecipeArgument, beam: BeamArgument = None, limit: LimitOption = None) -> None:
    """Fetches, decodes and stores the pictures of all sources.

    Run again, it fetches only what has no fate yet.
    """
    _run_one("gather", recipe, limit, beam)


@app.command()
def documents(
    recipe: RecipeArgument,
    beam: BeamArgument = None,
    limit: LimitOption = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Say how many rendered pages a model would be asked about, and cost."
        ),
    ] = False,
) -> None:
    """Renders the pages of PDF, HTML and Markdown documents.

    Run again, it renders only documents that have no fate yet.
    """
    _run_one("documents", recipe, limit, beam, dry_run)


@app.command()
def retry(
    recipe: RecipeArgument,
    beam: BeamArgument = None,
    reason: Annotated[
        list[str] | None, typer.Option(help="Why they failed, e.g. http-503; may come again.")
    ] = None,
) -> None:
    """Gathers pictures again that could not be had, renders documents that failed, asks again for
    translations that were refused; no others.

    \b
    pairmill retry recipe.toml                                 say what there is to retry
    pairmill retry recipe.toml --reason timed-out --reason http-503
    """
    with _errors_shown():
        from pipelines.recipe_file import read_recipe
        from pipelines.retrying import check_reasons

        stages = check_reasons(read_recipe(recipe), tuple(reason or ()))
    for stage, limit in stages.items():
        _run(recipe, (stage,), limit, beam, tuple(reason or ()))


@app.command()
def screen(recipe: RecipeArgument, beam: BeamArgument = None, limit: LimitOption = None) -> None:
    """Turns away captions and pictures by rules, language, duplicates and evaluation sets."""
    _run_one("screen", recipe, limit, beam)


@app.command()
def score(recipe: RecipeArgument, beam: BeamArgument = None, limit: LimitOption = None) -> None:
    """Has teachers say how well captions and pictures, and texts, belong together."""
    _run_one("score", recipe, limit, beam)


@app.command()
def select(
    recipe: RecipeArgument,
    beam: BeamArgument = None,
    limit: LimitOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be kept, write nothing.")
    ] = False,
) -> None:
    """Keeps captions and pictures by what the teachers said of them."""
    _run_one("select", recipe, limit, beam, dry_run)


@app.command()
def translate(
    recipe: RecipeArgument,
    beam: BeamArgument = None,
    limit: LimitOption = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Say what would be translated, its time and its cost."),
    ] = False,
) -> None:
    """Says captions in other languages, and turns away what is no translation."""
    _run_one("translate", recipe, limit, beam, dry_run)


@app.command()
def mine(recipe: RecipeArgument, beam: BeamArgument = None, limit: LimitOption = None) -> None:
    """Finds hard negatives: texts and pictures near an anchor that do not belong to it."""
    _run_one("mine", recipe, limit, beam)


@app.command()
def pack(recipe: RecipeArgument, beam: BeamArgument = None, limit: LimitOption = None) -> None:
    """Writes the final shards."""
    _run_one("pack", recipe, limit, beam)


@app.command()
def stats(
    folder: Annotated[str, typer.Argument(help="A recipe's output, or any folder of shards.")],
    truth: Annotated[
        str | None, typer.Option(help="A table of what is wrong with the source's rows.")
    ] = None,
) -> None:
    """Shows what became of everything, and exits with 1 where the sums do not hold.

    \b
    pairmill stats out/storybooks
    pairmill stats world/out --truth world/truth.parquet     how much of what is wrong was found
    """
    from pipelines.stats import show_stats

    with _errors_shown():
        raise typer.Exit(0 if show_stats(folder, truth) else 1)


@app.command()
def why(
    output: Annotated[str, typer.Argument(help="A recipe's output.")],
    id_: Annotated[
        str, typer.Argument(metavar="ID", help="uid, other id, URL, or row (source:file:number).")
    ],
) -> None:
    """Shows the whole way of one picture, caption, triplet or row."""
    from pipelines.why import show_way

    with _errors_shown():
        raise typer.Exit(0 if show_way(output, id_) else 1)


@app.command()
def doctor(recipe: RecipeArgument) -> None:
    """Checks what can be checked before a long run."""
    from pipelines.doctor import examine

    with _errors_shown():
        raise typer.Exit(0 if examine(recipe) else 1)


@app.command()
def train(
    plan: Annotated[str, typer.Argument(help="A TOML file: a path or s3://, gs:// …")],
) -> None:
    """Trains a dual encoder on packed shards, or goes on where an earlier run ended.

    \b
    pairmill train plan.toml
    torchrun --nproc-per-node 8 -m pipelines.cli train plan.toml       on several GPUs
    """
    from pipelines.train import run_training

    with _errors_shown():
        run_training(plan)


@app.command()
def evaluate(
    checkpoint: Annotated[str, typer.Argument(help="A folder, or an id on the Hugging Face hub.")],
    data: Annotated[list[str], typer.Argument(help="Packed shards or tables; see above.")],
    dims: Annotated[
        str | None,
        typer.Option(
            metavar="D,D…", help="Sizes of the embeddings; default: powers of 2 from 64, and all."
        ),
    ] = None,
    batch: Annotated[int, typer.Option(min=1, help="Pictures or texts embedded together.")] = 64,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Only the first N pictures, or rows without pictures.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the scores there too.", metavar="FILE")
    ] = None,
    languages: Annotated[
        str | None,
        typer.Option(
            metavar="L,L…", help="What the checkpoint understands; default: as it says itself."
        ),
    ] = None,
    language: Annotated[
        str, typer.Option(help="Of all texts, whatever a column says.", metavar="L")
    ] = "",
    image_column: Annotated[str, typer.Option(help="Paths or bytes; default: image.")] = "",
    text_column: Annotated[str, typer.Option(help="Default: text, caption, txt or name.")] = "",
    language_column: Annotated[str, typer.Option(help="Default: language or lang.")] = "",
    images: Annotated[
        str, typer.Option(help="Where paths start; default: beside the table, or its images/.")
    ] = "",
    revision: Annotated[str | None, typer.Option(help="Of a hub's id: the commit.")] = None,
    device: Annotated[str, typer.Option(help="As torch names it, e.g. cuda:0.")] = "cpu",
    dtype: Annotated[Literal["auto", "bfloat16", "float32"], typer.Option()] = "auto",
    allow_remote_code: Annotated[
        bool, typer.Option("--allow-remote-code", help="Run the code that the checkpoint brings.")
    ] = False,
) -> None:
    """Scores a CLIP-like checkpoint: retrieval and similarity by language and embedding size.

    \b
    DATA is any number of
      an output of curate, its shards/pairs or shards/texts
      a Parquet file or a folder of them, with the columns
        image, text (or caption …), language          pictures and texts search each other
        query, document, language [, relevance]       texts search documents
        anchor, positive [, negative_1 …], language   likewise
        sentence1, sentence2, score, language         Spearman against people's scores
        en, de, fr …                                  sentences in parallel search the English

    \b
    pairmill evaluate out/model out/world/shards/pairs
    pairmill evaluate out/model emoji/ --text-column name --dims 64,128 --json scores.json
    pairmill evaluate google/siglip2-base-patch16-256 --revision 40HEXDIGITS test.parquet
    """
    with _errors_shown():
        from model.evaluation_sets import EvaluationSet
        from model.teacher import TeacherSpec
        from pipelines.evaluate import read_sizes, run_evaluation

        try:
            spec = TeacherSpec(
                model=checkpoint,
                revision=revision,
                languages=tuple(languages.split(",")) if languages else None,
                allow_remote_code=allow_remote_code,
                dtype=dtype,
                device=device,
            )
            sets = [
                EvaluationSet(
                    data=place,
                    image_column=image_column,
                    text_column=text_column,
                    language_column=language_column,
                    language=language,
                    images=images,
                    limit=limit,
                )
                for place in data
            ]
            sizes = None if dims is None else read_sizes(dims)
        except ValueError as error:
            raise RecipeError(str(error)) from error
        run_evaluation(spec, sets, sizes, batch, json_file)


@app.command("convert-translator")
def convert_translator(
    checkpoint: Annotated[
        str,
        typer.Argument(
            help="M2M-100, NLLB, MADLAD-400 or Marian: a folder, or an id on the Hugging Face hub."
        ),
    ],
    out: Annotated[Path, typer.Argument(help="A folder that does not exist.")],
    quantization: Annotated[
        Literal["int8", "bfloat16", "float32"],
        typer.Option(help="What weights are stored in; bfloat16 is for GPUs."),
    ] = "int8",
    revision: Annotated[str | None, typer.Option(help="Of a hub's id: the commit.")] = None,
) -> None:
    """Prepares a translation model for ctranslate2, the engine that is fast.

    \b
    pairmill convert-translator google/madlad400-3b-mt out/madlad --revision 40HEXDIGITS
    """
    from pipelines.convert_translator import run_conversion

    with _errors_shown():
        run_conversion(checkpoint, out, revision, quantization)


@app.command()
def sample(
    folder: Annotated[Path, typer.Argument(help="Where to write it.")],
    rows: Annotated[int, typer.Option(help="Caption rows; about three a picture.")] = 600,
    seed: Annotated[int, typer.Option(help="The same seed draws the same world.")] = 0,
    defects: Annotated[float, typer.Option(help="Share of the rows with a planted defect.")] = 0.3,
    templates: Annotated[
        Literal["train", "held-out"], typer.Option(help="Which sentences captions are said in.")
    ] = "train",
    models: Annotated[
        bool, typer.Option(help="The recipe also scores, selects, translates, with tiny models.")
    ] = False,
    documents: Annotated[
        int, typer.Option(help="Web pages and PDFs, besides; 60 have all languages.")
    ] = 60,
) -> None:
    """Draws a small world of pictures with true captions and planted defects, and its recipe."""
    from pipelines.sample import write_sample

    with _errors_shown():
        try:
            path = write_sample(folder, rows, seed, defects, templates, documents, models=models)
        except (ValueError, FileExistsError) as error:
            raise RecipeError(str(error)) from error
        print(f"{rows} rows drawn. Next: pairmill curate {path}")


def main() -> None:
    """The console command."""
    app()


def _run_one(
    stage: str, recipe: str, limit: int | None, beam: list[str] | None, preview: bool = False
) -> None:
    with _errors_shown():
        from pipelines.recipe_file import read_recipe

        if getattr(read_recipe(recipe), stage) is None:
            raise RecipeError(f"{recipe} has no [{stage}] table")
    _run(recipe, (stage,), limit, beam, preview=preview)


def _run(
    recipe: str,
    stages: tuple[str, ...],
    limit: int | None,
    beam: list[str] | None,
    retry: tuple[str, ...] = (),
    preview: bool = False,
) -> None:
    from pipelines.driver import Job
    from pipelines.installed import check_extras
    from pipelines.progress import Progress
    from pipelines.recipe_file import read_recipe
    from pipelines.supervisor import supervise

    with _errors_shown():
        read = read_recipe(recipe)
        present = tuple(stage for stage in stages if getattr(read, stage) is not None)
        if not present:
            raise RecipeError(
                f"{recipe} has no table of {' or '.join(stages)}: there is nothing to do"
            )
        check_extras(read, present)
        progress = Progress(Console(stderr=True))
        try:
            job = Job(recipe, present, limit, tuple(beam or ()), retry, preview)
            supervise(job, read, progress)
        finally:
            progress.close()
        if not preview:
            print(f"Output: {read.output}   (pairmill stats {read.output})")


def _stage_index(name: str) -> int:
    if name not in STAGES:
        _fail(RecipeError(f"there is no stage {name!r}, stages are {', '.join(STAGES)}"))
    return STAGES.index(name)


@contextmanager
def _errors_shown() -> Iterator[None]:
    try:
        yield
    except PairmillError as error:
        _fail(error)
    except Exception as error:
        if not type(error).__module__.startswith(_STORES):
            raise
        _fail(RunError(f"the object store said: {error}"))


def _fail(error: PairmillError) -> NoReturn:
    lines = [as_line(line, 2000) for line in str(error).splitlines()]
    print("pairmill:", "\n".join(lines), file=sys.stderr)
    raise typer.Exit(error.exit_code)


if __name__ == "__main__":
    main()
