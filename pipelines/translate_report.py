"""What people are told of translations: how long they will take, and what became of them."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from model.licences import non_commercial_licence
from pipelines.progress import duration
from pipelines.translate_plan import BATCHES_A_PIECE, BucketPlan, read_plan
from pipelines.translate_speeds import Speed, pieces_of_all_turns, sums_by_pair, sums_of
from pipelines.translate_wanted import THERE, Desk
from pipelines.translated import ROUND_TRIP
from pipelines.translators import Routes, Speaker

_MOST_PAIRS = 20  # that are told one by one


@dataclass(frozen=True, slots=True)
class Means:
    """What a run translates with.

    Attributes:
      routes: who says what.
      prices: of the translators, of a million tokens; 0 where none is known.
      speeds: by their numbers, None of those that nobody has timed.
      workers: processes, 0 where that is not known.
    """

    routes: Routes
    prices: Sequence[float]
    speeds: Mapping[int, Speed | None]
    workers: int


@dataclass(frozen=True, slots=True)
class Task:
    """What a translator is to be asked.

    Attributes:
      speaker: …
      texts: how many.
      tokens: of these.
      pieces: that workers can do side by side.
      later: whether it follows from what is said first, and is guessed.
      pairs: tokens by pair of languages, where these are known.
    """

    speaker: Speaker
    texts: int
    tokens: int
    pieces: int
    later: bool = False
    pairs: Mapping[str, int] = field(default_factory=dict)

    def shares(self) -> Iterator[tuple[str, int]]:
        """Pairs of languages with their tokens; "" with all where no pairs are known."""
        yield from (self.pairs or {"": self.tokens}).items()


def estimate_lines(plan: BucketPlan, means: Means, share_back: float) -> Iterator[str]:
    """How many texts are to be said in other languages, how long that takes and what it costs.

    Args:
      plan: of the first turn.
      means: …
      share_back: of the translations that are to come back.
    """
    missing = _missing(plan)
    yield (
        f"{plan.texts.total():,} texts to say in other languages: {plan.imported.total():,} "
        f"imported, {plan.remembered.total():,} remembered, {missing.total():,} to translate"
    )
    yield from _times(plan, means, share_back)


def estimate_of_way_back(plan: BucketPlan, means: Means) -> Iterator[str]:
    """The same of the translations that are to come back."""
    known = plan.imported.total() + plan.remembered.total()
    yield f"{plan.texts.total():,} translations to say back, {known:,} of them known"
    yield from _times(plan, means, 0.0)


def _times(plan: BucketPlan, means: Means, share_back: float) -> Iterator[str]:
    """A line on each translator that is to be asked, now and after that, and one on all costs."""
    first = list(_tasks(plan, means))
    for task in first:
        yield _time_of(task, means)
    if later := plan.later.total():
        yield f"{later:,} texts come out of the pivot, after these, where no memory has them"
    back = round(share_back * (plan.texts.total() - plan.imported.total()))
    if back:
        yield f"about {back:,} of the translations are then translated back"
    then = list(_later_tasks(plan, means, share_back))
    for task in then:
        yield _time_of(task, means)
    if then and any(_cost_of(task, means) for task in (*first, *then)):
        yield f"all of this costs about {sum(_cost_of(of, means) for of in (*first, *then)):,.2f}"


def _tasks(plan: BucketPlan, means: Means) -> Iterator[Task]:
    """What is planned of each translator."""
    for speaker in means.routes.speakers:
        pieces = [piece for piece in plan.pieces if piece.speaker == speaker.number]
        if pieces:
            texts = sum(piece.end - piece.first for piece in pieces)
            tokens = sum(piece.tokens for piece in pieces)
            pairs = {pair: n for (of, pair), n in _by_pair(plan.tokens) if of == speaker.number}
            yield Task(speaker, texts, tokens, len(pieces), pairs=pairs)


def _later_tasks(plan: BucketPlan, means: Means, share_back: float) -> Iterator[Task]:
    """What follows: out of the pivot, and back, as if no memory had it and all texts were as long.

    Nothing where nothing is planned but texts that are too long, so that no length is known.
    """
    whole = sum(piece.tokens for piece in plan.pieces)
    planned = sum(piece.end - piece.first for piece in plan.pieces)
    if not whole:
        return
    asked = _asked_later(plan, means.routes, share_back)
    for speaker in means.routes.speakers:
        texts = round(asked[speaker.number])
        if texts:
            tokens = ceil(texts * whole / planned)
            pieces = -(-tokens // (BATCHES_A_PIECE * speaker.spec.decoding.batch_tokens))
            yield Task(speaker, texts, tokens, pieces, later=True)


def _asked_later(plan: BucketPlan, routes: Routes, share_back: float) -> Mapping[int, float]:
    """Texts that follow, by the number of the translator."""
    asked: dict[int, float] = defaultdict(float)
    for pair, n in plan.later.items():
        source, _, target = pair.partition("-")
        if there := routes.of(source, target):
            asked[there.speakers[-1]] += n
    for pair, n in plan.texts.items() if share_back else ():
        source, _, target = pair.partition("-")
        back = routes.of(target, source)
        for number in back.speakers if back else ():
            asked[number] += share_back * (n - plan.imported[pair])
    return asked


def _missing(plan: BucketPlan) -> Counter[str]:
    found = Counter(plan.texts)
    found.subtract(plan.imported)
    found.subtract(plan.remembered)
    return +found


def language_lines(plan: BucketPlan) -> Iterator[str]:
    """A line a language, `de  1,200 of 1,300 texts to translate, from en 1,000, fr 200`."""
    missing = _missing(plan)
    for target in sorted({pair.partition("-")[2] for pair in plan.texts}):
        pairs = {pair: n for pair, n in plan.texts.items() if pair.partition("-")[2] == target}
        sources = sorted((-missing[pair], pair.partition("-")[0]) for pair in pairs)
        told = ", ".join(f"{source} {-n:,}" for n, source in sources if n)
        left = sum(missing[pair] for pair in pairs)
        words = f"{target}  {left:,} of {sum(pairs.values()):,} texts to translate"
        yield f"{words}, from {told}" if told else words


def _cost_of(task: Task, means: Means) -> float:
    """In the prices' currency; a translator that nobody has timed writes as much as it reads."""
    speed = means.speeds.get(task.speaker.number)
    paid = sum(
        speed.of(pair).paid_for(tokens) if speed else 2.0 * tokens for pair, tokens in task.shares()
    )
    return means.prices[task.speaker.number] * paid / 1e6


