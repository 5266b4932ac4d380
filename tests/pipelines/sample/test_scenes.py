from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from pipelines.sample.charts import (
    FORMS,
    LEVELS,
    Chart,
    chart_fact,
    compose_chart,
    draw_chart,
)
from pipelines.sample.dice import Dice
from pipelines.sample.drawing import TONES, draw_scene, tint_of
from pipelines.sample.scenes import (
    BACKGROUNDS,
    COLOURS,
    GRID,
    KINDS,
    LONGER_SIDE,
    MOST_SHAPES,
    NOISE_SIDE,
    PLACES,
    TEXTURES,
    Group,
    Scene,
    Thing,
    compose_scene,
    list_facts,
    rearrange,
)
from pipelines.sample.subjects import alter, compose, facts_of, may_hold

SCENES = [compose_scene(Dice(3, index)) for index in range(300)]
CHARTS = [compose_chart(Dice(3, index)) for index in range(200)]
NOISE = bytes(7 * at % 251 for at in range(NOISE_SIDE**2))


def _near(picture: Image.Image, tone: tuple[int, int, int]) -> np.ndarray:
    """Which pixels, [height, width], are within 12 levels of the tone."""
    pixels = np.asarray(picture, dtype=np.int16)
    return np.abs(pixels - np.array(tone, dtype=np.int16)).max(axis=-1) <= 12


def _sides(place: int) -> set[str]:
    return set(PLACES[place].split())


def test_scenes_keep_their_promises() -> None:
    for scene in SCENES:
        cells = [cell for group in scene.groups for cell in group.cells]
        looks = {(group.thing.kind, group.thing.colour) for group in scene.groups}
        assert 1 <= len(scene.groups) == len(looks) <= 3
        assert len(cells) == len(set(cells)) <= MOST_SHAPES
        assert all(len(group.cells) == group.thing.count for group in scene.groups)
        assert max(scene.width, scene.height) in LONGER_SIDE
        assert len(scene.noise) == NOISE_SIDE**2
    things = [group.thing for scene in SCENES for group in scene.groups]
    assert {thing.kind for thing in things} == set(KINDS)
    assert {thing.colour for thing in things} == set(COLOURS)
    assert {thing.texture for thing in things} == set(TEXTURES)
    assert {thing.count for thing in things} == {1, 2, 3, 4}
    assert {scene.background for scene in SCENES} == set(BACKGROUNDS)


