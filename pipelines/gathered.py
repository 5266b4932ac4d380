"""How the pictures in `gathered/` and `documents/` were made, so that no others are mixed in."""

import json
import tomllib
from typing import Any

from pipelines.document_rules import Documents
from pipelines.errors import RunError
from pipelines.recipe import Gather
from pipelines.rendering.pages import VERSION as RENDERING
from pipelines.storage import Folder
from schemas.layout import DOCUMENTS, GATHERED

_FILE = "_pictures.toml"  # img2dataset takes every JSON in the folder for a shard's statistics
_NAMES = ("image_size", "resize", "only_shrink", "image_format", "quality")
_OF_PAGES = (
    "dpi", "viewport_width", "viewport_height", "device_scale", "scripts", "image_format",
    "quality",
)  # fmt: skip
_DECODING = "decoding"
_RENDERING = "rendering"


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
    _check(output, GATHERED, settings)


def check_rendering(output: Folder, rules: Documents) -> None:
    """Refuses to add pages that are rendered otherwise to those rendered before.

    Raises:
      RunError: naming the setting.
    """
    _check(
        output,
        DOCUMENTS,
        {name: getattr(rules, name) for name in _OF_PAGES} | {_RENDERING: RENDERING},
    )


def _check(output: Folder, folder: str, settings: dict[str, Any]) -> None:
    if not (output / folder).exists(_FILE):
        lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.items()]
        (output / folder).write(_FILE, "".join(lines).encode())
    found = _read(output, folder)
    for name, value in settings.items():
        if found.get(name) != value:
            made = json.dumps(found.get(name, "unknown"))
            asked = "this pairmill" if name in (_DECODING, _RENDERING) else "the recipe"
            raise RunError(
                f"{output.path(folder)} holds pictures made with {name} = {made}, {asked} says "
                f"{json.dumps(value)}: take another output, or remove {output.uri}"
            )


def image_format(output: Folder, folder: str = GATHERED) -> str:
    """The format of the stored pictures: `jpeg`, `webp` or `png`."""
    return str(_read(output, folder)["image_format"])


def _read(output: Folder, folder: str) -> dict[str, Any]:
    return tomllib.loads((output / folder).read(_FILE).decode())