def _time_of(task: Task, means: Means) -> str:
    speed, label = means.speeds.get(task.speaker.number), task.speaker.label
    words = f"{label}: {task.texts:,} texts of {task.tokens:,} tokens"
    if task.later:
        words = f"{label} after that: about {task.texts:,} texts of {task.tokens:,} tokens"
    if means.prices[task.speaker.number]:
        words += f", costs about {_cost_of(task, means):,.2f}"
    if speed is None:
        return f"{words}; how long they take is known after the first pieces"
    seconds = sum(speed.of(pair).seconds_for(tokens) for pair, tokens in task.shares())
    source = "by a trial" if speed.tried else "as in its last run"
    words += f", {_pace(task.tokens, seconds)}, {source}"
    if means.workers > 1:
        side_by_side = min(means.workers, task.pieces)
        words += f"; {duration(seconds / side_by_side)} in {side_by_side}"
    return words


def _pace(tokens: int, seconds: float) -> str:
    rate = tokens / max(seconds, 1e-9)
    return f"{duration(seconds)} of one process at {rate:,.0f} tokens/s"


def pair_lines(plan: BucketPlan, means: Means) -> Iterator[str]:
    """A line a pair of languages that translators are to be asked: texts, tokens, cost and time.

    Those of most tokens, and one line on the others.
    """
    asked = sorted(_by_pair(plan.tokens), key=lambda item: (-item[1], item[0]))
    for (number, pair), tokens in asked[:_MOST_PAIRS]:
        texts = plan.asked[f"{number} {pair}"]
        task = Task(means.routes.speakers[number], texts, tokens, 1, pairs={pair: tokens})
        yield _pair_line(pair, task, means)
    if others := asked[_MOST_PAIRS:]:
        texts = sum(plan.asked[f"{number} {pair}"] for (number, pair), _ in others)
        tokens = sum(tokens for _, tokens in others)
        yield f"{len(others):,} other pairs  {texts:,} texts of {tokens:,} tokens"


