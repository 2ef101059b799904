"""Optimality gaps and alarms, on records written by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from recourse_arena import Scenario
from recourse_arena.judging.certificates import Alarm, cross_check
from recourse_arena.judging.records import as_records

SCM, FREE, FLOW = map(Scenario.parse, ("hard-2!scm-plausibility", "hard-2!no-plausibility", "hard-2"))


def cell(cost, *, bound=None, outcome=None, valid=None, plausible=True, person=None):
    """Return the records of a cell; a cost of none is no solution."""
    solved = np.array([value is not None for value in cost])
    records = pd.DataFrame(
        {
            "person": range(len(cost)) if person is None else person,
            "outcome": np.where(solved, "solved", "not_found") if outcome is None else outcome,
            "valid": solved if valid is None else valid,
            "plausible": solved & plausible,
            "weighted_cost": np.array(cost, dtype="float32"),
        }
    )
    records = records if bound is None else records.assign(lower_bound=bound)
    return as_records({name: list(values) for name, values in records.items()})


def gaps(found, place=-1):
    return found.people[place].to_pandas()["optimality_gap"].tolist()


def test_the_gap_is_what_a_solution_costs_beyond_the_certified_optimum_relative_to_it():
    exact = cell([1.0, 2.0, 4.0, None], bound=[1.0, 1.999, np.nan, 3.0])
    other = cell([1.5, None, 5.0, 6.0])
    found = cross_check([("exact", exact), ("other", other)], SCM)
    assert found.alarms == []
    assert gaps(found) == pytest.approx([0.5, np.nan, np.nan, np.nan], nan_ok=True)
    assert gaps(found, 0) == pytest.approx([0.0, 0.0, np.nan, np.nan], nan_ok=True)
    for people in found.people:
        assert people.to_pandas()["optimal_cost"].tolist() == pytest.approx([1.0, 2.0, np.nan, np.nan], nan_ok=True)


@pytest.mark.parametrize(("bound", "certified"), [(1.0, True), (0.9992, True), (0.998, False), (0.0, False)])
def test_an_optimum_is_certified_within_a_thousandth_of_its_lower_bound(bound, certified):
    found = cross_check([("exact", cell([1.0], bound=[bound]))], FREE)
    assert ("optimal_cost" in found.people[0].column_names) == certified


@pytest.mark.parametrize(
    ("scenario", "valid", "plausible", "counts"),
    [
        (SCM, True, True, True),
        (SCM, True, False, False),
        (SCM, False, True, False),
        (FREE, True, False, True),
        (FREE, False, False, False),
    ],
)
def test_only_a_solution_that_does_what_the_scenario_asks_for_has_a_gap_or_raises_an_alarm(
    scenario, valid, plausible, counts
):
    exact = cell([1.0, 1.0, None], bound=[1.0, 1.0, np.nan], outcome=["solved", "solved", "infeasible"])
    other = cell([2.0, 0.5, 0.5], valid=valid, plausible=plausible)
    found = cross_check([("exact", exact), ("other", other)], scenario)
    assert bool(found.alarms) == counts
    assert np.isfinite(gaps(found)[0]) == counts


@pytest.mark.parametrize(("valid", "plausible"), [(False, True), (True, False)])
def test_a_certified_solution_that_the_judge_does_not_confirm_is_no_optimum(valid, plausible):
    exact = cell([1.0], bound=[1.0], valid=valid, plausible=plausible)
    assert "optimality_gap" not in cross_check([("exact", exact), ("other", cell([2.0]))], SCM).people[1]


def test_a_solution_below_a_lower_bound_is_an_alarm_and_refutes_the_certificate():
    exact = cell([1.0, 1.0, None, 1.0], bound=[1.0, 1.0, 1.0, 1.0])
    other = cell([0.999, 2.0, 0.5, 1.0])
    found = cross_check([("exact", exact), ("other", other)], SCM)
    assert found.alarms == [Alarm("other", "exact", "below_lower_bound", 2, (0, 2))]
    assert gaps(found) == pytest.approx([np.nan, 1.0, np.nan, 0.0], nan_ok=True)


@pytest.mark.parametrize(
    ("bound", "cost", "alarm"),
    [(1.0, 0.9998, True), (1.0, 0.99995, False), (1e-6, 0.95e-6, False), (1e-3, 0.99e-3, True)],
)
def test_a_cost_is_below_a_bound_by_more_than_rounding(bound, cost, alarm):
    found = cross_check([("exact", cell([bound], bound=[bound])), ("other", cell([cost]))], SCM)
    assert bool(found.alarms) == alarm


def test_a_solution_for_somebody_proved_infeasible_is_an_alarm_that_names_five():
    exact = cell([None] * 8, outcome="infeasible")
    found = cross_check([("exact", exact), ("other", cell([1.0, None, *[1.0] * 6]))], SCM)
    assert found.alarms == [Alarm("other", "exact", "proved_infeasible", 7, (0, 2, 3, 4, 5))]
    assert "optimality_gap" not in found.people[1]


def test_a_solver_that_contradicts_itself_raises_an_alarm():
    found = cross_check([("exact", cell([1.0], bound=[2.0]))], SCM)
    assert found.alarms == [Alarm("exact", "exact", "below_lower_bound", 1, (0,))]
    assert "optimality_gap" not in found.people[0]


def test_nothing_is_certified_where_plausibility_is_the_flows():
    cells = [("exact", cell([1.0, None], bound=[1.0, np.nan], outcome=["solved", "infeasible"]))]
    cells.append(("other", cell([0.5, 0.5])))
    found = cross_check(cells, FLOW)
    assert found.alarms == []
    assert all(mine is people for mine, (_, people) in zip(found.people, cells, strict=True))


def test_without_an_exact_solver_records_stay_as_they_are():
    cells = [("one", cell([1.0])), ("other", cell([2.0]))]
    found = cross_check(cells, SCM)
    assert found.alarms == []
    assert all(mine is people for mine, (_, people) in zip(found.people, cells, strict=True))


def test_people_are_matched_by_number_not_by_row():
    exact = cell([1.0, 2.0], bound=[1.0, 2.0], person=[4, 7])
    found = cross_check([("exact", exact), ("other", cell([4.0, 9.0, 3.0], person=[7, 1, 4]))], SCM)
    assert gaps(found) == pytest.approx([1.0, np.nan, 2.0], nan_ok=True)


def test_of_two_certified_optima_the_cheaper_one_counts():
    exact, rival = cell([1.0005], bound=[1.0]), cell([1.0], bound=[0.9995])
    found = cross_check([("exact", exact), ("rival", rival), ("other", cell([2.0]))], SCM)
    assert found.people[2]["optimal_cost"].to_pylist() == [1.0]


def test_records_read_back_from_a_file_serve_as_well(tmp_path):
    exact = cell([1.0, None], bound=[1.0, np.nan], outcome=["solved", "infeasible"])
    pq.write_table(exact, tmp_path / "exact.parquet")
    kept = pq.read_table(tmp_path / "exact.parquet")
    found = cross_check([("exact", kept), ("other", cell([3.0, 1.0]))], SCM)
    assert gaps(found) == pytest.approx([2.0, np.nan], nan_ok=True)
    assert found.alarms == [Alarm("other", "exact", "proved_infeasible", 1, (1,))]


def test_what_is_proved_of_advice_that_must_last_says_nothing_of_other_advice():
    lasting = cell([2.0, None, 1.0], bound=[2.0, np.nan, 1.5], outcome=["solved", "infeasible", "solved"])
    plain, exact = cell([1.0, 1.0, 1.0]), cell([1.0, 1.0, 1.0], bound=[1.0, 1.0, 1.0])
    found = cross_check([("exact?lasting=pruned", lasting), ("plain", plain)], FREE, {"exact?lasting=pruned"})
    assert [(alarm.solver, alarm.people) for alarm in found.alarms] == [("exact?lasting=pruned", 1)]  # its own word
    assert "optimal_cost" not in found.people[1].column_names
    both = cross_check([("exact?lasting=pruned", lasting), ("exact", exact)], FREE, {"exact?lasting=pruned"})
    assert gaps(both, 0) == pytest.approx([1.0, np.nan, 0.0], nan_ok=True)
