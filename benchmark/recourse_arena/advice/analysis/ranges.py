"""How far each value of an advice can be off and the advice still works."""

from __future__ import annotations

__all__ = ["ALL_VALUES", "How", "Range", "ranges"]

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from recourse_arena.advice.analysis.case import Case
from recourse_arena.advice.analysis.steps import Steps, shortest
from recourse_arena.advice.analysis.sweeps.exact_course import ExactCourse
from recourse_arena.advice.analysis.sweeps.sweep import Sweep, run_around, works
from recourse_arena.people.features import Kind

How = Literal["certified", "all values", "checked"]
"""How it is known: by the structure of the models, by trying every value, or by trying some."""

ALL_VALUES = 5_000
"""Whole values that are all tried; of more, some."""
_GRID = 1_001
"""Values that are tried where neither structure nor all values tell."""
_NEAR = 1e-3
"""By how much of a step a rounded end may lie beyond an exact one: that far the judge's word is taken."""
_WINDOW = 3
"""Steps to either side of an end at which the judge looks in each round."""
_ROUNDS = 60
"""Most rounds in which an end is looked for."""


@dataclass(frozen=True)
class Range:
    """The values of one feature with which an advice keeps working, the rest as advised.

    That is the connected piece that holds the advised value; there may be others. Its ends are values that people are
    told (:class:`~recourse_arena.advice.analysis.steps.Steps`), rounded inwards, and the judge has said that both work;
    an end that would pass the advised value is that value itself.

    Arguments:
        feature: Its name.
        low: The least value that works, in the feature's unit; the advised code of a category.
        high: The greatest one.
        open_low: Whether it keeps working down to the least value that is feasible for the person.
        open_high: Whether it does up to the greatest one.
        how: How that is known. `checked` may have overlooked values between those that were tried.
        checked: How many values were tried at first; 0 where it is certified.
        values: The codes that work, of a category; empty for all others.
    """

    feature: str
    low: float
    high: float
    open_low: bool
    open_high: bool
    how: How
    checked: int
    values: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Piece:
    """A connected piece before its ends are rounded, and the values up to which they may be, if the judge says yes."""

    low: float
    high: float
    open_low: bool
    open_high: bool
    how: How
    checked: int
    stops: tuple[float, float] = (-math.inf, math.inf)


def ranges(case: Case, mask: Tensor, values: Tensor, steps: Steps, *, grid: int = _GRID) -> tuple[Range, ...]:
    """Return the range of each feature that an action acts upon; nothing if the action does not work.

    Up to 5,000 whole numbers or levels are tried one by one. Of others the decision is followed exactly where decision
    model, effects and rules are linear in pieces
    (:class:`~recourse_arena.advice.analysis.sweeps.exact_course.ExactCourse`), but for decisions that are open within
    rounding: those end a piece, and the judge has the last word on them. Everywhere else evenly spaced values are
    tried, and the ends found by bisection.

    Arguments:
        case: The person before the judge.
        mask: What the action acts upon, bool `(features,)`.
        values: What it sets that to, `(features,)`.
        steps: How finely values are told.
        grid: How many values are tried where that is all that can be done.
    """
    values = values.to(case.factual.dtype)
    if not case.works(mask[None], values[None])[0]:
        return ()
    sweeps = [Sweep.of(case, column, mask, values) for column in mask.nonzero()[:, 0].tolist()]
    exact = [_certified(case, sweep, steps) for sweep in sweeps]
    others = [sweep for sweep, piece in zip(sweeps, exact, strict=True) if piece is None]
    tried = [_values(sweep, grid) for sweep in others]
    good = works(case, others, tried)
    names, kinds = case.request.features.names, [feature.kind for feature in case.request.features]
    found: dict[int, Range] = {}
    pieces = {sweep.column: piece for sweep, piece in zip(sweeps, exact, strict=True) if piece is not None}
    unfinished: list[tuple[Sweep, Tensor, Tensor]] = []
    for sweep, points, ok in zip(others, tried, good, strict=True):
        j = sweep.column
        if kinds[j] is Kind.CATEGORICAL:
            here, codes = float(values[j]), tuple(points[ok].long().tolist())
            found[j] = Range(names[j], here, here, False, False, "all values", len(points), codes)
        else:
            unfinished.append((sweep, points, ok))
    pieces |= _bisected(case, unfinished, steps)
    rough = [s for s in sweeps if s.column in pieces and (not s.whole or pieces[s.column].how == "certified")]
    ends = _rounded(case, rough, [pieces[sweep.column] for sweep in rough], steps)
    for sweep in sweeps:
        if sweep.column in pieces:
            piece = ends.get(sweep.column, pieces[sweep.column])
            found[sweep.column] = Range(
                names[sweep.column],
                *(piece.low, piece.high, piece.open_low, piece.open_high, piece.how, piece.checked),
            )
    return tuple(found[sweep.column] for sweep in sweeps)


