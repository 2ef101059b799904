"""Runs with exact solvers: what everybody's advice costs beyond the least possible, and who contradicts a proof."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from recourse_arena import load

SCM, FREE, FLOW = "hard-1!scm-plausibility", "hard-1!no-plausibility", "hard-1"

pytestmark = pytest.mark.usefixtures("exact")


def row(result, solver, scenario=SCM):
    rows = result.summary[(result.summary["solver"] == solver) & (result.summary["scenario"] == scenario)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_solvers_that_know_the_density_that_counts_never_contradict_an_exact_one(arena):
    result = arena(solvers=["exact", "grid", "grid?points=200", "convex"], scenarios=[SCM, FREE])
    for scenario in (SCM, FREE):
        assert row(result, "exact", scenario)["optimality_gap"] == pytest.approx(0.0, abs=1e-6)
        convex, coarse, fine = (row(result, name, scenario) for name in ("convex", "grid", "grid?points=200"))
        assert 0 <= convex["optimality_gap"] < 1e-2
        assert 0 < fine["optimality_gap"] < coarse["optimality_gap"]
        assert (
            coarse["optimality_people"] == coarse["people"] * coarse["attainability" if scenario == SCM else "validity"]
        )
    assert row(result, "exact")["validity"] < row(result, "exact", FREE)["validity"]


def test_what_counts_as_plausible_is_the_scenarios_and_the_judge_agrees(arena):
    people = arena(solvers=["grid"], scenarios=[SCM, FLOW]).people.set_index("scenario")
    true, flow = people.loc[SCM], people.loc[FLOW]
    solved = (true["outcome"] == "solved").to_numpy(dtype=bool)
    assert solved.any()
    assert true["plausible"][solved].all()
    assert true["plausible"].tolist() == true["plausible_scm"].tolist()
    assert not (flow["logp_factual"].to_numpy() == true["logp_factual"].to_numpy()).any()
    assert not flow["plausible_scm"].equals(flow["plausible"])


def test_the_density_that_counts_changes_neither_people_nor_preferences(arena):
    people = arena(solvers=["top"], scenarios=[SCM, FLOW]).people.set_index("scenario")
    same = [name for name in people if name.startswith(("score_", "group_", "value_", "person", "cost"))]
    true, flow = (people.loc[name, same].reset_index(drop=True) for name in (SCM, FLOW))
    pd.testing.assert_frame_equal(true, flow)


def test_optimal_costs_are_recorded_beside_everybodys_own(arena):
    people = arena(solvers=["exact", "top", "raiser"], scenarios=[SCM, FLOW]).people
    assert people.loc[people["scenario"] == FLOW, "optimal_cost"].isna().all()
    costs = people[people["scenario"] == SCM].pivot(index="person", columns="solver", values="optimal_cost")
    assert costs["exact"].notna().any()
    pd.testing.assert_series_equal(costs["exact"], costs["top"], check_names=False)
    top = people[(people["scenario"] == SCM) & (people["solver"] == "top")]
    gap = top["optimality_gap"].dropna()
    assert len(gap) > 0
    expected = (top["weighted_cost"] / top["optimal_cost"] - 1).astype(float)
    np.testing.assert_allclose(gap, expected[gap.index], rtol=1e-6)
    assert top.loc[gap.index, ["valid", "plausible"]].all(axis=None)


def test_without_certificates_gaps_are_undefined_and_no_column_is_added(arena):
    result = arena(solvers=["top"], scenarios=[SCM])
    assert "optimality_gap" not in result.people
    assert result.summary[["optimality_gap", "optimality_people"]].isna().all(axis=None)
    assert "gap" not in repr(result)
    assert result.info["alarms"] == []


def test_each_seed_has_its_own_optima(arena):
    people = arena(solvers=["exact"], scenarios=[FREE], seeds=[0, 1]).people
    first, second = (rows["optimal_cost"].tolist() for _, rows in people.groupby("seed"))
    assert first != second
    assert people["optimality_gap"].dropna().abs().max() == 0


@pytest.mark.parametrize(
    ("liar", "kind"),
    [("boaster", "below_lower_bound"), ("defeatist", "proved_infeasible")],
    ids=["bound", "infeasible"],
)
def test_a_false_proof_is_an_alarm_in_the_record(arena, tmp_path, liar, kind):
    result = arena(out=tmp_path / "run", solvers=[liar, "exact", "top"], scenarios=[FREE], alarms=True)
    found = {(alarm["solver"], alarm["certifier"]): alarm for alarm in result.alarms}
    alarm = found["exact", liar]
    assert (alarm["dataset"], alarm["scenario"], alarm["seed"], alarm["kind"]) == ("tiny", FREE, 0, kind)
    people = result.people
    valid = people[(people["solver"] == "exact") & people["valid"]]["person"].tolist()
    assert set(alarm["persons"]) <= set(valid)
    assert len(alarm["persons"]) == 5 < alarm["people"] <= len(valid)
    assert all(certifier == liar for _, certifier in found)
    assert json.loads((tmp_path / "run" / "run.json").read_text())["alarms"] == load(tmp_path / "run").alarms


def test_proofs_count_only_where_they_hold(arena):
    arena(solvers=["boaster", "defeatist", "exact", "top"], scenarios=[FLOW])


def test_a_resumed_run_finds_what_an_uninterrupted_one_does(arena, tmp_path):
    first = arena(out=tmp_path / "a", solvers=["exact", "boaster"], scenarios=[FREE], alarms=True)
    again = arena(out=tmp_path / "a", solvers=["exact", "boaster"], scenarios=[FREE], alarms=True)
    assert first.alarms == again.alarms
    pd.testing.assert_frame_equal(first.people, again.people)
