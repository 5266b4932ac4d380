"""Draws scenes. Integers and tables only: the same pixels wherever Pillow is the same."""

from PIL import Image, ImageChops, ImageDraw, ImageOps

from pipelines.sample.scenes import GRID, NOISE_SIDE, Scene, Thing

Rgb = tuple[int, int, int]

TONES: dict[str, Rgb] = {
    "red": (214, 32, 36),
    "orange": (245, 132, 20),
    "yellow": (250, 214, 20),
    "green": (34, 150, 62),
    "blue": (30, 84, 200),
    "purple": (120, 44, 150),
    "pink": (246, 128, 180),
    "black": (20, 20, 22),
}
BACKGROUND_TONES: dict[str, Rgb] = {
    "white": (236, 236, 234),
    "grey": (164, 166, 168),
    "light blue": (168, 206, 234),
    "beige": (230, 214, 180),
}
SMALL, LARGE = 0.44, 0.88  # a shape's side as a share of its cell's shorter side
GRAIN = 18  # how far the background strays from its tone, in levels of 255
TINT = 0.7  # of white in the stripes and dots of a texture

_STAR = (  # corners, in hundredths of its radius from its middle
    (0, -100),
    (25, -34),
    (95, -31),
    (40, 13),
    (59, 81),
    (0, 42),
    (-59, 81),
    (-40, 13),
    (-95, -31),
    (-25, -34),
)


def draw_scene(scene: Scene) -> Image.Image:
    """Returns the scene as an RGB picture of its width and height."""
    picture = draw_background(scene.width, scene.height, scene.background, scene.noise)
    cell = min(scene.width, scene.height) / GRID
    for group in scene.groups:
        side = max(2, round(cell * (LARGE if group.thing.large else SMALL)))
        cover, pattern = _draw_masks(group.thing, side)
        for place in group.cells:
            left = round((place % GRID + 0.5) * scene.width / GRID - side / 2)
            top = round((place // GRID + 0.5) * scene.height / GRID - side / 2)
            picture.paste(TONES[group.thing.colour], (left, top), cover)
            if pattern is not None:
                picture.paste(tint_of(group.thing.colour), (left, top), pattern)
    return picture


def draw_background(width: int, height: int, background: str, noise: bytes) -> Image.Image:
    """Returns a plane of the background's tone, give or take GRAIN."""
    tone = BACKGROUND_TONES[background]
    dark, light = (tuple(level + way * GRAIN for level in tone) for way in (-1, 1))
    grain = Image.frombytes("L", (NOISE_SIDE, NOISE_SIDE), noise).resize((width, height))
    return ImageOps.colorize(grain, dark, light)


def tint_of(colour: str) -> Rgb:
    """Returns the light tone that stands beside a colour in its textures."""
    red, green, blue = (round(level + (255 - level) * TINT) for level in TONES[colour])
    return red, green, blue


def _draw_masks(thing: Thing, side: int) -> tuple[Image.Image, Image.Image | None]:
    """Returns what of a square of `side` pixels a shape covers, and its texture; [side, side]."""
    shape = Image.new("L", (2 * side, 2 * side))  # drawn at twice its size, for smooth edges
    _draw_shape(thing.kind, side, ImageDraw.Draw(shape))
    if thing.texture == "plain":
        return shape.reduce(2), None
    texture = Image.new("L", shape.size)
    _draw_texture(thing.texture, side, ImageDraw.Draw(texture))
    return shape.reduce(2), ImageChops.multiply(shape, texture).reduce(2)


def _draw_shape(kind: str, side: int, brush: ImageDraw.ImageDraw) -> None:
    """Fills a shape in the square from 0 to 2 * side - 1."""
    end = 2 * side - 1
    match kind:
        case "circle":
            brush.ellipse((0, 0, end, end), fill=255)
        case "square":
            brush.rectangle((0, 0, end, end), fill=255)
        case "triangle":
            brush.polygon([(side, 0), (end, end), (0, end)], fill=255)
        case "star":
            corners = [(side + side * x // 100, side + side * y // 100) for x, y in _STAR]
            brush.polygon(corners, fill=255)
        case "ring":
            brush.ellipse((0, 0, end, end), outline=255, width=max(1, 2 * side // 5))
        case "cross":
            brush.rectangle((side * 7 // 10, 0, side * 13 // 10, end), fill=255)
            brush.rectangle((0, side * 7 // 10, end, side * 13 // 10), fill=255)
        case "heart":
            brush.ellipse((0, 0, side, side), fill=255)
            brush.ellipse((side, 0, end, side), fill=255)
            brush.polygon([(0, side // 2), (end, side // 2), (side, end)], fill=255)
        case "rhombus":
            brush.polygon(
                [(side, 0), (side * 17 // 10, side), (side, end), (side * 3 // 10, side)], fill=255
            )


def _draw_texture(texture: str, side: int, brush: ImageDraw.ImageDraw) -> None:
    """Fills five stripes, or rows of dots, in the square from 0 to 2 * side - 1."""
    step = max(2, 2 * side // 5)
    starts = range(step // 4, 2 * side, step)
    if texture == "striped":
        for left in starts:
            brush.rectangle((left, 0, left + step // 2, 2 * side), fill=255)
    else:
        for left, top in ((x, y) for x in starts for y in starts):
            brush.ellipse((left, top, left + step // 2, top + step // 2), fill=255)
