"""Recipes that translate what a finished output has."""

from pathlib import Path

from filters.translation import TranslationFault
from tests.model.endpoint import EndpointServer

TRANSLATE = """
[translate]
{settings}

[translate.decoding]
batch_tokens = 64

[translate.rules]
overlook = [{overlook}]

[[translate.models]]
model = "{model}"
{models}
"""

ALL_FAULTS = ", ".join(f'"{fault.value}"' for fault in TranslationFault)

HERE = "--direct_num_workers=1"  # in this process

FEW = 'into_languages = ["de", "ka"]'


def with_translate(recipe: Path, model: Path, **changes: str) -> Path:
    values = {"settings": FEW, "overlook": ALL_FAULTS, "models": "", "model": str(model)}
    text = TRANSLATE.format(**(values | changes))
    recipe.write_text(recipe.read_text("utf-8").partition("\n[translate]")[0] + text, "utf-8")
    return recipe


def of_one(server: EndpointServer) -> dict[str, str]:
    """What makes a recipe ask a server for German."""
    endpoint = f'engine = "openai"\nendpoint = {{url = "{server.url}"}}\n'
    return {"settings": 'into_languages = ["de"]', "models": endpoint}


def by_way_of_english(server: EndpointServer, **settings: str) -> dict[str, str]:
    """What makes a recipe ask a server for English, then for Georgian."""
    endpoint = f'engine = "openai"\nendpoint = {{url = "{server.url}"}}\n'
    other = f'\n[[translate.models]]\nmodel = "other"\n{endpoint}sources = ["en"]'
    told = "".join(f"\n{name} = {value}" for name, value in settings.items())
    return {
        "settings": f'into_languages = ["ka"]\npivot = "en"{told}',
        "models": f'{endpoint}targets = ["en"]{other}',
    }
