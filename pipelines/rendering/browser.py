"""The browser that renders HTML."""

import shutil

from pipelines.errors import RunError

_NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_browser() -> str:
    """Where Chromium is.

    Raises:
      RunError: where it is not, saying what to do.
    """
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        raise RunError(
            f"none of {', '.join(_NAMES)} is installed: apt-get install chromium "
            "(HTML and Markdown are rendered with it)"
        )
    return found
