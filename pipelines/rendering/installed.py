"""Whether what renders documents is installed; nothing of it is imported."""

from importlib.util import find_spec

from pipelines.errors import RecipeError

_PACKAGES = ("pypdfium2", "playwright", "markdown_it")


def check_installed() -> None:
    """Raises RecipeError where a package is missing, saying what to do."""
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise RecipeError(
            f"documents: {missing[0]} is not installed: pip install 'pairmill[documents]'"
        )
