"""Metrics against values worked out by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from recourse_arena.judging.metrics import recourse_metrics

METRICS = {metric.name: metric for metric in recourse_metrics()}
TIMINGS = {"fit_seconds": 3.0, "solve_seconds": 0.5}
PEOPLE = pd.DataFrame(
    {
        "outcome": ["solved", "solved", "solved", "not_found"],
        "valid": [True, True, False, False],
        "plausible": [True, False, True, False],
        "plausible_scm": pd.array([True, True, False, False], "boolean"),
        "plausible_heldout": pd.array([False, True, True, False], "boolean"),
        "redrawn": [0.5, 1.0, 0.0, 0.0],
        "cost": [1.0, 3.0, 50.0, None],
        "weighted_cost": [2.0, 4.0, 50.0, None],
        "l2": [1.0, 2.0, 9.0, None],
        "actions": [1, 2, 4, 0],
        "hard_action": pd.array([True, False, True, None], "boolean"),
        "violations": [0, 0, 2, 0],
        "neighbour_distance": [0.5, 1.0, 9.0, None],
        "optimality_gap": [0.5, 0.1, 0.3, None],
        "accepted": [True, True, False, False],
        "possible": [True, False, True, True],
        "rounds": [1, 4, 8, 1],
        "questions": [4, 2, 0, 0],
        "regret": [0.5, 0.1, None, None],
    }
)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("coverage", 0.75),
        ("validity", 0.5),
        ("plausibility", 0.5),
        ("plausibility_solved", 2 / 3),
        ("plausibility_scm", 0.5),
        ("attainability", 0.25),
        ("attainability_truth", 0.5),
        ("attainability_heldout", 0.25),
        ("ruler_gap", 0.0),
        ("redrawn", 0.375),
        ("cost_mean", 2.0),
        ("cost_sd", 2**0.5),
        ("weighted_cost_mean", 3.0),
        ("l2_mean", 1.5),
        ("hap", 0.5),
        ("violations", 0.25),
        ("neighbour_distance", 0.75),
        ("actions_mean", 1.5),
        ("fit_seconds", 3.0),
        ("solve_seconds", 0.5),
        ("optimality_gap", 0.3),
        ("optimality_people", 3),
        ("accepted", 0.5),
        ("possible", 0.75),
        ("accepted_possible", 1 / 3),
        ("rounds", 2.5),
        ("questions", 1.5),
        ("regret", (1.5 * 1.1) ** 0.5),
    ],
)
def test_value(name, value):
    assert METRICS[name].compute(PEOPLE, TIMINGS) == pytest.approx(value)


def test_every_metric_has_a_value_worked_out_here():
    tested = {mark.args[1][i][0] for mark in test_value.pytestmark for i in range(len(mark.args[1]))}
    assert tested == set(METRICS)


@pytest.mark.parametrize("name", ["cost_mean", "cost_sd", "hap", "actions_mean", "weighted_cost_mean", "l2_mean"])
def test_a_mean_over_nobody_is_undefined(name):
    assert METRICS[name].compute(PEOPLE.assign(valid=False), TIMINGS) is None


@pytest.mark.parametrize("name", ["attainability_truth", "attainability_heldout", "ruler_gap", "redrawn"])
def test_what_older_records_lack_is_undefined(name):
    old = PEOPLE.drop(columns=["plausible_scm", "plausible_heldout", "redrawn"])
    assert METRICS[name].compute(old, TIMINGS) is None
    unknown = PEOPLE.assign(
        plausible_scm=pd.array([None] * 4, "boolean"), plausible_heldout=pd.array([None] * 4, "boolean"), redrawn=None
    )
    assert METRICS[name].compute(unknown, TIMINGS) is None


def test_hap_is_undefined_where_answers_carry_no_order():
    people = PEOPLE.assign(hard_action=pd.array([None] * 4, "boolean"))
    assert METRICS["hap"].compute(people, TIMINGS) is None


def test_gaps_are_undefined_where_nobody_is_certified_and_rest_on_nobody_where_nobody_certified_is_solved():
    names = ("optimality_gap", "optimality_people")
    without = PEOPLE.drop(columns="optimality_gap")
    unsolved = PEOPLE.assign(optimality_gap=float("nan"))
    assert [METRICS[name].compute(without, TIMINGS) for name in names] == [None, None]
    assert [METRICS[name].compute(unsolved, TIMINGS) for name in names] == [None, 0]