def _pair_line(pair: str, task: Task, means: Means) -> str:
    speed = means.speeds.get(task.speaker.number)
    words = f"{pair}  {task.texts:,} texts of {task.tokens:,} tokens by {task.speaker.label}"
    if means.prices[task.speaker.number]:
        words += f", costs about {_cost_of(task, means):,.2f}"
    if speed is None:
        return f"{words}; it was never timed"
    words += f", {_pace(task.tokens, speed.of(pair).seconds_for(task.tokens))}"
    if speed.tried:
        return f"{words}, by a trial of all pairs"
    return f"{words}, " + (
        "as in its last run" if pair in speed.pairs else "the model's: the pair was never timed"
    )


def _by_pair(counts: Counter[str]) -> Iterator[tuple[tuple[int, str], int]]:
    """Counts by a translator's number and a pair of languages, from those by `0 en-de`."""
    for key, n in counts.items():
        number, _, pair = key.partition(" ")
        yield (int(number), pair), n


def translation_report(
    desk: Desk, by_pair: Mapping[str, int], prices: Sequence[float]
) -> dict[str, Any]:
    """What `stats` shows: by model, by captions' pair of languages, and by pair that was asked.

    By way of a pivot, or back, captions' `fr-de` asks for `fr-en`, `en-de`, `de-fr`.

    Args:
      desk: of a finished run.
      by_pair: captions' translations by `en-de fate reason`, and by `en-de round-trip chrF`.
      prices: of translators, by their numbers.
    """
    plan = read_plan(desk.work, THERE)
    plan.add(read_plan(desk.work, THERE + 1))
    pairs: dict[str, dict[str, Any]] = {
        pair: {
            "texts": plan.texts[pair],
            "imported": plan.imported[pair],
            "remembered": plan.remembered[pair],
            "translated": _missing(plan)[pair],
            "created": 0,
            "kept": 0,
            "rejected": Counter[str](),
            "failed": Counter[str](),
            ROUND_TRIP: Counter[str](),
        }
        for pair in sorted(plan.texts)
    }
    for name, n in by_pair.items():
        pair, fate, *reason = name.split(" ")
        of = pairs[pair]
        of["created"] += n if fate != ROUND_TRIP else 0
        if reason:
            of[fate][reason[0]] += n
        else:
            of[fate] += n
    models, pieces = [], pieces_of_all_turns(desk)
    asked: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for speaker, price in zip(desk.routes.speakers, prices, strict=True):
        mine = [piece for piece in pieces if piece.speaker == speaker.number]
        sums = sums_of(desk.work, mine)
        models.append(_of_model(speaker, {**sums, "texts": sums["count"]}, price))
        for pair, of in sums_by_pair(sums).items():
            for name, sum_ in {**of, "cost": _cost(of, price)}.items():
                asked[pair][name] += sum_
    return {
        "models": models,
        "pairs": pairs,
        "asked": {pair: _measures(of, of["cost"]) for pair, of in sorted(asked.items())},
    }


def _of_model(speaker: Speaker, sums: Mapping[str, float], price: float) -> dict[str, Any]:
    licence = non_commercial_licence(speaker.identity.name, speaker.identity.family) or ""
    return {"model": speaker.label, "licence": licence, **_measures(sums, _cost(sums, price))}


def _measures(sums: Mapping[str, float], cost: float) -> dict[str, Any]:
    texts, tokens, written = (int(sums.get(n, 0)) for n in ("texts", "source_tokens", "tokens"))
    seconds = sums.get("seconds", 0.0)
    return {
        "texts": texts,
        "source_tokens": tokens,
        "tokens": written,
        "cost": round(cost, 4),
        "seconds": round(seconds, 3),
        "source_tokens_a_second": round(tokens / seconds, 1) if seconds else 0.0,
    }


def _cost(sums: Mapping[str, float], price: float) -> float:
    return price * (sums.get("source_tokens", 0) + sums.get("tokens", 0)) / 1e6
