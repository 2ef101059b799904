"""What every metric keeps, on the records of people as the judge writes them."""

from __future__ import annotations

__all__ = ["METRIC_LAWS", "Measured", "measured"]

import json
import math
import numbers
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import pandas as pd
import torch

from recourse_arena.base.errors import ArenaError
from recourse_arena.interfaces.metric import Metric
from recourse_arena.judging.fresh_noise import FreshNoise
from recourse_arena.judging.judge import Judge
from recourse_arena.models.plausibility.neighbours import Neighbours
from recourse_arena.people.encoding import Encoding
from recourse_arena.problem.model_protocols import AsLikely
from recourse_arena.problem.outcome import Outcome
from recourse_arena.problem.recommendation import Recommendation
from recourse_arena.problem.request import Request
from recourse_arena.storage.people_table import as_frame
from recourse_arena.testing.laws.law import Law, LawBroken, expect
from recourse_arena.testing.problems.worlds import worlds

_TIMINGS = {"fit_seconds": 2.0, "solve_seconds": 0.5}


@dataclass(frozen=True)
class Measured:
    """A metric and records to compute it from.

    Arguments:
        metric: The metric.
        frames: Records of a cell by what is special about it; `usual`, `certified` and `hidden` (a policy had to find
            out what people want) have people with and without recommendations.
    """

    metric: Metric
    frames: Mapping[str, pd.DataFrame]

    def value(self, people: pd.DataFrame) -> float | None:
        """Return the metric of some records, none where undefined."""
        value = self.metric.compute(people.copy(deep=True), dict(_TIMINGS))
        return None if value is None or math.isnan(value) else float(value)


def measured(metric: Metric) -> Measured:
    """Return a metric and records to compute it from."""
    return Measured(metric, _frames())


@cache
def _frames() -> Mapping[str, pd.DataFrame]:
    world = worlds()[0]
    problem = world.problem
    train = problem.training.x
    near = Neighbours(Encoding.fitted(problem.features, train), train[problem.decisions.accepts(train)])
    fresh = FreshNoise.of(
        problem.causal_model, problem.graph, train, torch.zeros(len(problem.features)), seed=0, dataset=problem.dataset
    )
    judge = Judge(
        problem.decisions, problem.causal_model, problem.flow, problem.true_scm,
        neighbours=near, heldout=AsLikely(problem.flow), fresh=fresh,
    )  # fmt: skip
    request = world.requests["usual"]
    usual = as_frame(judge(request, _to_the_top(request)))
    nobody = Recommendation.do(request.actionable, request.factual, found=torch.zeros(len(request), dtype=torch.bool))
    best = usual["weighted_cost"].where(usual["valid"])
    return {
        "usual": usual,
        "certified": usual.assign(lower_bound=0.9 * best, optimal_cost=0.9 * best, optimality_gap=best / best - 0.9),
        "hidden": usual.assign(
            accepted=usual["valid"], possible=usual["valid"], rounds=1, questions=4, own_optimum=best, regret=best * 0
        ),
        "nobody solved": as_frame(judge(request, nobody)),
        "nobody asking": as_frame(judge(request[:0], _to_the_top(request[:0]))),
    }


def _to_the_top(request: Request) -> Recommendation:
    """Return advice for all but the last person: everything to the top, inside the box."""
    values = request.snap(request.factual + 3 * request.unit_cost.sd)
    found = torch.arange(len(request)) < len(request) - 1
    return Recommendation.do(request.actionable, values, found=found, otherwise=Outcome.INFEASIBLE)


def it_says_what_it_is(subject: Measured) -> None:
    """Name, direction, unit, population and definition are declared, and can be written to a file."""
    metric = subject.metric
    expect(isinstance(metric, Metric), f"expected a recourse_arena.Metric, got {type(metric).__name__}")
    expect(re.fullmatch(r"[a-z][a-z0-9_]*", metric.name), f"name: expected a column name, got {metric.name!r}")
    expect(metric.direction in ("higher", "lower", "none"), f"direction: got {metric.direction!r}")
    declaration = metric.declaration()
    for part, value in declaration.items():
        expect(value and isinstance(value, str), f"{part}: expected a string, got {value!r}")
    expect(json.loads(json.dumps(declaration)) == declaration, "the declaration cannot be written as JSON")


def it_is_a_number_or_undefined(subject: Measured) -> None:
    """Its value is a finite number, or none where it is undefined, also if nobody is solved or nobody asks."""
    for name, people in subject.frames.items():
        value = subject.metric.compute(people.copy(deep=True), dict(_TIMINGS))
        right = value is None or (isinstance(value, numbers.Real) and not isinstance(value, bool))
        expect(right, f"{name}: expected a number or none, got {value!r}")
        expect(value is None or not math.isinf(value), f"{name}: expected a finite number, got {value!r}")


def it_is_defined_for_somebody(subject: Measured) -> None:
    """Some ordinary cell has a value."""
    values = {subject.value(subject.frames[name]) for name in ("usual", "certified", "hidden")}
    expect(values != {None}, "undefined even where people have recommendations that are valid")


def the_order_of_people_does_not_matter(subject: Measured) -> None:
    """Records in another order have the same value."""
    for name, people in subject.frames.items():
        one, other = subject.value(people), subject.value(people.iloc[::-1].reset_index(drop=True))
        expect(_same(one, other), f"{name}: {one} becomes {other} when people are in reverse order")


def records_are_left_as_they_were(subject: Measured) -> None:
    """Computing it changes neither records nor timings."""
    for name, people in subject.frames.items():
        handed, timings = people.copy(deep=True), dict(_TIMINGS)
        subject.metric.compute(handed, timings)
        expect(handed.equals(people) and timings == _TIMINGS, f"{name}: records or timings have changed")


def it_averages_a_value_of_each_person(subject: Measured) -> None:
    """What it averages is one value a person, and that person's own: the same whoever else is in the records."""
    average = subject.metric.average
    if average is None:
        return
    for name, people in subject.frames.items():
        handed = people.copy(deep=True)
        try:
            together = average.values(handed)
            alone = [float(average.values(handed.iloc[[place]])[0]) for place in range(len(handed))]
        except ArenaError as error:
            raise LawBroken(f"{name}: {error}") from None
        expect(handed.equals(people), f"{name}: records have changed")
        others = sum(not _same(*map(_known, pair)) for pair in zip(together, alone, strict=True))
        expect(not others, f"{name}: {others} of {len(people)} people have another value where nobody else is")


METRIC_LAWS: tuple[Law, ...] = (
    it_says_what_it_is,
    it_is_a_number_or_undefined,
    it_is_defined_for_somebody,
    the_order_of_people_does_not_matter,
    records_are_left_as_they_were,
    it_averages_a_value_of_each_person,
)


def _same(one: float | None, other: float | None) -> bool:
    return one is None and other is None if one is None or other is None else math.isclose(one, other, rel_tol=1e-9)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
