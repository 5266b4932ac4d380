"""How the pictures in `gathered/` were made, so that no others are mixed in."""

import json
import tomllib
from typing import Any

from pipelines.errors import RunError
from pipelines.recipe import Gather
from pipelines.storage import Folder
from schemas.layout import GATHERED

_FILE = "_pictures.toml"  # img2dataset takes every JSON in the folder for a shard's statistics
_NAMES = ("image_size", "resize", "only_shrink", "image_format", "quality")
_DECODING = "decoding"


def check_settings(output: Folder, rules: Gather, decoding: int) -> None:
    """Refuses to add pictures of another size, format or decoding to those gathered before.

    Args:
      output: of the recipe.
      rules: of the recipe.
      decoding: the version of what decodes and measures them, `pipelines.decoding.VERSION`.

    Raises:
      RunError: naming the setting.
    """
    settings = {name: getattr(rules, name) for name in _NAMES} | {_DECODING: decoding}
    if not (output / GATHERED).exists(_FILE):
        lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.items()]
        (output / GATHERED).write(_FILE, "".join(lines).encode())
    found = _read(output)
    for name, value in settings.items():
        if found.get(name) != value:
            made = json.dumps(found.get(name, "unknown"))
            asked = "this pairmill" if name == _DECODING else "the recipe"
            raise RunError(
                f"{output.path(GATHERED)} holds pictures made with {name} = {made}, {asked} says "
                f"{json.dumps(value)}: take another output, or remove {output.uri}"
            )


def image_format(output: Folder) -> str:
    """The format of the gathered pictures: `jpeg`, `webp` or `png`."""
    return str(_read(output)["image_format"])


def _read(output: Folder) -> dict[str, Any]:
    return tomllib.loads((output / GATHERED).read(_FILE).decode())
