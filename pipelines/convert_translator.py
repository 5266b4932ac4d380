"""What `pairmill convert-translator` does: prepares a translation model for ctranslate2."""

from pathlib import Path
from typing import Literal

from model.licences import non_commercial_licence
from model.translator import named_extra
from pipelines.errors import RecipeError, RunError


def run_conversion(
    checkpoint: str,
    out: Path,
    revision: str | None,
    quantization: Literal["int8", "bfloat16", "float32"],
) -> None:
    """Converts and says what came of it.

    Raises:
      RecipeError: the checkpoint is no translator that we know, or `out` is taken.
      RunError: `out` cannot be written.
    """
    try:
        from model.translator_conversion import convert_checkpoint

        manifest = convert_checkpoint(checkpoint, out, commit=revision, quantization=quantization)
    except ModuleNotFoundError as error:
        raise RecipeError(str(named_extra(error))) from error
    except ValueError as error:
        raise RecipeError(str(error)) from error
    except OSError as error:
        raise RunError(f"{out} cannot be written: {error}") from error
    size = sum(path.stat().st_size for path in out.iterdir())
    sources, targets = (len(side) or "?" for side in (manifest.tags.sources, manifest.tags.targets))
    languages = f"from {sources} to {targets} of our languages"
    kind = f"{manifest.family}, {manifest.quantization}, {size / 1e6:,.1f} MB"
    print(f"{out}: {manifest.name} ({kind}), {languages}")
    licence = non_commercial_licence(manifest.name, manifest.family)
    if licence:
        print(f"warning: its licence, {licence}, does not allow commercial use")
