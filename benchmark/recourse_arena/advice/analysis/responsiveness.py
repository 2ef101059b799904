"""What each feature can change by itself: reasons that come with recourse."""

from __future__ import annotations

__all__ = ["Responsiveness", "responsiveness"]

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from recourse_arena.advice.analysis.case import Case
from recourse_arena.advice.analysis.ranges import ALL_VALUES, How
from recourse_arena.advice.analysis.sweeps.exact_course import ExactCourse
from recourse_arena.advice.analysis.sweeps.sweep import Sweep, works
from recourse_arena.problem.actionability import Actionability

_GRID = 200
"""Values that are tried where neither structure nor all values tell."""
_UNSURE = 1e-3
"""The greatest share of which rounding may decide while it is called certified."""


@dataclass(frozen=True)
class Responsiveness:
    """How often acting upon one feature alone changes the decision.

    Arguments:
        feature: Its name.
        share: The share of the person's feasible interventions on it alone that lead to a positive decision and break
            nothing; none where none is feasible. Values count alike, by number or by length.
        how: How that is known: by the structure of the models (`certified`: a share of the length, to .001), by trying
            `all values`, or evenly spaced ones (`checked`).
        count: How many values were tried; 0 where it is certified or nothing is feasible.
        any_works: Whether the judge said of any of them that it works.
        if_open: Whether this is what it would be had the person neither closed nor bounded the feature.
    """

    feature: str
    share: float | None
    how: How
    count: int
    any_works: bool
    if_open: bool = False


def responsiveness(case: Case, *, grid: int = _GRID) -> tuple[Responsiveness, ...]:
    """Return the responsiveness of every feature that people can act upon, in column order.

    It is the score of Cheon et al., "Feature Responsiveness Scores: Model-Agnostic Explanations for Recourse" (ICLR
    2025, arXiv 2410.22598), with interventions that take effect through the judge's causal model. Leaving a feature as
    it is does not count as an intervention.

    A feature that the person closed has one entry, `if_open`; one that they bounded has two; one that the dataset
    itself leaves no way to act upon has one, whose share is none.

    Arguments:
        case: The person before the judge.
        grid: How many values are tried where that is all that can be done.
    """
    opened = _opened(case)
    features = case.request.features
    now, then = case.request.actionable[0], opened.request.actionable[0]
    own, whole = case.request.box, opened.request.box
    bounded = ((own.lower != whole.lower) | (own.upper != whole.upper))[0]
    asked = [(j, False) for j in (features.actionable & (now | ~then)).nonzero()[:, 0].tolist()]
    extra = [(j, True) for j in (then & (~now | bounded)).nonzero()[:, 0].tolist()]
    found = dict(zip(asked, _scores(case, [j for j, _ in asked], grid), strict=True))
    found |= dict(zip(extra, _scores(opened, [j for j, _ in extra], grid), strict=True))
    return tuple(replace(found[key], if_open=key[1]) for key in sorted(found))


def _opened(case: Case) -> Case:
    """Return the person as if they had closed and bounded nothing; what is not theirs to open stays closed."""
    request, problem = case.request, case.problem
    levels = request.actionability.levels
    scores = torch.where(problem.features.actionable, levels, levels + 1).expand(1, -1)
    free = problem.request(
        request.factual,
        Actionability(scores, levels, request.actionability.ordered),
        profile=request.profile,
        person=request.person,
        plausibility=request.plausibility,
        density=request.density,
        sparsity=request.sparsity,
    )
    return replace(case, request=free)


def _scores(case: Case, columns: Sequence[int], grid: int) -> list[Responsiveness]:
    """Return the responsiveness of some features; all that the judge looks at, it looks at together."""
    nothing = torch.zeros(len(case.request.features), dtype=torch.bool)
    sweeps = [Sweep.of(case, column, nothing, case.factual) for column in columns]
    courses = [_course(case, sweep) for sweep in sweeps]
    points = [
        _interventions(case, sweep, grid) if course is None else _best(sweep, course)
        for sweep, course in zip(sweeps, courses, strict=True)
    ]
    closed = [not case.request.actionable[0, column] for column in columns]
    points = [tried[:0] if shut else tried for tried, shut in zip(points, closed, strict=True)]
    found = []
    for sweep, course, tried, good in zip(sweeps, courses, points, works(case, sweeps, points), strict=True):
        name, somewhere = case.request.features.names[sweep.column], bool(good.any())
        if not len(tried):
            found.append(Responsiveness(name, None, "all values", 0, False))
        elif course is None:
            how: How = "all values" if sweep.count and sweep.count <= ALL_VALUES else "checked"
            found.append(Responsiveness(name, float(good.double().mean()), how, len(tried), somewhere))
        else:
            share = _share(sweep, course, float(case.factual[sweep.column])) if somewhere else 0.0
            found.append(Responsiveness(name, share, "certified", 0, somewhere))
    return found


def _course(case: Case, sweep: Sweep) -> ExactCourse | None:
    """Return the exact course of a feature; none where all values can be tried, or rounding decides on many."""
    course = None if 0 < sweep.count <= ALL_VALUES else ExactCourse.of(case, sweep)
    if course is None:
        return None
    most, least = (sum(high - low for low, high in course.pieces(margin)) for margin in (-course.margin, course.margin))
    return course if most - least <= _UNSURE * (sweep.high - sweep.low) else None


def _interventions(case: Case, sweep: Sweep, grid: int) -> Tensor:
    """Return the values that a feature can be set to, other than what it is: all, or evenly spaced ones."""
    every = sweep.all() if 0 < sweep.count <= ALL_VALUES else sweep.grid(grid)
    return every[every != case.factual[sweep.column]]


def _share(sweep: Sweep, course: ExactCourse, here: float) -> float:
    """Return the share of a feature's values that work, by length; of whole ones by number, without that of today."""
    pieces = course.pieces()
    if not sweep.whole:
        return sum(high - low for low, high in pieces) / (sweep.high - sweep.low)
    good = sum(max(0, math.floor(high) - math.ceil(low) + 1) for low, high in pieces)
    return good / (sweep.count - sweep.inside(torch.tensor(here)).long().item())


def _best(sweep: Sweep, course: ExactCourse) -> Tensor:
    """Return a value that works if any does, `(1,)`: inside the longest piece, else where the logit is greatest."""
    low, high = max(course.pieces(), key=lambda piece: piece[1] - piece[0], default=(0.0, 0.0))
    best = (low + high) / 2 if high > low else float(course.at[course.logit.argmax()])
    return torch.tensor([float(round(best)) if sweep.whole else best], dtype=sweep.values.dtype)
