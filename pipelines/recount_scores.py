"""What `score` left, counted from its files: a score for every caption, an embedding for each."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from pipelines.differences import Difference, missing_file, unreadable
from pipelines.parts import (
    Unreadable,
    iter_column,
    numbers,
    part_names,
    read_columns,
    row_count,
)
from pipelines.storage import Folder
from pipelines.threads import in_threads
from schemas.fates import ScoreStatus, Unit
from schemas.layout import (
    EMBEDDINGS,
    OF_TEXTS,
    PICTURE_BRANCH,
    SCREENED_TEXTS,
    TEXT_SCORES,
    Branch,
    Tables,
    embeddings_folder,
)

_STAGE = "score"
_AT_ONCE = 4
THOUSANDTHS = 1000
"""What cosines are counted in: fixed bins, so that parts add up to the same in any order."""

_OF_CAPTION = ["caption_id", "language", "teacher", "cosine", "shuffled_cosine", "status"]
_OF_TEXT = ["query_id", "teacher", "cosine", "status"]
Said = tuple[str, str]


@dataclass(slots=True)
class Scores:
    """What the tables of scores hold.

    Attributes:
      captions: that have scores, whatever the number of teachers.
      texts: pairs that have scores.
      cosines: in thousandths, by teacher and language of captions that were judged.
      shuffled: the same of captions and pictures of others.
      not_understood: captions by teacher and language.
      through: captions that were judged in another language than theirs, by teacher, language and
        that one.
      embedded: rows of embeddings by folder; of pictures those of several models count once.
      judged: captions with a cosine by teacher, in the recipe's order.
      teachers: how many have embeddings.
      differences: what is wrong.
    """

    captions: int = 0
    texts: int = 0
    cosines: dict[Said, Counter[int]] = field(default_factory=dict)
    shuffled: dict[Said, Counter[int]] = field(default_factory=dict)
    not_understood: Counter[Said] = field(default_factory=Counter)
    through: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    embedded: Counter[str] = field(default_factory=Counter)
    judged: Counter[str] = field(default_factory=Counter)
    teachers: int = 0
    differences: list[Difference] = field(default_factory=list)

    def add(self, other: "Scores") -> None:
        """Adds what other parts hold."""
        self.captions += other.captions
        self.texts += other.texts
        for mine, theirs in ((self.cosines, other.cosines), (self.shuffled, other.shuffled)):
            for said, counts in theirs.items():
                mine.setdefault(said, Counter()).update(counts)
        self.not_understood.update(other.not_understood)
        self.through.update(other.through)
        self.embedded.update(other.embedded)
        self.judged.update(other.judged)
        self.differences += other.differences


def recount_scores(output: Folder, scored: Tables) -> Scores:
    """Counts the scores and embeddings, and compares them with each other and with `scored`.

    Args:
      output: of the recipe.
      scored: the tables whose captions were scored; with those of pictures, also the texts.
    """
    whole, branch = Scores(), scored.branch
    of_texts = [OF_TEXTS] if branch == PICTURE_BRANCH else []
    captions = part_names(output / scored.captions)
    texts = part_names(output / SCREENED_TEXTS) if of_texts else []
    for part in in_threads(lambda name: _recount_part(output, scored, name), captions, _AT_ONCE):
        whole.add(part)
    for part in in_threads(lambda name: _recount_texts(output, name), texts, _AT_ONCE):
        whole.add(part)
    teachers = (output / EMBEDDINGS).folders()
    whole.teachers = len(teachers)
    for teacher in teachers:
        for what in filter(
            None, (branch.of_pictures, branch.of_captions, branch.of_texts, *of_texts)
        ):
            id_ = "uid" if what == branch.of_pictures else ""
            whole.add(_recount_embeddings(output, embeddings_folder(int(teacher), what), id_))
    whole.differences += _unembedded(whole, branch)
    return whole


def _recount_part(output: Folder, scored: Tables, name: str) -> Scores:
    part, branch = Scores(), scored.branch
    table = _read(output, branch.scores, name, _OF_CAPTION, part)
    captions = _read(output, scored.captions, name, ["caption_id"], part)
    lost = _read(output, branch.ledger(_STAGE), name, ["id"], part)
    if table is None or captions is None or lost is None:
        return part
    gone = set(lost["id"].to_pylist())
    expected = [id_ for id_ in captions["caption_id"].to_pylist() if id_ not in gone]
    teachers = table["teacher"].to_pylist()
    judges = list(dict.fromkeys(teachers))
    found = table["caption_id"].to_pylist()[:: len(judges) or 1]
    if found != expected or teachers != judges * len(found):
        words = f"they are not those of {scored.captions}/{name}, in its order, once a teacher"
        right, file = len(set(found) & set(expected)), f"{branch.scores}/{name}"
        part.differences.append(
            _difference(branch.caption, "scored", len(expected), right, file, words)
        )
    part.captions = len(found)
    part.judged = Counter(dict.fromkeys(judges, 0))
    _check_cosines(table, f"{branch.scores}/{name}", branch.caption, part)
    _count(table, part)
    part.through = _through(output / branch.scores, name)
    return part


def _recount_texts(output: Folder, name: str) -> Scores:
    part = Scores()
    table = _read(output, TEXT_SCORES, name, _OF_TEXT, part)
    pairs = _read(output, SCREENED_TEXTS, name, ["query_id"], part)
    if table is None or pairs is None:
        return part
    judges = set(table["teacher"].to_pylist())
    found = table["query_id"].to_pylist()[:: len(judges) or 1]
    if found != pairs["query_id"].to_pylist():
        words = f"they are not those of {SCREENED_TEXTS}/{name}, in its order, once a teacher"
        file = f"{TEXT_SCORES}/{name}"
        part.differences.append(
            _difference(Unit.TEXT, "scored", pairs.num_rows, len(found), file, words)
        )
    part.texts = len(found)
    _check_cosines(table, f"{TEXT_SCORES}/{name}", Unit.TEXT, part)
    return part


def _check_cosines(table: pa.Table, file: str, unit: Unit, part: Scores) -> None:
    """A cosine is in [-1, 1], and 0 where nobody judged."""
    names = [name for name in ("cosine", "shuffled_cosine") if name in table.column_names]
    columns = np.stack([numbers(table, name) for name in names])
    judged = np.array([s == ScoreStatus.SCORED for s in table["status"].to_pylist()], dtype=bool)
    right = (np.abs(columns) <= 1).all(axis=0) & (judged | (columns == 0).all(axis=0))
    if not right.all():
        words = "a cosine must be in [-1, 1], and 0 where nothing was judged"
        part.differences.append(
            _difference(unit, "with a cosine", len(right), int(right.sum()), file, words)
        )


def _count(table: pa.Table, part: Scores) -> None:
    rows = zip(
        *(table[name].to_pylist() for name in ("teacher", "language", "status")),
        *(
            np.rint(numbers(table, name) * THOUSANDTHS).tolist()
            for name in ("cosine", "shuffled_cosine")
        ),
        strict=True,
    )
    for teacher, language, status, cosine, shuffled in rows:
        said = (teacher, language)
        if status == ScoreStatus.SCORED:
            part.cosines.setdefault(said, Counter())[int(cosine)] += 1
            part.shuffled.setdefault(said, Counter())[int(shuffled)] += 1
            part.judged[teacher] += 1
        else:
            part.not_understood[said] += 1


def _through(folder: Folder, name: str) -> Counter[tuple[str, str, str]]:
    """See `Scores.through`; nothing of scores of an earlier version, which read all as they are."""
    try:
        table = read_columns(folder, name, ["teacher", "language", "judged_in"])
    except Unreadable:
        return Counter()
    rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
    return Counter(row for row in rows if row[2] not in ("", row[1]))


def _recount_embeddings(output: Folder, where: str, id_: str) -> Scores:
    """The rows of a folder of embeddings, and whether arrays and ids are of a length.

    Args:
      output: …
      where: the folder.
      id_: by which rows are counted that several models may have embedded; "": each counts.
    """
    folder, found = output / where, Scores()
    names = folder.names()
    for name in names:
        array, ids = f"{name.partition('.')[0]}.npy", f"{name.partition('.')[0]}.parquet"
        missing = next((other for other in (array, ids) if other not in names), "")
        if missing:
            found.differences.append(missing_file(_STAGE, f"{where}/{missing}"))
        elif name == array:
            found.add(_recount_array(folder, where, array, ids, id_))
    return found


def _recount_array(folder: Folder, where: str, array: str, ids: str, id_: str) -> Scores:
    found = Scores()
    try:
        rows, named = _rows(folder, array), row_count(folder, ids)
        things = len(set(iter_column(folder, ids, id_))) if id_ else rows
    except (Unreadable, ValueError, OSError) as error:
        found.differences.append(unreadable(_STAGE, f"{where}/{array}", str(error)))
        return found
    found.embedded[where] = things
    if rows != named:
        file, words = f"{where}/{array}", f"{ids} names so many"
        found.differences.append(Difference(_STAGE, "embedding", "", named, rows, file, words))
    return found


def _rows(folder: Folder, name: str) -> int:
    """How many rows an array has, by its header and its size.

    Raises:
      ValueError: where it is none of ours, or not whole.
    """
    with folder.open(name) as file:
        np.lib.format.read_magic(file)
        shape, _, kind = np.lib.format.read_array_header_1_0(file)
        begin, end = file.tell(), file.seek(0, 2)
    if kind != np.float16 or len(shape) != 2:
        raise ValueError(f"it must be float16 [n, dim], got {kind} {list(shape)}")
    if end - begin != kind.itemsize * shape[0] * shape[1]:
        raise ValueError(f"it must have {shape[0]:,} rows, got {end - begin:,} bytes")
    return int(shape[0])


def _unembedded(whole: Scores, branch: Branch) -> Iterator[Difference]:
    """Every caption that was judged has its embedding."""
    for number, teacher in enumerate(whole.judged):
        where = embeddings_folder(number, branch.of_captions)
        expected, found = whole.judged[teacher], whole.embedded[where]
        if expected != found:
            words = f"{teacher} judged so many captions"
            yield Difference(_STAGE, "embedding", "", expected, found, f"{where}/", words)


def _difference(
    unit: Unit, what: str, expected: int, found: int, file: str, words: str = ""
) -> Difference:
    return Difference(_STAGE, unit.value, what, expected, found, file, words)


def _read(
    output: Folder, table: str, name: str, columns: list[str], part: Scores
) -> pa.Table | None:
    try:
        return read_columns(output / table, name, columns)
    except Unreadable as error:
        part.differences.append(unreadable(_STAGE, f"{table}/{name}", str(error)))
        return None