def _certified(case: Case, sweep: Sweep, steps: Steps) -> _Piece | None:
    """Return the exact piece around the advised value.

    None where all values can be tried, the structure is not known, or rounding decides in all of the piece.
    """
    course = None if 0 < sweep.count <= ALL_VALUES else ExactCourse.of(case, sweep)
    if course is None:
        return None
    here, step = float(sweep.values[sweep.column]), float(steps.size[sweep.column])
    near = step * _NEAR
    widest = _nearest(course.pieces(), here)
    inner = [piece for piece in course.pieces(course.margin) if widest[0] <= piece[0] and piece[1] <= widest[1]]
    if not inner or max(widest[0] - here, here - widest[1]) > near:  # a yes by rounding alone, or next to it
        return None
    own = _nearest(inner, here)
    # An end within the margin is the judge's to find; behind a dip into the margin another piece begins.
    low, below = (widest[0], near) if own == inner[0] else (min(here, own[0]), 0.0)
    high, above = (widest[1], near) if own == inner[-1] else (max(here, own[1]), 0.0)
    return _Piece(low, high, low <= sweep.low, high >= sweep.high, "certified", 0, (low - below, high + above))


def _nearest(pieces: Sequence[tuple[float, float]], here: float) -> tuple[float, float]:
    """Return the piece that holds a value or is next to it; the value itself if there is none."""
    return min(pieces, key=lambda piece: max(piece[0] - here, here - piece[1]), default=(here, here))


def _values(sweep: Sweep, grid: int) -> Tensor:
    """Return the values to try: all, or a grid and the advised one."""
    if 0 < sweep.count <= ALL_VALUES:
        return sweep.all()
    return torch.cat([sweep.grid(grid), sweep.values[sweep.column, None]]).unique()


