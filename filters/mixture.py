"""What share of a group's captions belongs to other pictures, told from their scores alone?

The scores of a group are a mixture. Some captions belong to another picture altogether: they score
as shuffled pairs do, whose distribution is known. Some describe a picture that is like theirs: one
attribute wrong, the rest right. The others match. Two components, the known one and the rest, would
take those in the middle for matches, and promise more precision than there is (so Storey 2002;
Patra and Sen 2016, arXiv:1204.5488). Here a caption that is right in part has gone a part of the
way from the mean of mismatches to the mode of matches: `LEAST_PART` of it at most, or up to
`MOST_PART` where matches are so narrow that this is still far from them. Matches are two half
normals of one mode (Fechner's distribution), since few scores have equal tails. What a score says
is made to rise with it. The fit is expectation-maximisation from several starts; nothing is drawn
by chance.

Where matches and mismatches overlap, much fits the scores of few captions: a group leans on those
that it is among, as if some more captions had been seen, made up as all of them are. The wider the
overlap, the more these are; where there is none they are next to none, since languages do differ.
They differ little in how wide matches are, in standard deviations of the mismatches, and a lower
half that is taken to be wide swallows mismatches, however many captions are seen: of that, half is
the group's own, and half what is usual among all groups.

What the scores cannot tell is where "nearly right" ends. `Mixture` says how much hangs on that.
Nor can they tell rare matches, one in ten, from many captions that are right in part: these are
taken for matches then, and the bounds do not show it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST_PART, MOST_PART = 0.45, 0.55
"""How far of the way from a mismatch to a match a mismatch's score may go: the least, the most."""

_FAR = 4.0  # widths of matches' lower half that a furthest part over LEAST_PART ends beneath them
_OTHERS = (-0.1, 0.1)  # added to the furthest part, to see how much hangs on it
_LEAN = 1000  # captions that others count as, in a group that overlaps wholly
_DOUBT = 1 / 3  # weight of the last of these where a precision is promised
_MIDDLES = 3  # components between mismatches and the furthest part
_MOST_SKEW = 3.0  # of a half normal's width to the other's
_STARTS = (0.4, 0.6, 0.8, 0.92)  # quantiles where the matches' mode is looked for first
_START_WIDTHS = (1.0, 0.5, 0.25)  # of the matches, in standard deviations of mismatches
_FIRST_TURNS = 40  # of expectation-maximisation, from each start
_TURNS = 150  # from the best of these
_STEADY = 1e-6
_CANDIDATES = np.linspace(-0.5, 0.5, 13)  # of the next mode, in widths around the last
_OUTLIERS = 1e-4  # share of a wider bell in the known component: a sample has thinner tails


@dataclass(frozen=True, slots=True)
class Parts:
    """What a group's scores are made of.

    Attributes:
      shares: of mismatches, of those right in part, of matches.
      mode: of matches, in standard deviations of the mismatches over their mean.
      widths: of the half normals under and over it, likewise.
      overlap: of matches with mismatches, in [0, 1].
    """

    shares: tuple[float, ...]
    mode: float
    widths: tuple[float, float]
    overlap: float


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """Scores taken apart.

    Attributes:
      centres: of the cells of scores, rising; shape [cells].
      observed: how many scores are in each; shape [cells].
      posterior: how probable it is that a caption of such a score matches, rising; it errs on the
        side of doubt, so that a precision is rather exceeded than missed; shape [cells].
      mismatched: share of the captions that do not match, in [0, 1].
      low: the least that it may be, for all that the scores say: where a mismatch goes less or more
        of the way, and two standard errors of a share of so many.
      high: the most.
      parts: what they are made of, for others to lean on.
    """

    centres: Floats
    observed: Floats
    posterior: Floats
    mismatched: float
    low: float
    high: float
    parts: Parts

    def precision_above(self) -> Floats:
        """Share of matches among the captions of each cell and all above it; shape [cells]."""
        right = _from_above(self.posterior * self.observed)
        every = _from_above(self.observed)
        return np.where(every > 0, right / np.maximum(every, 1e-300), 1.0)

    def cell_for(self, precision: float) -> int:
        """The lowest cell from which on the kept are as precise as wanted; their number if none."""
        good = np.flatnonzero(self.precision_above() >= precision)
        return int(good[0]) if len(good) and self.observed[good[0] :].sum() else len(self.centres)

    def break_even(self) -> int:
        """The cell from which on about as many are kept as match; their number if none is kept."""
        kept = np.append(_from_above(self.observed), 0)
        at = int(np.abs(kept - (1 - self.mismatched) * kept[0]).argmin())
        return at if kept[at] else len(self.centres)


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    """One solution: shares of the components, mode and widths of the matches, log-likelihood."""

    shares: Floats
    mode: float
    widths: tuple[float, float]
    likelihood: float
    posterior: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """What is known before a fit.

    Attributes:
      density: of the mismatches, [cells].
      mean: of them.
      std: …
      more: captions of each component that count besides those of the group, [components].
      more_matches: the matches among them by score, [cells].
      widths: of matches in most groups; None: they are not known.
    """

    density: Floats
    mean: float
    std: float
    more: Floats
    more_matches: Floats
    widths: tuple[float, float] | None


