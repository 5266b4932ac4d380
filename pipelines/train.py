"""What `pairmill train` does: reads a plan, trains, says how it goes."""

from rich.console import Console

from pipelines.errors import RecipeError, RunError
from pipelines.plan_file import read_plan


def run_training(uri: str) -> None:
    """Trains as the plan at `uri` says.

    Raises:
      RecipeError: the plan, the model or the data is not as it should be.
      RunError: the training ended half-way.
    """
    plan = read_plan(uri)
    console = Console(stderr=True)

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    try:
        from model import processes, run_folder, training
    except ModuleNotFoundError as error:
        raise RecipeError(f"training needs {error.name}: pip install 'pairmill[train]'") from error
    try:
        folder = training.train(plan, say)
    except processes.FirstFailed:
        raise SystemExit(1) from None  # the first process says why
    except run_folder.RunError as error:
        raise RunError(_sentence(error)) from error
    except (ValueError, OSError) as error:
        raise RecipeError(_sentence(error)) from error
    if folder is None:
        return
    if plan.is_cross_fitted:
        print(f'Teacher: {folder}   (in a recipe: [[score.teachers]] model = "{folder}")')
    else:
        print(f"Model: {folder}   (pairmill evaluate {folder} DATA)")


def _sentence(error: Exception) -> str:
    """What an error says, without the traceback that torch puts before it in a loader's process."""
    said = str(error).strip()
    before, traceback, after = said.partition("Caught ")
    return before + after.rpartition("\n")[2].partition(": ")[2] if traceback else said
