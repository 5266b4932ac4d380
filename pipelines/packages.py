"""Optional packages: an error that names the extra comes before a run, not in the middle of it."""

from collections.abc import Iterable
from importlib.util import find_spec

from pipelines.errors import RecipeError


def require_packages(table: str, names: Iterable[str], extra: str) -> None:
    """Refuses to begin without the packages that a table of the recipe needs.

    Raises:
      RecipeError: naming the first that lacks and the extra that brings it.
    """
    missing = next((name for name in names if find_spec(name) is None), None)
    if missing:
        raise RecipeError(
            f"{table} needs {missing}, which is not installed: pip install 'pairmill[{extra}]'"
        )
