"""Metrics that say what they average, and averages that are none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recourse_arena import ArenaError, Average, Metric

PEOPLE = pd.DataFrame({"valid": [True, True, False], "cost": [1.0, 4.0, None]})


def metric(**parts):
    return Metric("m", "lower", "u", "p", "d", **parts)


def test_a_share_over_nobody_is_undefined():
    assert metric(average=Average(lambda people: people["valid"])).compute(PEOPLE[:0], {}) is None


def test_a_metric_of_before_averages_needs_compute_alone():
    found = Metric("m", "lower", "u", "p", "d", lambda people, timings: timings["fit_seconds"], "title")
    assert found.compute(PEOPLE, {"fit_seconds": 2.0}) == 2.0
    assert found.average is None
    assert "average" not in found.declaration()


def test_a_metric_with_another_average_has_another_value():
    first = metric(average=Average(lambda people: people["cost"], "mean"))
    other = replace(first, average=Average(lambda people: 2 * people["cost"], "mean"))
    assert other.compute(PEOPLE, {}) == 2 * first.compute(PEOPLE, {})


@pytest.mark.parametrize(
    ("of", "how", "words"),
    [
        (lambda people: people.loc[people["valid"], "cost"], "mean", r"values of 3 people.*got \(2,\)"),
        (lambda people: people["cost"].mean(), "mean", r"values of 3 people.*got \(\)"),
        (lambda people: people["cost"].sort_values(ascending=False), "mean", "in the order of the records"),
        (lambda people: people["cost"], "share", "expected true or false of each person; got values up to 4"),
        (lambda people: people["cost"] - 1, "geometric mean", "expected ratios above 0; got values down to 0"),
    ],
    ids=["of some people", "one number", "in another order", "no share", "no ratios"],
)
def test_values_that_are_not_those_of_each_person_are_refused(of, how, words):
    with pytest.raises(ArenaError, match=words):
        Average(of, how).values(PEOPLE)


def test_an_unknown_way_to_average_is_refused():
    with pytest.raises(ArenaError, match="unknown way to average 'arithmetic'"):
        Average(lambda people: people["cost"], "arithmetic")


@pytest.mark.parametrize("form", [list, np.asarray, lambda found: found.astype("boolean"), lambda found: found])
def test_values_may_be_a_series_an_array_or_a_list(form):
    values = Average(lambda people: form(people["valid"])).values(PEOPLE)
    assert values.tolist() == [1.0, 1.0, 0.0]
