"""The errors that a user sees as one sentence: what must hold, what came, what to do."""


class PairmillError(Exception):
    """Anything a person can mend; every other exception is a bug of ours."""

    exit_code = 1


class RunError(PairmillError):
    """The run failed half-way: the same command goes on where it stopped."""


class RecipeError(PairmillError):
    """The recipe, the plan or the command line is wrong: nothing was run."""

    exit_code = 2