def take_apart(
    centres: Floats,
    observed: Floats,
    shuffled: Floats,
    like: Parts | None = None,
    widths: tuple[float, float] | None = None,
) -> Mixture:
    """Takes scores apart into those of matches and of mismatches.

    Args:
      centres: of equal cells, rising; shape [cells].
      observed: scores of captions with their own pictures in each; some; shape [cells].
      shuffled: scores of captions with other pictures; some, in two cells at least; shape [cells].
      like: what those are made of that these are among, on whom they lean; None: on nobody.
      widths: of the matches in most groups, in standard deviations of the mismatches; None: they
        are not known.
    """
    known = _known(centres, shuffled, like, widths)
    best = _best(centres, observed, known)
    others = [_fit(centres, observed, known, best, _TURNS, more) for more in _OTHERS]
    doubtful = _DOUBT * others[-1].posterior + (1 - _DOUBT) * best.posterior
    posterior = _rising(centres, doubtful, best.mode)
    shares = [_mismatched(centres, observed, fit) for fit in (best, *others)]
    share = shares[0]
    error = 2 * float(np.sqrt(share * (1 - share) / observed.sum()))
    low, high = max(0.0, min(shares) - error), min(1.0, max(shares) + error)
    parts = _parts(centres, known, best)
    return Mixture(centres, observed, posterior, share, low, high, parts)


def parts_of(
    centres: Floats, observed: Floats, shuffled: Floats, like: Parts | None = None
) -> Parts:
    """What scores are made of, as `take_apart` has it where no widths are known, for less."""
    known = _known(centres, shuffled, like, None)
    return _parts(centres, known, _best(centres, observed, known))


def _best(centres: Floats, observed: Floats, known: _Known) -> _Fit:
    """The likeliest from all starts."""
    fits = [
        _fit(centres, observed, known, start, _FIRST_TURNS)
        for start in _starts(centres, observed, known)
    ]
    return _fit(centres, observed, known, max(fits, key=lambda fit: fit.likelihood), _TURNS)


def _parts(centres: Floats, known: _Known, fit: _Fit) -> Parts:
    left, right = fit.widths
    return Parts(
        tuple(fit.shares.tolist()),
        (fit.mode - known.mean) / known.std,
        (left / known.std, right / known.std),
        float(np.minimum(known.density, _bell(centres, fit.mode, left, right)).sum()),
    )


def _mismatched(centres: Floats, observed: Floats, fit: _Fit) -> float:
    rising = _rising(centres, fit.posterior, fit.mode)
    return float(1 - (rising * observed).sum() / observed.sum())


def _rising(centres: Floats, posterior: Floats, mode: float) -> Floats:
    """A posterior that rises: under the mode the less is true, over it the more; shapes [cells].

    A wide lower half has more in the furthest tail than mismatches have. That says nothing of the
    scores above it.
    """
    lower = centres < mode
    falling = np.minimum.accumulate(posterior[lower][::-1])[::-1]
    return np.maximum.accumulate(np.concatenate([falling, posterior[~lower]]))


def _known(
    centres: Floats, shuffled: Floats, like: Parts | None, widths: tuple[float, float] | None
) -> _Known:
    """The shuffled scores' density is smoothed by a bell that shrinks as there are more of them."""
    density = shuffled / shuffled.sum()
    mean = float((density * centres).sum())
    step = centres[1] - centres[0]
    std = max(float(np.sqrt((density * (centres - mean) ** 2).sum())), step)
    reach = 0.9 * std * float(shuffled.sum()) ** -0.2  # Silverman 1986, section 3.4.1
    kernel = np.exp(-0.5 * (np.subtract.outer(centres, centres) / max(reach, step / 2)) ** 2)
    smooth = kernel @ density
    smooth /= smooth.sum()
    outliers = _bell(centres, mean, 1.5 * std, 1.5 * std)
    density = (1 - _OUTLIERS) * smooth + _OUTLIERS * outliers
    usual = (std * widths[0], std * widths[1]) if widths else None
    if not like:
        return _Known(density, mean, std, np.zeros(_MIDDLES + 2), np.zeros(len(centres)), usual)
    left, right = like.widths
    matches = _bell(centres, mean + std * like.mode, std * left, std * right)
    more = _LEAN * like.overlap**2 * np.array(like.shares)
    return _Known(density, mean, std, more, more[-1] * matches, usual)


