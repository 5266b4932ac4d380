"""What `pairmill train` does: reads a plan, trains, says how it goes."""

from rich.console import Console

from pipelines.errors import RecipeError, RunError


def run_training(uri: str) -> None:
    """Trains as the plan at `uri` says.

    Raises:
      RecipeError: the plan, the model or the data is not as it should be.
      RunError: the training ended half-way.
    """
    from pipelines.plan_file import read_plan

    plan = read_plan(uri)
    console = Console(stderr=True)

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    try:
        from model import run_folder, training

        folder = training.train(plan, say)
    except ModuleNotFoundError as error:
        raise RecipeError(f"training needs {error.name}: pip install 'pairmill[train]'") from error
    except run_folder.RunError as error:
        raise RunError(str(error)) from error
    except (ValueError, OSError) as error:
        raise RecipeError(str(error)) from error
    if folder is not None:
        print(f"Model: {folder}   (pairmill evaluate {folder} DATA)")