def _bisected(case: Case, sweeps: Sequence[tuple[Sweep, Tensor, Tensor]], steps: Steps) -> dict[int, _Piece]:
    """Return the piece around each advised value, by column, from the values tried and which of them work."""
    found, gaps = {}, []
    for sweep, points, good in sweeps:
        j = sweep.column
        place = int((points - sweep.values[j]).abs().argmin())  # next to it where a bound gave way by rounding
        good[place] = True
        first, last = run_around(good, place)
        everything = 0 < sweep.count <= ALL_VALUES
        opens, how = (first == 0, last == len(points) - 1), "all values" if everything else "checked"
        fine = 1.0 if sweep.whole else float(steps.size[j]) / 4
        found[j] = _Piece(float(points[first]), float(points[last]), *opens, how, len(points))  # type: ignore[arg-type]
        if not everything:
            gaps += [(sweep, "low", float(points[first - 1]), fine)] if not opens[0] else []
            gaps += [(sweep, "high", float(points[last + 1]), fine)] if not opens[1] else []
    for _ in range(_ROUNDS):
        wide = [gap for gap in gaps if abs(getattr(found[gap[0].column], gap[1]) - gap[2]) > gap[3]]
        if not wide:
            break
        middles = [(getattr(found[sweep.column], end) + bad) / 2 for sweep, end, bad, _ in wide]
        middles = [float(int(m // 1)) if gap[0].whole else m for m, gap in zip(middles, wide, strict=True)]
        tried = [torch.tensor([m], dtype=case.factual.dtype) for m in middles]
        answers = works(case, [gap[0] for gap in wide], tried)
        gaps = []
        for (sweep, end, bad, fine), middle, ok in zip(wide, middles, answers, strict=True):
            if ok[0]:
                found[sweep.column] = replace(found[sweep.column], **{end: middle})
            gaps.append((sweep, end, bad if ok[0] else middle, fine))
    return found


@dataclass
class _End:
    """One end on its way to the value that is told: `number` of steps, `side` -1 for the low one and 1 for the high."""

    sweep: Sweep
    side: int
    number: int
    limit: float
    last: float
    done: bool = False


def _rounded(case: Case, sweeps: Sequence[Sweep], pieces: Sequence[_Piece], steps: Steps) -> dict[int, _Piece]:
    """Return pieces by column with ends that can be told: steps, of which the judge says that they work."""
    ends = [
        _End(sweep, side, *_start(sweep, piece, side, steps))
        for sweep, piece in zip(sweeps, pieces, strict=True)
        for side in (-1, 1)
    ]
    for _ in range(_ROUNDS):
        left = [end for end in ends if not end.done]
        if not left:
            break
        windows = [_window(end, steps) for end in left]
        good = works(case, [end.sweep for end in left], [values for values, _, _ in windows])
        for end, (values, inside, outside), ok in zip(left, windows, good, strict=True):
            _walk(end, values, ok, inside, outside)
    found = {}
    for low, high, piece in zip(ends[::2], ends[1::2], pieces, strict=True):
        sweep, j = low.sweep, low.sweep.column
        opens = [
            opened and not sweep.inside(_told(steps, j, _number(steps, j, end.last, end.side) + end.side, sweep))
            for end, opened in ((low, piece.open_low), (high, piece.open_high))
        ]
        found[j] = replace(piece, low=low.last, high=high.last, open_low=bool(opens[0]), open_high=bool(opens[1]))
    return found


def _start(sweep: Sweep, piece: _Piece, side: int, steps: Steps) -> tuple[int, float, float]:
    """Return the step next to an end of a piece, inwards; how far rounding may go; and the advised value."""
    end, stop = (piece.low, piece.stops[0]) if side < 0 else (piece.high, piece.stops[1])
    return _number(steps, sweep.column, end, side), side * stop, shortest(sweep.values[sweep.column])


def _number(steps: Steps, column: int, value: float, side: int) -> int:
    """Return how many whole steps a value is, rounded inwards from an end on that side unless it is one already."""
    number = value / float(steps.size[column])
    if abs(number - round(number)) < _NEAR:
        return round(number)
    return int(number // 1) if side > 0 else -int(-number // 1)


def _told(steps: Steps, column: int, number: int, sweep: Sweep) -> Tensor:
    return steps.at(torch.tensor(number), column).to(sweep.values.dtype)


def _window(end: _End, steps: Steps) -> tuple[Tensor, bool, bool]:
    """Return steps around an end from the inside outwards, `(any,)`: feasible ones beyond the advised value.

    And whether there may be more of them, further inside and further out.
    """
    sweep, here = end.sweep, float(end.sweep.values[end.sweep.column])
    numbers = end.number + end.side * torch.arange(-_WINDOW, _WINDOW + 1)
    values = steps.at(numbers, sweep.column).to(sweep.values.dtype)
    kept = (end.side * values > end.side * here) & (end.side * values.double() <= end.limit) & sweep.inside(values)
    return values[kept], bool(kept[0]), bool(kept[-1])


def _walk(end: _End, window: Tensor, good: Tensor, inside: bool, outside: bool) -> None:
    """Move an end outwards as long as the judge says yes; it is done once it meets a no, or nothing more is there."""
    run = int(good.long().cumprod(0).sum())
    if run:
        end.last = shortest(window[run - 1])
        end.number += end.side * (_WINDOW + 1)
        end.done = run < len(window) or not outside
    elif inside:  # a no where a yes was expected: the end lies before it
        end.limit = float(end.side * window[0].double() - (window[-1] - window[0]).abs().double() / (4 * _WINDOW))
        end.number -= end.side * 2 * _WINDOW
    else:
        end.done = True
