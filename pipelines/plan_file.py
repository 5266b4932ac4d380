"""Reads a training plan's TOML strictly, and makes its paths absolute."""

import dataclasses

from model.plan import ModelPlan, Plan, Stage
from pipelines.storage import filesystem
from pipelines.strict_toml import Manner, absolute, read_strictly


def read_plan(uri: str) -> Plan:
    """Reads the plan at `uri`, a path or any URI that fsspec opens.

    Raises:
      RecipeError: with a line for each thing that is wrong.
    """
    plan, folder = read_strictly(uri, Plan, Manner("training plan"))
    evaluations = tuple(
        dataclasses.replace(
            of,
            data=absolute(of.data, folder),
            images=of.images and absolute(of.images, folder),
        )
        for of in plan.evaluations
    )
    return dataclasses.replace(
        plan,
        output=absolute(plan.output, folder),
        model=_with_absolute_paths(plan.model, folder),
        stages=tuple(_with_absolute_data(stage, folder) for stage in plan.stages),
        evaluations=evaluations,
    )


def _with_absolute_paths(model: ModelPlan, folder: str) -> ModelPlan:
    return dataclasses.replace(
        model,
        checkpoint=model.checkpoint and absolute(model.checkpoint, folder),
        text=_folder_or_id(model.text, folder),
        image=_folder_or_id(model.image, folder),
        tokenizer=_folder_or_id(model.tokenizer, folder),
    )


def _with_absolute_data(stage: Stage, folder: str) -> Stage:
    images, texts = (
        tuple(
            dataclasses.replace(
                data,
                path=absolute(data.path, folder),
                pictures=data.pictures and absolute(data.pictures, folder),
            )
            for data in sets
        )
        for sets in (stage.images, stage.texts)
    )
    return dataclasses.replace(stage, images=images, texts=texts)


def _folder_or_id(name: str, folder: str) -> str:
    """A folder's path, absolute; or an id on the hub, where no folder here has that path."""
    if not name:
        return ""
    path = absolute(name, folder)
    fs, place = filesystem(path)
    return path if name.startswith((".", "/")) or fs.isdir(place) else name
