"""Whether what the stages of a run need beside the core is installed."""

from collections.abc import Collection

from pipelines.cross_encoders import check_encoder as check_cross_encoder
from pipelines.nearest import check_installed as check_mining
from pipelines.query_options import check_key
from pipelines.recipe import Recipe
from pipelines.rendering.installed import check_installed as check_renderers
from pipelines.sentence_encoders import check_encoder
from pipelines.teachers import check_installed as check_teachers
from pipelines.translators import check_translators


def check_extras(recipe: Recipe, stages: Collection[str]) -> None:
    """Raises RecipeError where a package is missing that a stage needs, naming the extra."""
    if "documents" in stages:
        check_renderers()
        if recipe.documents and recipe.documents.queries:
            check_key(recipe.documents.queries)
    if "score" in stages:
        check_teachers()
    if "translate" in stages and recipe.translate:
        check_translators(recipe.translate)
        check_encoder(recipe.translate)
    if recipe.mine and "mine" in stages:
        check_mining(recipe.mine.bm25 > 0)
        check_cross_encoder(recipe.mine)
