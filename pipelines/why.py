"""`pairmill why`: the whole way of one picture, caption, triplet or row, top down."""

import re
from collections.abc import Iterator

from rich.console import Console

from pipelines.errors import RecipeError
from pipelines.pages import as_line, open_console
from pipelines.records import STAGES, is_outdated, is_output, read_records
from pipelines.storage import Folder
from pipelines.way import (
    FEWEST_DIGITS,
    Thing,
    Way,
    find_things,
    kept_pair,
    ledger_rows,
    read_way,
    text_scores,
)
from pipelines.way_triplets import TripletWay, read_triplet
from pipelines.way_words import came_back, end_of, judgement
from pipelines.why_pages import way_of_pages
from schemas.fates import Fate, Unit
from schemas.ids import caption_id
from schemas.languages import ALL, UNKNOWN
from schemas.layout import GATHERED, PAIRS, shard_name
from schemas.rows import GatheredPicture, LedgerRow

_MOST_LISTED = 10


def show_way(output: str, id_: str) -> bool:
    """Prints what became of `id_`; returns whether exactly one thing has that name.

    Args:
      output: of a recipe.
      id_: a uid, a caption id, a triplet id, the first digits of one, a URL, a path as its table
        has it, or an input row, `source:file:number`; of documents and pages see
        `pipelines.why_pages`.

    Raises:
      RecipeError: where there is no output.
    """
    root = Folder(output.rstrip("/") or "/")
    if not is_output(root):
        raise RecipeError(f"there is no pairmill output in {output}")
    console = open_console()
    things = find_things(root, id_)
    if not things and (lines := way_of_pages(root, id_)):
        for line in lines:
            console.print(line, soft_wrap=True)
        return True
    if not things:
        console.print(f"nothing with id {as_line(id_)} in {output}", soft_wrap=True)
        if re.fullmatch(f"[0-9a-fA-F]{{1,{FEWEST_DIGITS - 1}}}", id_):
            console.print(f"(the beginning of an id must have {FEWEST_DIGITS} digits or more)")
        return False
    if len(things) > 1:
        _show_choice(console, id_, things)
        return False
    thing = things[0]
    for line in _lines(root, thing):
        console.print(line, soft_wrap=True)
    return True


def _lines(root: Folder, thing: Thing) -> Iterator[str]:
    if thing.kind == "triplet":
        return _triplet(root, read_triplet(root, thing.id))
    return _way(root, thing) if thing.uid else _row_alone(root, thing.id)


def _show_choice(console: Console, id_: str, things: list[Thing]) -> None:
    console.print(f"{as_line(id_)} names {len(things):,} things, say which:", soft_wrap=True)
    for thing in things[:_MOST_LISTED]:
        console.print(f"  {thing.kind} {thing.id}", soft_wrap=True)
    if len(things) > _MOST_LISTED:
        console.print(f"  … and {len(things) - _MOST_LISTED:,} more")


def _row_alone(root: Folder, name: str) -> Iterator[str]:
    """What became of a row that names no picture: a text pair, or one that could not be read."""
    yield f"row {as_line(name)}"
    if pair := kept_pair(root, name):
        yield f"  kept: {pair.query_language} {as_line(pair.query)}"
        yield f"        {pair.positive_language} {as_line(pair.positive)}"
        for score in text_scores(root, pair):
            yield f"  score: {judgement(score)}"
    for row in ledger_rows(root, name):
        yield f"  {row.stage}: {end_of(row)}"


def _triplet(root: Folder, way: TripletWay) -> Iterator[str]:
    """What a triplet is of, and where it was kept or turned away."""
    yield f"triplet {way.id}"
    yield f"  {way.kind or 'of an anchor and a positive that are no longer there'}"
    for name, id_ in (("anchor", way.anchor_id), ("positive", way.positive_id)):
        if id_:
            yield f"  {name} {id_}{_said(way, name, id_)}"
    if way.refused:
        yield f"mine: {end_of(way.refused)}"
    if not way.mined:
        return
    yield f"mine: kept, positive {way.mined['scores'][0]:.4f}"
    columns = (way.mined[name] for name in ("scores", "origins", "negative_languages"))
    scores, *others = columns
    for number, (score, origin, language) in enumerate(zip(scores[1:], *others, strict=True), 1):
        text = as_line(way.mined[f"negative_{number}"])
        yield f"  {score:.4f}   {origin}   {language or 'picture'}   {text}"
    if way.packed:
        yield f"pack: kept\n  {way.packed[0]}: row {way.packed[1]} from 0"
    else:
        yield from _not_packed(root)


def _said(way: TripletWay, name: str, id_: str) -> str:
    """The text of a side, where it has one, and where that is from, where it is known."""
    if not way.mined or way.mined[name] == id_:
        return ""
    origin = way.mined["anchor_origin"] if name == "anchor" else ""
    return "".join(f"   {words}" for words in (origin, as_line(way.mined[name])) if words)


def _way(root: Folder, thing: Thing) -> Iterator[str]:
    way = read_way(root, thing.uid)
    yield from _heading(way, thing)
    yield ""
    yield from _rows(way, thing)
    yield ""
    yield from _gathering(root, way)
    rejected = [row for row in way.ledger if row.unit == Unit.PICTURE and row.stage != STAGES[0]]
    for row in rejected:
        yield f"{row.stage}: {end_of(row)}"
    if not rejected:
        yield from _packing(root, way)


