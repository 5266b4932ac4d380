"""Models load what they need only when they are loaded, and say what brings it where it lacks."""

from collections.abc import Iterator
from contextlib import contextmanager

_BROUGHT = ("torch", "transformers", "sentence_transformers")


@contextmanager
def train_extra(what: str) -> Iterator[None]:
    """Names the extra `train` where a package that it brings is not installed.

    Raises:
      ModuleNotFoundError: of the package, naming the extra and `what` needs it.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in _BROUGHT:
            raise
        raise ModuleNotFoundError(
            f"{what} needs {error.name}: pip install 'pairmill[train]'", name=error.name
        ) from error
