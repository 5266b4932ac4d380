"""Whether what renders documents is installed; nothing of it is imported."""

from pipelines.packages import require_packages

_PACKAGES = ("pypdfium2", "playwright", "markdown_it")


def check_installed() -> None:
    """Raises RecipeError where a package is missing, saying what to do."""
    require_packages("[documents]", _PACKAGES, "documents")
