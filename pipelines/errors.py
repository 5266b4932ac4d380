"""Errors: those that a user sees as one sentence, and that of a single picture."""

from collections.abc import Iterator
from contextlib import contextmanager


class PairmillError(Exception):
    """Anything a person can mend; every other exception is a bug of ours."""

    exit_code = 1


class RunError(PairmillError):
    """The run failed half-way: the same command goes on where it stopped."""


class RecipeError(PairmillError):
    """The recipe, the plan or the command line is wrong: nothing was run."""

    exit_code = 2


class FetchError(Exception):
    """A picture that could not be fetched: it fails, the run goes on.

    Attributes:
      reason: a `filters.response.FetchFault`, a `filters.opt_outs.OptOut` or `http-<status>`.
      detail: for people.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


@contextmanager
def said_of(table: str) -> Iterator[None]:
    """Raises RecipeError that names the table of the recipe for a ValueError."""
    try:
        yield
    except ValueError as error:
        raise RecipeError(f"{table}: {error}") from error


@contextmanager
def loading_told() -> Iterator[None]:
    """Raises RunError with the first line of what a library says of a model it cannot load."""
    try:
        yield
    except (ValueError, OSError, ModuleNotFoundError) as error:
        raise RunError(str(error).strip().split("\n")[0]) from error