def _starts(centres: Floats, observed: Floats, known: _Known) -> Iterator[_Fit]:
    """Yields starts: the matches' mode at a quantile of the scores, but beyond the mismatches."""
    shares = np.array([0.3, *[0.2 / _MIDDLES] * _MIDDLES, 0.5])
    below = np.cumsum(observed)
    for quantile, widths in product(_STARTS, _START_WIDTHS):
        at = int(np.searchsorted(below, quantile * observed.sum()))
        mode = max(float(centres[min(at, len(centres) - 1)]), known.mean + known.std)
        width = widths * known.std
        yield _Fit(shares, mode, (width, width), -np.inf, np.zeros(len(centres)))


def _fit(
    centres: Floats,
    observed: Floats,
    known: _Known,
    start: _Fit,
    turns: int,
    more: float = 0.0,
) -> _Fit:
    """Expectation-maximisation, so many turns at most; `more` is added to the furthest part."""
    total = observed.sum()
    fit = start
    for _ in range(turns):
        densities = _densities(centres, known, fit, _furthest(known, fit) + more)
        weighed = densities * fit.shares[:, None]
        mixed = weighed.sum(axis=0) + 1e-300
        belonging = weighed / mixed * observed
        shares = (belonging.sum(axis=1) + known.more) / (total + known.more.sum())
        matches = belonging[-1] + known.more_matches
        mode, widths = _shape(centres, matches, fit, known)
        moved = max(float(np.abs(shares - fit.shares).max()), abs(mode - fit.mode))
        likelihood = float((observed * np.log(mixed)).sum())
        likelihood += float((known.more * np.log(fit.shares + 1e-300)).sum())
        likelihood += float((known.more_matches * np.log(densities[-1] + 1e-300)).sum())
        if known.widths:
            likelihood -= float(matches.sum()) * _divergence(known.widths, fit.widths)
        fit = _Fit(shares, mode, widths, likelihood, weighed[-1] / mixed)
        if moved < _STEADY:
            break
    return fit


def _furthest(known: _Known, fit: _Fit) -> float:
    """Of the way to the matches that a mismatch may go, in [LEAST_PART, MOST_PART]."""
    far = 1 - _FAR * fit.widths[0] / max(fit.mode - known.mean, 1e-300)
    return min(max(far, LEAST_PART), MOST_PART)


def _densities(centres: Floats, known: _Known, fit: _Fit, furthest: float) -> Floats:
    """Mismatches, those right in part, matches; shape [components, cells]."""
    middles = []
    for part in np.linspace(0, furthest, _MIDDLES + 1)[1:]:
        mean = known.mean + part * (fit.mode - known.mean)
        std = known.std ** (1 - part) * fit.widths[0] ** part
        middles.append(_bell(centres, mean, std, std))
    return np.array([known.density, *middles, _bell(centres, fit.mode, *fit.widths)])


def _bell(centres: Floats, mode: float, left: float, right: float) -> Floats:
    """Two half normals of one mode, summing to 1 over the cells."""
    apart = (centres - mode) / np.where(centres < mode, left, right)
    density = np.exp(-0.5 * apart**2)
    return np.asarray(density / max(float(density.sum()), 1e-300))


def _shape(
    centres: Floats, belonging: Floats, fit: _Fit, known: _Known
) -> tuple[float, tuple[float, float]]:
    """The most likely mode near the last one, and widths, of the scores that belong to matches."""
    left, right = fit.widths
    modes = fit.mode + _CANDIDATES * np.where(_CANDIDATES < 0, left, right)
    modes = modes[modes > known.mean]
    apart = centres[None, :] - modes[:, None]
    squares = apart**2 * belonging
    below = np.where(apart < 0, squares, 0).sum(axis=1)
    above = np.where(apart < 0, 0, squares).sum(axis=1)
    number, step = max(float(belonging.sum()), 1e-12), centres[1] - centres[0]
    if known.widths:  # as many again, as wide as elsewhere
        left, right = known.widths
        below += number * left**3 / (left + right)
        above += number * right**3 / (left + right)
        number *= 2
    at = int(np.argmin(np.cbrt(below) + np.cbrt(above)))  # the likelihood's maximum (John 1982)
    ratio = float(np.cbrt(below[at] / max(above[at], 1e-300)))
    ratio = min(max(ratio, 1 / _MOST_SKEW), _MOST_SKEW)
    width = float(np.sqrt((below[at] / ratio**2 + above[at]) / number))
    return float(modes[at]), (max(ratio * width, step), max(width, step))


def _divergence(elsewhere: tuple[float, float], here: tuple[float, float]) -> float:
    """Kullback and Leibler's, of two half normals from two others of the same mode; in nats."""
    left, right = elsewhere
    squares = left**3 / here[0] ** 2 + right**3 / here[1] ** 2
    return float(np.log(sum(here) / (left + right)) + squares / (left + right) / 2 - 0.5)


def _from_above(values: Floats) -> Floats:
    return values[::-1].cumsum()[::-1]
