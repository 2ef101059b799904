"""Suites of shared actions: *Fair Recourse for All* (arXiv 2601.20449) held out, as published, and beyond."""

from __future__ import annotations

__all__ = ["ADULT", "ALZHEIMER", "COMPAS", "FAIR_RECOURSE", "OPEN", "PUBLISHED", "SEEDS", "SSL"]

from collections.abc import Iterable

from recourse_arena.interfaces.suite import Block, Suite
from recourse_arena.problem.scenario import Scenario

_APART = "split=recourse&bounds=declared"
_FOREST = "decision=forest&decision.trees=200&decision.depth=15&decision.leaf=2&decision.split=5&decision.columns=0.25"
_ROWS = f"adult?cost=gower&rows=complete&{_APART}"
_ACTS = "capital-gain:up,hours-per-week,education-num"

ADULT = f"{_ROWS}&act={_ACTS}&{_FOREST}"
ALZHEIMER = f"alzheimer?features=menus&{_APART}&decision=forest&decision.leaf=1"
COMPAS = "compas?cost=gower&split=recourse&decision=forest&decision.fair=reweighing"
SSL = f"ssl?cost=gower&split=recourse&{_FOREST}"
"""The tables of the paper and of the one before it. COMPAS's model is made fair by weights: the exponentiated gradient
of the paper's code needs a library of its own (`decision.fair=equalized-odds`).

The forests of that code have a column for each feature, 12 on Adult, and choose each split among three of them. Where
each level of a category has a column, a quarter of the columns is the same chance for each feature; the square root of
about a hundred columns would be one in ten, and forests that often know of no gain of capital that suffices."""

_WITHOUT_GAINS = f"{_ROWS}&act=hours-per-week,education-num&{_FOREST}"
_BIASED = tuple(f"{ADULT}&{how}" for how in (
    "decision.fair=reweighing", "decision.bias=0.3", "decision.bias=0.7", "decision.bias=0.7&decision.fair=reweighing",
))  # fmt: skip
_PEOPLE = 1000
_AIMS = ("ee-micro", "ee-macro", "ecr-0.6", "hybrid-0.6")
_LEARNT = ("menu", "climb", "fair-sac")
"""Each `fair-sac` takes minutes: its agent takes a gradient step for eight of 40,000 steps."""


def _scenarios(*names: str) -> tuple[Scenario, ...]:
    return tuple(Scenario.parse(f"{name}!no-plausibility") for name in names)


def _in_sample(scenarios: Iterable[Scenario]) -> tuple[Scenario, ...]:
    return tuple(Scenario.parse(f"{scenario.name}!in-sample") for scenario in scenarios)


_ALONE = ("menu-4+ee-micro", "menu-1+ee-macro", "menu-4+ee-macro", "menu-4+ecr-0.6", "menu-4+hybrid-0.6")
_CLUSTERED = ("menu-4+clusters-3+ee-micro", "menu-4+clusters-3+hybrid-0.6")
_TWINS = ("menu-12+ee-micro", "menu-12+hybrid-0.6")


def _block(dataset: str, names: tuple[str, ...], *solvers: str, in_sample: bool = False) -> Block:
    scenarios = _scenarios(*names)
    return Block((dataset,), _in_sample(scenarios) if in_sample else scenarios, solvers, people=_PEOPLE)


FAIR_RECOURSE = Suite(
    name="fair-recourse",
    summary="Adult, Alzheimer, COMPAS, SSL: menus composed on some, scored on others, four aims, whole and in clusters",
    blocks=tuple(
        block
        for dataset in (ADULT, ALZHEIMER, COMPAS, SSL)
        for block in (
            _block(dataset, (*_ALONE, *_CLUSTERED), "menu", "climb"),
            _block(dataset, (_ALONE[0], _ALONE[-1], *(_CLUSTERED if dataset != ADULT else ())), "fair-sac"),
            _block(dataset, (*_TWINS, "menu-2+ee-micro", "menu-8+ee-micro", "menu-4+hard-2", "menu-4+hard-1"), "menu"),
            _block(dataset, ("soft-constant", "hard-2", "hard-1"), "individual"),
        )
    ),
    optional=frozenset((ADULT, ALZHEIMER, COMPAS, SSL)),
)

PUBLISHED = Suite(
    name="fair-recourse-published",
    summary="Adult, Alzheimer: the same menus, composed on the very people they are scored on, as published",
    blocks=tuple(
        block
        for dataset in (ADULT, ALZHEIMER)
        for block in (
            _block(
                dataset,
                ("menu-1+ee-macro", "menu-4+ee-micro", "menu-4+ee-macro", "menu-4+ecr-0.6"),
                "menu",
                in_sample=True,
            ),
            _block(dataset, ("menu-4+ee-micro",), "menu?exact=true", in_sample=True),
            _block(dataset, _CLUSTERED, "menu", in_sample=True),
            _block(dataset, ("menu-4+hybrid-0.6",), *_LEARNT, in_sample=True),
        )
    ),
    optional=frozenset((ADULT, ALZHEIMER)),
)

SEEDS = Suite(
    name="fair-recourse-seeds",
    summary="Adult, Alzheimer: the hybrid aim by search, in-sample and held out, over three seeds",
    seeds=(0, 1, 2),
    blocks=tuple(
        block
        for dataset in (ADULT, ALZHEIMER)
        for block in (
            _block(dataset, ("menu-4+hybrid-0.6",), "climb", "fair-sac", in_sample=True),
            _block(dataset, ("menu-4+hybrid-0.6",), "climb", "fair-sac"),
        )
    ),
    optional=frozenset((ADULT, ALZHEIMER)),
)

OPEN = Suite(
    name="fair-recourse-open",
    summary="Adult, Alzheimer: menus under budgets, for intersections of groups, and under biased decision models",
    blocks=(
        *(
            _block(dataset, (
                "menu-2", "menu-2+budget-0.02", "menu-2+budget-0.02+by-race-sex", "menu-4+budget-0.02",
            ), "menu", "menu?fair=worst", "menu?pd=0.02")
            for dataset in (ADULT, _WITHOUT_GAINS)
        ),
        *(_block(dataset, ("menu-2", "menu-4", "menu-2+budget-0.02"), "menu", "menu?pd=0.02") for dataset in _BIASED),
        _block(
            ALZHEIMER, ("menu-2+budget-0.08", "menu-2+budget-0.08+by-gender-ethnicity"), "menu", "menu?fair=worst",
            "menu?pd=0.02",
        ),
        *(_block(d, ("soft-constant",), "individual") for d in (ADULT, _WITHOUT_GAINS, *_BIASED, ALZHEIMER)),
    ),
    optional=frozenset((ADULT, ALZHEIMER, _WITHOUT_GAINS, *_BIASED)),
)  # fmt: skip
