"""What can be done again? Read from the stages' records, before anything runs."""

from collections import Counter

from filters.set_faults import SetFault
from model.translator import TranslationFault
from pipelines.errors import RecipeError, RunError
from pipelines.recipe import Recipe
from pipelines.records import Record, read_record
from pipelines.storage import Folder
from schemas.fates import Fate, Unit

_LOST = {
    "gather": tuple(f"{Unit.PICTURE} {fate} " for fate in (Fate.FAILED, Fate.REJECTED)),
    "documents": (
        f"{Unit.DOCUMENT} {Fate.FAILED} ",
        f"{Unit.DOCUMENT} {Fate.REJECTED} ",
        f"{Unit.PAGE} {Fate.FAILED} ",
        f"{Unit.QUERY} {Fate.FAILED} ",
    ),
    "translate": tuple(
        f"{unit} {Fate.FAILED} {TranslationFault.REFUSED}" for unit in (Unit.CAPTION, Unit.QUERY)
    ),
}
"""By stage, what it can do again."""

_MAY_LACK = ("translate",)  # what was gathered can be tried again before anything is translated

_NEVER_GATHERED = (SetFault.NO_CAPTION,)


def check_reasons(recipe: Recipe, reasons: tuple[str, ...]) -> dict[str, int | None]:
    """The stages that lost something for one of `reasons`, each with the `--limit` of its run.

    Raises:
      RecipeError: where nothing was lost for one of `reasons`, or none is given; says which there
        are.
      RunError: where a stage has not come to its end yet.
    """
    records = {
        stage: _finished(recipe, stage)
        for stage in _LOST
        if getattr(recipe, stage) is not None
        and (stage not in _MAY_LACK or read_record(Folder(recipe.output), stage))
    }
    lost = {stage: _lost(stage, record) for stage, record in records.items()}
    together = sum(lost.values(), Counter[str]())
    there_is = ", ".join(f"{reason} ({n:,})" for reason, n in sorted(together.items()))
    if not together:
        raise RecipeError(
            "there is nothing to retry: no picture, document or page failed, no query was refused, "
            "and no translation"
        )
    if not reasons:
        raise RecipeError(f"say --reason; there is {there_is}")
    for reason in reasons:
        if reason not in together:
            raise RecipeError(f"nothing failed as {reason!r}; there is {there_is}")
    return {
        stage: record.limit for stage, record in records.items() if lost[stage].keys() & {*reasons}
    }


def _finished(recipe: Recipe, stage: str) -> Record:
    record = read_record(Folder(recipe.output), stage)
    if record is None:
        raise RunError(f"{recipe.output} has no finished {stage}: run pairmill {stage} first")
    return record


def _lost(stage: str, record: Record) -> Counter[str]:
    """How many things can be tried again, by reason."""
    lost = Counter[str]()
    for name, n in record.counts.items():
        if name.startswith(_LOST[stage]) and n and not name.endswith(_NEVER_GATHERED):
            lost[name.split(" ")[2]] += n
    return lost
