"""What a picture shows, a scene or a chart, and statements about it that do not hold."""

from dataclasses import replace
from typing import TypeAlias

from PIL import Image

from pipelines.sample.charts import Chart, chart_fact, compose_chart, draw_chart
from pipelines.sample.dice import Dice
from pipelines.sample.drawing import draw_scene
from pipelines.sample.scenes import COLOURS, KINDS, PLACES, Fact, Scene, compose_scene, list_facts

Subject: TypeAlias = Scene | Chart

CHARTS_IN = 10  # one picture in so many is a chart


def compose(dice: Dice) -> Subject:
    """Returns what the picture that `dice` stands for shows."""
    is_chart = dice.pick("subject", range(CHARTS_IN)) == 0
    return compose_chart(dice) if is_chart else compose_scene(dice)


def draw(subject: Subject) -> Image.Image:
    """Returns the picture, RGB."""
    return draw_scene(subject) if isinstance(subject, Scene) else draw_chart(subject)


def facts_of(subject: Subject) -> list[Fact]:
    """Returns what a caption of it may say."""
    return list_facts(subject) if isinstance(subject, Scene) else [chart_fact(subject)]


def may_hold(fact: Fact, subject: Subject) -> bool:
    """Whether a fact of another picture could be taken for one of this: it names nothing else."""
    if isinstance(subject, Scene):
        return bool(fact.things) and set(fact.things) <= {group.thing for group in subject.groups}
    return fact == chart_fact(subject)


def alter(fact: Fact, subject: Subject, dice: Dice) -> tuple[Fact, str]:
    """Returns the fact with one attribute changed, so that it is false, and which attribute."""
    if isinstance(subject, Scene):
        return _alter_scene_fact(fact, subject, dice)
    if fact.frame in ("bars", "slices"):
        return replace(fact, colours=fact.colours[::-1]), "order"
    return replace(fact, frame="falling" if fact.frame == "rising" else "rising"), "direction"


def _alter_scene_fact(fact: Fact, scene: Scene, dice: Dice) -> tuple[Fact, str]:
    at = dice.pick("altered/thing", range(len(fact.things)))
    thing = fact.things[at]
    options = ["colour", "kind", "size"]
    if thing.count < 4:  # fewer than there are would be true as well
        options.append("count")
    if fact.places and PLACES.index("middle") not in fact.places:
        options.append("place")
    what = dice.pick("altered/what", options)
    taken = {(group.thing.kind, group.thing.colour) for group in scene.groups}
    match what:
        case "place":
            places = tuple(len(PLACES) - 1 - place for place in fact.places)
            return replace(fact, places=places), what
        case "colour":
            free = [colour for colour in COLOURS if (thing.kind, colour) not in taken]
            thing = replace(thing, colour=dice.pick("altered/colour", free))
        case "kind":
            free = [kind for kind in KINDS if (kind, thing.colour) not in taken]
            thing = replace(thing, kind=dice.pick("altered/kind", free))
        case "size":
            thing = replace(thing, large=not thing.large)
        case "count":
            thing = replace(thing, count=thing.count + 1)
    things = (*fact.things[:at], thing, *fact.things[at + 1 :])
    return replace(fact, things=things), what
