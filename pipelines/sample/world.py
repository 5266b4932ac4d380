"""Makes the rows of a sample world, one picture after the other."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pipelines.sample.defects import plan_defects
from pipelines.sample.dice import Dice
from pipelines.sample.grammars import GRAMMARS, say_fact
from pipelines.sample.junk import JUNK_KINDS, say_foreign, spoil_text
from pipelines.sample.scenes import Fact, Scene, compose_scene, rearrange
from pipelines.sample.spoiling import (
    corrupt,
    draw_blank,
    draw_nearly_blank,
    edit,
    encode,
    shrink,
    stretched_size,
)
from pipelines.sample.subjects import Subject, alter, compose, draw, facts_of, may_hold
from schemas.languages import ALL

LICENCE = "CC0-1.0"
EVALUATION = "evaluation"
POPULAR = (
    ("en", "A picture from my collection"),
    ("de", "Ein Bild aus meiner Sammlung"),
    ("es", "Una imagen de mi colección"),
    ("ru", "Картинка из моей коллекции"),
    ("ja", "コレクションの中の1枚の画像です"),
    ("ar", "صورة من مجموعتي الخاصة"),
)
POPULAR_ROWS_EACH = 60  # before another of these comes up

_EXTENSIONS = ("jpg", "jpg", "png", "webp")
_SAME_TEXT = 4  # good captions that may be alike; beyond, another fact is sought
_TRIES = 12


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the pairs and what is true of it.

    Attributes:
      image: path of its picture, relative to the table's folder.
      language: that it is stated to be in; None: not stated.
      text: its caption.
      scene: number of its picture, from 0 in the order of drawing.
      defect: one of the defects' kinds; "": none.
      twin: the row whose picture its picture copies; -1: none.
      detail: what was done.
    """

    image: str
    language: str | None
    text: str
    scene: int
    defect: str
    twin: int
    detail: str


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A picture in its file.

    Attributes:
      image: its path.
      subject: what it shows.
      twin: the row whose picture it copies; -1: none.
      detail: what was done to it.
    """

    image: str
    subject: Subject
    twin: int = -1
    detail: str = ""


class World:
    """Draws pictures into a folder and makes their rows.

    Args:
      folder: exists.
      rows: how many will be taken; tells what is a large world.
      seed: of all choices.
      defects: share of the rows that have one, 0 to MOST_DEFECTS.
      held_out: whether captions are said in the sentences that are held out.

    Attributes:
      evaluation: rows of the evaluation set so far; their paths are relative to its folder.
    """

    def __init__(self, folder: Path, rows: int, seed: int, defects: float, held_out: bool) -> None:
        self.evaluation: list[Row] = []
        self._folder = folder
        self._seed = seed
        self._held_out = held_out
        self._pictures, self._captions = plan_defects(Dice(seed, 0), rows, defects)
        self._originals: list[tuple[int, int, str]] = []  # scene, a good row, path: to be copied
        self._said: Counter[tuple[str, str]] = Counter()
        self._evaluated: set[tuple[str, str]] = set()
        self._popular = 0
        self._evaluation_pictures = 0

    def rows(self) -> Iterator[Row]:
        """Yields rows without end: two to four a picture, in different languages."""
        number, scene = 0, 0
        while True:
            dice = Dice(self._seed, scene)
            defect = self._pictures.next_kind(
                () if self._originals else ("duplicate-picture", "near-duplicate")
            )
            drawn = self._draw(defect, dice)
            good = -1
            for row in self._rows_of(drawn, defect, dice):
                good = number if not row.defect else good
                number += 1
                yield row
            if good >= 0 and not defect:
                self._originals.append((scene, good, drawn.image))
            scene += 1

    def evaluate(self) -> None:
        """Adds a picture and its caption, neither of which stands in the pairs."""
        dice = self._evaluation_dice()
        scene = compose_scene(dice)
        extension = dice.pick("format", _EXTENSIONS)
        image = self._save(encode(draw(scene), extension), extension, dice, EVALUATION)
        language = dice.pick("language", ALL)
        self._add_evaluation(image, language, self._say(scene, language, dice)[1])

    def _draw(self, defect: str, dice: Dice) -> _Drawn:
        """Returns the next picture, with its defect, in its file."""
        match defect:
            case "duplicate-picture" | "near-duplicate":
                return self._copy(defect, dice)
            case "contaminated-picture":
                return self._contaminate_picture(dice)
        subject, extension, detail = compose(dice), dice.pick("format", _EXTENSIONS), ""
        if defect == "extreme-aspect":
            width, height = stretched_size(dice)
            subject, detail = replace(subject, width=width, height=height), f"{width}x{height}"
        picture = draw(subject)
        match defect:
            case "blank":
                picture = draw_blank(picture.size, dice)
            case "nearly-blank":
                picture, detail = draw_nearly_blank(picture.size, dice)
            case "tiny":
                picture = shrink(picture, dice)
                detail = f"{picture.width}x{picture.height}"
        data = encode(picture, extension)
        if defect == "corrupt":
            data, detail = corrupt(data, dice)
        image = self._save(data, extension, dice)
        if defect == "missing":
            (self._folder / image).unlink()
        return _Drawn(image, subject, detail=detail)

    def _copy(self, defect: str, dice: Dice) -> _Drawn:
        """Returns a copy of an earlier good picture that was not copied yet."""
        at = dice.pick("original", range(len(self._originals)))
        scene, row, original = self._originals.pop(at)
        subject = compose(Dice(self._seed, scene))
        if defect == "duplicate-picture":
            extension, detail = original.rpartition(".")[2], "same bytes"
            data = (self._folder / original).read_bytes()
        else:
            data, extension, detail = edit(draw(subject), dice)
        return _Drawn(self._save(data, extension, dice), subject, row, detail)

    def _contaminate_picture(self, dice: Dice) -> _Drawn:
        """Returns a picture of the evaluation set, as it is or encoded again."""
        own = self._evaluation_dice()
        scene = compose_scene(own)
        extension = own.pick("format", _EXTENSIONS)
        data = encode(draw(scene), extension)
        held = self._save(data, extension, own, EVALUATION)
        language = own.pick("language", ALL)
        self._add_evaluation(held, language, self._say(scene, language, own)[1])
        detail = dice.pick("contaminated", ("same bytes", "re-encoded"))
        if detail == "re-encoded":
            extension = "jpg" if extension != "jpg" else "webp"
            data = encode(draw(scene), extension, quality=70)
        return _Drawn(self._save(data, extension, dice), scene, detail=f"{detail}: {held}")

    def _rows_of(self, drawn: _Drawn, defect: str, dice: Dice) -> Iterator[Row]:
        """Yields the rows of a picture: each has its picture's defect or may have its own."""
        has_popular = False
        for language in dice.shuffle("languages", ALL)[: dice.pick("captions", (2, 3, 4))]:
            fact, text = self._say(drawn.subject, language, dice)
            row = Row(drawn.image, language, text, dice.index, defect, drawn.twin, drawn.detail)
            if not defect:
                kind = self._captions.next_kind(self._unsuited(drawn.subject, dice, has_popular))
                has_popular |= kind == "popular-caption"
                row = self._spoil(row, kind, fact, drawn.subject) if kind else row
            yield row

    def _unsuited(self, subject: Subject, dice: Dice, has_popular: bool) -> set[str]:
        """Returns the kinds that a row of this picture cannot have."""
        unsuited = {"popular-caption"} if has_popular else set()
        if not isinstance(subject, Scene) or len(subject.groups) < 2:
            unsuited.add("contaminated-caption")
        return unsuited if dice.index else unsuited | {"mismatched"}

    def _spoil(self, row: Row, kind: str, fact: Fact, subject: Subject) -> Row:
        """Returns the row with a defect of its own."""
        language = row.language or ""
        dice = Dice(self._seed, row.scene)
        detail = ""
        match kind:
            case "mismatched":
                text, detail = self._say_of_another(subject, language, dice)
            case "mismatched-hard":
                altered, detail = alter(fact, subject, dice)
                text = say_fact(altered, GRAMMARS[language], held_out=self._held_out)
            case "wrong-language":
                spoken = dice.pick(f"spoken/{language}", [code for code in ALL if code != language])
                text = say_fact(fact, GRAMMARS[spoken], held_out=self._held_out)
                detail = f"text is {spoken}"
            case "foreign-language":
                text, stated, code = say_foreign(dice)
                return replace(
                    row, text=text, language=stated, defect=kind, detail=f"text is {code}"
                )
            case "popular-caption":
                language, text = POPULAR[self._popular // POPULAR_ROWS_EACH % len(POPULAR)]
                self._popular += 1
            case "contaminated-caption":
                text, detail = self._contaminate_caption(subject, language, dice)
            case _ if kind in JUNK_KINDS:
                text, language = spoil_text(kind, row.text, language, dice)
        return replace(row, text=text, language=language, defect=kind, detail=detail)

    def _say_of_another(self, subject: Subject, language: str, dice: Dice) -> tuple[str, str]:
        """Returns an earlier picture's caption that is not true of this one, and its number."""
        for attempt in range(_TRIES):
            other = dice.pick(f"other/{language}/{attempt}", range(dice.index))
            facts = facts_of(compose(Dice(self._seed, other)))
            fact = dice.pick(f"other-fact/{language}", facts)
            if not may_hold(fact, subject):
                break
        return say_fact(fact, GRAMMARS[language], held_out=self._held_out), f"of scene {other}"

    def _contaminate_caption(self, subject: Subject, language: str, dice: Dice) -> tuple[str, str]:
        """Adds the caption to the evaluation set, where another picture has it, too."""
        if not isinstance(subject, Scene):
            raise ValueError(f"subject must be a scene, got {type(subject).__name__}")
        own = self._evaluation_dice()
        scene = rearrange(subject, own)
        facts = [fact for fact in facts_of(subject) if fact.frame in ("list", "background")]
        text = say_fact(dice.pick("evaluated", facts), GRAMMARS[language], held_out=self._held_out)
        extension = own.pick("format", _EXTENSIONS)
        image = self._save(encode(draw(scene), extension), extension, own, EVALUATION)
        self._add_evaluation(image, language, text)
        if dice.pick("loosened", (False, True)):
            return text.rstrip(".。।۔").replace(" ", "  "), "other spaces and no full stop"
        return text, "same text"

    def _say(self, subject: Subject, language: str, dice: Dice) -> tuple[Fact, str]:
        """Returns a fact and its sentence; one that is rare and not in the evaluation set."""
        facts = facts_of(subject)
        for attempt in range(_TRIES):
            fact = dice.pick(f"fact/{language}/{attempt}", facts)
            text = say_fact(fact, GRAMMARS[language], held_out=self._held_out)
            said = (language, text)
            if self._said[said] < _SAME_TEXT and said not in self._evaluated:
                break
        self._said[said] += 1
        return fact, text

    def _evaluation_dice(self) -> Dice:
        self._evaluation_pictures += 1
        return Dice(self._seed, -self._evaluation_pictures)

    def _add_evaluation(self, image: str, language: str, text: str) -> None:
        self._evaluated.add((language, text))
        path = image.removeprefix(f"{EVALUATION}/")
        self.evaluation.append(Row(path, language, text, -1, "", -1, ""))

    def _save(self, data: bytes, extension: str, dice: Dice, below: str = "") -> str:
        """Writes a picture's file; returns its path relative to the folder."""
        name = dice.digest("name", 16).hex()
        image = "/".join(filter(None, (below, "pictures", name[:2], f"{name}.{extension}")))
        (self._folder / image).parent.mkdir(parents=True, exist_ok=True)
        (self._folder / image).write_bytes(data)
        return image