def _heading(way: Way, thing: Thing) -> Iterator[str]:
    yield f"picture {way.uid}"
    rejected = (row.detail for row in way.ledger if row.unit == Unit.PICTURE)
    known = [way.picture.url] if way.picture else [attempt.url for attempt in way.attempts]
    url = next(iter([*known, *rejected]), "")
    if url:
        yield f"  {as_line(url, 2_000)}"
    for attempt in way.attempts[-1:]:
        yield f"  source {attempt.source}" + (
            f", licence {as_line(attempt.licence)}" if attempt.licence else ""
        )
    if thing.kind != "picture":
        yield f"  asked for: {thing.kind} {thing.id} (marked >)"


# Rows


def _rows(way: Way, thing: Thing) -> Iterator[str]:
    """Each input row that names the picture, with the caption it claims and what became of it."""
    ended = [row for row in way.ledger if row.unit == Unit.CAPTION]
    lost = [row for row in ended if row.stage == STAGES[0]]
    later = {row.id: row for row in ended if row.stage != STAGES[0]}
    yield f"rows that name it: {len(way.captions) + len(lost)}"
    for caption in way.captions:
        mark = ">" if thing.id in (caption.caption_id, caption.row) else " "
        row = later.get(caption.caption_id)
        end = f"{row.stage} {end_of(row)}" if row else "kept"
        if caption.origin != "source":
            end += f", {caption.origin}"
        yield f"{mark} {as_line(caption.row)}   {caption.language}   {end}"
        yield f"    {as_line(caption.text)}"
        yield f"    caption {caption.caption_id}"
        for score in way.scores:
            if score.caption_id == caption.caption_id:
                yield f"    score {judgement(score)}"
        yield from _translations(way, thing, caption.caption_id)
    for row in lost:
        mark = ">" if thing.id in (row.id, row.row) else " "
        language, text = _language_and_text(way, row)
        yield f"{mark} {as_line(row.row)}   {language or '?'}   {end_of(row, text)}"
        if text:
            yield f"    {as_line(text)}"
        yield f"    caption {row.id}"


def _translations(way: Way, thing: Thing, parent: str) -> Iterator[str]:
    """What a caption was translated to, and what was turned away, or failed."""
    for caption in way.translations:
        if caption.parent == parent:
            mark = ">" if thing.id == caption.caption_id else " "
            yield f"{mark}   translated to {caption.language}: {as_line(caption.text)}"
            yield f"      by {as_line(caption.engine)}, caption {caption.caption_id}"
            yield from _round_trip(way, caption.caption_id)
    for row in way.ledger:
        if row.stage == "translate" and f" of {parent}: " in row.detail:
            mark = ">" if thing.id == row.id else " "
            told = row.detail.replace(f" of {parent}", "", 1)
            yield f"{mark}   {row.fate}: {row.reason} ({as_line(told)})"
            yield from _round_trip(way, row.id)


def _round_trip(way: Way, translation: str) -> Iterator[str]:
    """What a translation was when it was translated back, if it was."""
    if trip := way.round_trips.get(translation):
        yield f"      {came_back(trip)}"


def _language_and_text(way: Way, row: LedgerRow) -> tuple[str, str]:
    """What can be told of a caption that was not kept; "" of what cannot.

    The ledger has no languages, but an id is made of language and text: trying them tells.
    """
    for caption in way.captions:
        if caption.caption_id == row.id:
            return caption.language, caption.text
    texts = [row.detail, *(attempt.caption for attempt in way.attempts)]
    for text in texts:
        for language in (*ALL, UNKNOWN):
            if caption_id(way.uid, language, text) == row.id:
                return language, text
    return "", ""


# Stages


def _gathering(root: Folder, way: Way) -> Iterator[str]:
    ended = [r for r in way.ledger if r.unit == Unit.PICTURE and r.stage == STAGES[0]]
    if way.picture:
        yield "gather: kept"
    elif ended:
        yield f"gather: {end_of(ended[0])}"
    elif "gather" not in read_records(root):
        yield "gather: not finished, its captions are not settled: run the same command again"
    else:
        yield "gather: fetched once, but no row of the present input names it"
    for attempt in way.attempts:
        chosen = way.picture is None or attempt.image_shard == way.picture.image_shard
        yield from _attempt(attempt, chosen)


def _attempt(attempt: GatheredPicture, chosen: bool) -> Iterator[str]:
    tar = f"{GATHERED}/{shard_name(attempt.image_shard)}"
    if attempt.fate != Fate.KEPT:
        words = attempt.error_message or attempt.reason
        yield f"  {tar}.parquet: {attempt.fate}, {as_line(words)}"
        return
    start, size = attempt.image_offset, attempt.image_size
    other = "" if chosen else "   (a later attempt stands)"
    yield f"  {tar}.tar: {size:,} bytes from byte {start:,}{other}"
    yield (
        f"    {attempt.original_width} x {attempt.original_height} {attempt.original_format} of "
        f"{attempt.original_size:,} bytes, stored as {attempt.width} x {attempt.height}"
    )
    yield f"    sha256 {attempt.sha256}"


def _packing(root: Folder, way: Way) -> Iterator[str]:
    if not way.picture:
        return
    if way.packed:
        yield "pack: kept"
    else:
        yield from _not_packed(root)
    for packed in way.packed:
        yield f"  {PAIRS}/{packed.shard}.tar: key {packed.key}, sample {packed.number} from 0"


def _not_packed(root: Folder) -> Iterator[str]:
    records = read_records(root)
    if "pack" not in records:
        yield "pack: not finished: run the same command again"
    elif is_outdated(records, "pack"):
        yield "pack: older than what it reads: run the same command again"
    else:
        yield f"pack: in no final shard: pairmill stats {root.uri} says what is wrong"