def test_what_is_said_of_places_is_so() -> None:
    seen = set()
    for scene in SCENES:
        cells = {group.thing: group.cells for group in scene.groups}
        for fact in list_facts(scene):
            if fact.frame == "at":
                (thing,), (place,) = fact.things, fact.places
                assert all(_sides(place) <= _sides(cell) for cell in cells[thing])
            elif fact.frame == "pair":
                a, b = (cells[thing] for thing in fact.things)
                axis = [at % GRID if fact.places in ((3, 5), (5, 3)) else at // GRID for at in a]
                other = [at % GRID if fact.places in ((3, 5), (5, 3)) else at // GRID for at in b]
                is_first = fact.places[0] in (PLACES.index("left"), PLACES.index("top"))
                assert max(axis) < min(other) if is_first else max(other) < min(axis)
            else:
                assert fact.things == tuple(group.thing for group in scene.groups)
            seen.add((fact.frame, fact.places))
    assert {frame for frame, _ in seen} == {"list", "at", "pair", "background"}
    assert {places for frame, places in seen if frame == "at"} == {(at,) for at in range(9)}
    assert {places for frame, places in seen if frame == "pair"} == {(3, 5), (5, 3), (1, 7), (7, 1)}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("colour", COLOURS)
def test_a_shape_is_drawn_in_its_colour_and_its_cell(kind: str, colour: str) -> None:
    cell = (KINDS.index(kind) + COLOURS.index(colour)) % (GRID * GRID)
    row, column = divmod(cell, GRID)
    areas = []
    for large in (False, True):
        group = Group(Thing(kind, colour, large, "plain", 1), (cell,))
        near = _near(draw_scene(Scene(300, 240, "white", NOISE, (group,))), TONES[colour])
        own = near[row * 80 : (row + 1) * 80, column * 100 : (column + 1) * 100]
        assert near.sum() == own.sum() > 150
        areas.append(int(near.sum()))
    assert 3 < areas[1] / areas[0] < 5  # twice the side


@pytest.mark.parametrize("kind", KINDS)
def test_textures_show(kind: str) -> None:
    shares = {}
    for texture in TEXTURES:
        group = Group(Thing(kind, "blue", True, texture, 1), (4,))
        picture = draw_scene(Scene(400, 400, "grey", NOISE, (group,)))
        full, tint = (int(_near(picture, tone).sum()) for tone in (TONES["blue"], tint_of("blue")))
        shares[texture] = tint / (full + tint)
    assert shares["plain"] == 0
    assert 0.05 < shares["dotted"] < shares["striped"] < 0.65


def test_every_shape_of_a_group_is_drawn() -> None:
    group = Group(Thing("square", "red", False, "plain", 4), (0, 2, 6, 8))
    near = _near(draw_scene(Scene(300, 300, "beige", NOISE, (group,))), TONES["red"])
    counts = [near[y : y + 100, x : x + 100].sum() for y in (0, 100, 200) for x in (0, 100, 200)]
    assert [bool(count) for count in counts] == [cell in group.cells for cell in range(9)]


def test_rearranged_things_are_the_same_things_elsewhere() -> None:
    for index, scene in enumerate(SCENES[:50]):
        other = rearrange(scene, Dice(4, index))
        assert other.noise != scene.noise
        assert other.background == scene.background
        assert [group.thing for group in other.groups] == [group.thing for group in scene.groups]


def test_charts_keep_their_promises() -> None:
    assert {chart.form for chart in CHARTS} == set(FORMS)
    for chart in CHARTS:
        assert 3 <= len(chart.values) == len(set(chart.values)) == len(chart.colours) <= 7
        assert set(chart.values) <= set(LEVELS)
        fact = chart_fact(chart)
        assert fact.number == len(chart.values)
        by_value = [colour for _, colour in sorted(zip(chart.values, chart.colours, strict=True))]
        if chart.form in ("bars", "slices"):
            assert fact.colours == (by_value[-1], by_value[0])
        else:
            assert fact.colours == chart.colours[:1]
            assert list(chart.values) == sorted(chart.values, reverse=chart.form == "falling")


@pytest.mark.parametrize("form", ["bars", "slices"])
def test_the_largest_part_of_a_chart_covers_most(form: str) -> None:
    for chart in [chart for chart in CHARTS if chart.form == form][:20]:
        picture = draw_chart(chart)
        areas = {colour: int(_near(picture, TONES[colour]).sum()) for colour in chart.colours}
        most, least = chart_fact(chart).colours
        assert max(areas, key=areas.__getitem__) == most
        assert min(areas, key=areas.__getitem__) == least


@pytest.mark.parametrize("form", ["rising", "falling"])
def test_a_line_goes_the_way_that_is_said(form: str) -> None:
    for chart in [chart for chart in CHARTS if chart.form == form][:10]:
        assert isinstance(chart, Chart)
        near = _near(draw_chart(replace(chart, background="white")), TONES[chart.colours[0]])
        rows, columns = near.nonzero()
        first, last = rows[columns == columns.min()].mean(), rows[columns == columns.max()].mean()
        assert (first > last) == (form == "rising")


def test_an_altered_fact_is_false() -> None:
    changed = set()
    for index in range(400):
        dice = Dice(5, index)
        subject = compose(dice)
        for fact in facts_of(subject):
            altered, what = alter(fact, subject, dice)
            changed.add(what)
            assert altered != fact
            assert altered not in facts_of(subject)
            assert what == "place" or not may_hold(altered, subject)
    assert changed == {"colour", "kind", "size", "count", "place", "order", "direction"}


def test_another_pictures_fact_may_hold_where_it_names_nothing_else() -> None:
    scene = next(scene for scene in SCENES if len(scene.groups) == 2)
    assert all(may_hold(fact, scene) for fact in list_facts(scene))
    first = replace(scene, groups=scene.groups[:1])
    assert not may_hold(list_facts(scene)[0], first)
    assert may_hold(list_facts(first)[0], scene)
    assert not may_hold(chart_fact(CHARTS[0]), scene)
    assert not may_hold(list_facts(scene)[0], CHARTS[0])
