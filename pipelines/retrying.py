"""Is there anything to gather again? Read from gather's record, before anything runs."""

from filters.set_faults import SetFault
from pipelines.errors import RecipeError, RunError
from pipelines.recipe import Recipe
from pipelines.records import read_record
from pipelines.storage import Folder
from schemas.fates import Fate, Unit

_LOST = tuple(f"{Unit.PICTURE} {fate} " for fate in (Fate.FAILED, Fate.REJECTED))
_NEVER_GATHERED = (SetFault.NO_CAPTION,)


def check_reasons(recipe: Recipe, reasons: tuple[str, ...]) -> int | None:
    """The `--limit` of the run whose pictures are to be gathered again.

    Raises:
      RecipeError: where no picture was lost for one of `reasons`, or none is given; says which
        there are.
      RunError: where gather has not come to its end yet.
    """
    record = read_record(Folder(recipe.output), "gather")
    if record is None:
        raise RunError(f"{recipe.output} has no finished gather: run pairmill gather first")
    lost = {
        name.split(" ")[2]: n
        for name, n in record.counts.items()
        if name.startswith(_LOST) and n and not name.endswith(_NEVER_GATHERED)
    }
    there_is = ", ".join(f"{reason} ({n:,})" for reason, n in sorted(lost.items()))
    if not lost:
        raise RecipeError("there is nothing to retry: no picture failed")
    if not reasons:
        raise RecipeError(f"say --reason; there is {there_is}")
    for reason in reasons:
        if reason not in lost:
            raise RecipeError(f"no picture failed as {reason!r}; there is {there_is}")
    return record.limit
