"""How the pictures in `gathered/` are stored, so that no others are mixed in."""

import json
import tomllib
from typing import Any

from pipelines.errors import RunError
from pipelines.recipe import Gather
from pipelines.storage import Folder
from schemas.layout import GATHERED

_FILE = "_pictures.toml"  # img2dataset takes every JSON in the folder for a shard's statistics
_NAMES = ("image_size", "resize", "only_shrink", "image_format", "quality")


def check_settings(output: Folder, rules: Gather) -> None:
    """Refuses to add pictures of another size or format to those gathered before.

    Raises:
      RunError: naming the setting.
    """
    settings = {name: getattr(rules, name) for name in _NAMES}
    if not (output / GATHERED).exists(_FILE):
        lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.items()]
        (output / GATHERED).write(_FILE, "".join(lines).encode())
    for name, value in _read(output).items():
        if settings[name] != value:
            raise RunError(
                f"{output.path(GATHERED)} holds pictures made with {name} = {json.dumps(value)}, "
                f"the recipe says {json.dumps(settings[name])}: take another output, or remove "
                f"{output.uri}"
            )


def image_format(output: Folder) -> str:
    """The format of the gathered pictures: `jpeg`, `webp` or `png`."""
    return str(_read(output)["image_format"])


def _read(output: Folder) -> dict[str, Any]:
    return tomllib.loads((output / GATHERED).read(_FILE).decode())
