"""The gate: what it calls worse, better, the same, unknown, and what it refuses to compare."""

from __future__ import annotations

import copy
import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from recourse_arena import ArenaError
from recourse_arena.cli import main
from recourse_arena.reporting.comparison.comparison import compare
from recourse_arena.reporting.result import Result
from recourse_arena.reporting.results.averages import built_in

BESIDE = ("plausibility_solved", "plausibility_scm", "l2_mean", "neighbour_distance", "actions_mean", "ruler_gap")
WAYS = {
    name: "lower" if name in ("cost_mean", "weighted_cost_mean", "hap", "violations") else "higher"
    for name, measure in built_in().items()
    if name not in BESIDE and not measure.rare
}
KEYS = ["dataset", "scenario", "solver", "seed"]


class Draft:
    """A run folder in the making: two scenarios, an untrained solver and a trained one."""

    def __init__(self, people=1000):
        self.people = pd.concat(
            [self.cell(scenario, solver, people) for scenario in ("a", "b") for solver in ("plain", "net")]
        )
        self.people = self.people.reset_index(drop=True)
        cells = [dict(zip(KEYS, key, strict=True)) for key in self.people[KEYS].drop_duplicates().values.tolist()]
        self.summary = {}
        self.info = {
            "protocol": 1,
            "status": "finished",
            "provenance": {},
            "suite": {"name": "s", "version": "1"},
            "metrics": [{"name": name, "direction": way} for name, way in {**WAYS, "solve_seconds": "lower"}.items()],
            "solvers": {"plain": {"version": "1", "trained": False}, "net": {"version": "1", "trained": True}},
            "cells": [{**cell, "outcome": "solved"} for cell in cells],
            "materials": [
                {
                    "dataset": "d",
                    "seed": 0,
                    "version": "1",
                    "file": "f",
                    "classifier": "c",
                    "flow": "w",
                    "asking": people,
                }
            ],
        }

    @staticmethod
    def cell(scenario, solver, people):
        draws = np.random.default_rng(people)
        solved = np.arange(people) % 10 != 9
        cost = np.where(solved, draws.gamma(4.0, 0.25, people), np.nan)
        return pd.DataFrame(
            {
                "dataset": "d",
                "scenario": scenario,
                "solver": solver,
                "seed": 0,
                "person": np.arange(people),
                "group_sex": np.where(np.arange(people) % 2, "f", "m"),
                "outcome": np.where(solved, "solved", "not_found"),
                "valid": solved,
                "plausible": solved & (np.arange(people) % 3 > 0),
                "plausible_scm": solved,
                "plausible_heldout": solved & (np.arange(people) % 4 > 0),
                "redrawn": solved * (np.arange(people) % 20) / 20,
                "cost": cost,
                "weighted_cost": 2 * cost,
                "hard_action": pd.array(np.where(solved, np.arange(people) % 2, None), "boolean"),
                "violations": 0,
                "logp_factual": -np.arange(people) / 7,
                "score_x": np.arange(people) % 4 + 1,
            }
        )

    def rows(self, scenario="a", solver="net"):
        return self.people.index[(self.people["scenario"] == scenario) & (self.people["solver"] == solver)]

    def set_cell(self, scenario, solver, **what):
        cell = next(c for c in self.info["cells"] if (c["scenario"], c["solver"]) == (scenario, solver))
        cell.update(what)
        if cell["outcome"] != "solved":
            self.people = self.people.drop(self.rows(scenario, solver))

    def write(self, path):
        path.mkdir(parents=True)
        (path / "run.json").write_text(json.dumps(self.info))
        self.people.to_parquet(path / "people.parquet")
        columns = [*KEYS, "outcome", "people", *self.summary]
        rows = [
            [*(cell[key] for key in KEYS), cell["outcome"], 0, *self.summary.values()] for cell in self.info["cells"]
        ]
        pd.DataFrame(rows if self.summary else [], columns=columns).to_csv(path / "summary.csv", index=False)
        return Result.read(path)


@pytest.fixture
def drift(tmp_path):
    """Compare a run with itself after a change; `before` changes the baseline."""

    def compared(after=lambda draft: None, before=lambda draft: None, people=(1000, 1000), **options):
        drafts = Draft(people[0]), Draft(people[0])
        if people[1] < people[0]:
            drafts[1].people = drafts[1].people[drafts[1].people["person"] < people[1]]
        before(drafts[0])
        after(drafts[1])
        times = len(list(tmp_path.iterdir()))
        once = tmp_path / str(times) if times else tmp_path
        names = once / "baseline", once / "current"
        return compare(*(draft.write(name) for draft, name in zip(drafts, names, strict=True)), **options)

    return compared


def verdict(found, metric="outcome", scenario="a", solver="net"):
    rows = found.verdicts
    rows = rows[(rows["metric"] == metric) & (rows["scenario"] == scenario) & (rows["solver"] == solver)]
    assert len(rows) == 1
    return rows.iloc[0]


def lose(draft, count, solver="net", start=0):
    """Take a valid recommendation from `count` people."""
    rows = draft.rows("a", solver)[start:]
    rows = rows[draft.people.loc[rows, "valid"]][:count]
    draft.people.loc[rows, ["valid", "plausible"]] = False


def dearer(draft, factor, solver="net", count=None):
    rows = draft.rows("a", solver)[:count]
    draft.people.loc[rows, ["cost", "weighted_cost"]] *= factor


def test_a_run_is_the_same_as_itself(drift):
    found = drift()
    assert found.counts == {"worse": 0, "cannot tell": 0, "not comparable": 0, "better": 0, "same": 4 * len(WAYS)}
    assert (found.exit_code, found.worst, found.missing) == (0, "same", 0)
    assert found.text().startswith("Verdicts: 0 worse, 0 cannot tell, 0 not comparable, 0 better, 44 same.")


def certify(draft, factor=1.3):
    """Let everybody's advice cost about `factor` times the certified optimum; for the first person, much more."""
    person = draft.people["person"]
    draft.people["optimality_gap"] = factor * np.exp(0.5 * np.sin(person)) * np.where(person == 0, 1e4, 1) - 1
    draft.people.loc[~draft.people["valid"], "optimality_gap"] = np.nan
    draft.info["metrics"].append({"name": "optimality_gap", "direction": "lower"})
    draft.summary = {"optimality_gap": factor - 1}


@pytest.mark.parametrize(("before", "after", "expected"), [(1.3, 1.6, "worse"), (1.6, 1.3, "better")])
def test_gaps_are_compared_person_by_person_as_ratios_of_cost_and_optimum(drift, before, after, expected):
    row = verdict(drift(lambda d: certify(d, after), lambda d: certify(d, before)), "optimality_gap")
    assert (row["verdict"], row["scale"], row["people"]) == (expected, "relative", 900)
    assert row["difference"] == pytest.approx(after / before - 1)
    assert row["baseline"] == pytest.approx(before * 1e4 ** (1 / 900), rel=1e-2)
    assert "geometric means of cost over optimal cost, that is 1 + gap" in row["reason"]


@pytest.mark.parametrize(("factor", "expected"), [(1.301, "same"), (1.31, "worse")])
def test_where_nothing_is_random_a_gap_may_change_by_as_much_as_certificates_do(drift, factor, expected):
    found = drift(lambda d: certify(d, factor), certify)
    assert verdict(found, "optimality_gap", solver="plain")["verdict"] == expected


def test_gaps_are_left_out_where_neither_run_certified_anybody(drift):
    def declared(draft):
        draft.info["metrics"].append({"name": "optimality_gap", "direction": "lower"})
        draft.summary = {"optimality_gap": None}

    found = drift(declared)
    assert "optimality_gap" not in set(found.verdicts["metric"])
    assert found.intervals == 2 * len(WAYS)  # those of the trained solver
    assert found.exit_code == 0


def test_gaps_that_only_one_run_has_cannot_be_compared(drift):
    found = drift(certify)
    (reason,) = found.verdicts.loc[found.verdicts["metric"] == "optimality_gap", "reason"]
    assert reason == "only in CURRENT"
    assert found.exit_code == 0


@pytest.mark.parametrize("metric", ["validity", "cost_mean"])
def test_one_person_worse_off_under_a_deterministic_solver_is_worse(drift, metric):
    change = {"validity": lambda d: lose(d, 1, "plain"), "cost_mean": lambda d: dearer(d, 1.001, "plain", 1)}[metric]
    found = drift(change)
    row = verdict(found, metric, solver="plain")
    assert (row["verdict"], row["method"], row["change"]) == ("worse", "exact", "worse")
    assert "1 worse off, 0 better off" in row["reason"]
    assert found.exit_code == 1


def test_one_person_better_off_under_a_deterministic_solver_is_better(drift):
    found = drift(lambda d: dearer(d, 0.999, "plain", 1))
    assert verdict(found, "cost_mean", solver="plain")["verdict"] == "better"
    assert found.exit_code == 0


def test_gains_of_many_do_not_outweigh_one_person_under_a_deterministic_solver(drift):
    def change(draft):
        dearer(draft, 0.9, "plain")
        dearer(draft, 1.5, "plain", 1)

    row = verdict(drift(change), "cost_mean", solver="plain")
    assert (row["verdict"], row["change"]) == ("worse", "better")


def test_rounding_is_no_change(drift):
    assert drift(lambda d: dearer(d, 1 + 5e-5, "plain")).worst == "same"


def test_a_cost_next_to_nothing_may_change_by_rounding(drift):
    def cost(value):
        return lambda draft: draft.people.__setitem__(
            "cost", draft.people["cost"].where(draft.people["person"] > 0, value)
        )

    assert drift(cost(1.1e-9), cost(1e-9)).worst == "same"


@pytest.mark.parametrize(("weight", "verdict"), [(2.0, "worse"), (1.0, "cannot tell")])
def test_hap_of_a_trained_solver_counts_only_where_preferences_cost_something(drift, weight, verdict):
    def weigh(draft):
        draft.people["weighted_cost"] = weight * draft.people["cost"]

    def act_on_what_is_hard(draft):
        weigh(draft)
        rows = draft.rows()
        draft.people.loc[rows[draft.people.loc[rows, "valid"]], "hard_action"] = True

    found = drift(act_on_what_is_hard, weigh).verdicts.query("metric == 'hap' and solver == 'net' and scenario == 'a'")
    assert found["verdict"].tolist() == [verdict]


@pytest.mark.parametrize("what", ["version", "flow", "trained", "trained unknown"])
def test_statistics_apply_where_something_may_differ_by_right(drift, what):
    def change(draft):
        lose(draft, 1, "plain")
        if what == "version":
            draft.info["solvers"]["plain"]["version"] = "2"
        elif what == "flow":
            draft.info["materials"][0]["flow"] = "other"
        elif what == "trained":
            draft.info["solvers"]["plain"]["trained"] = True
        else:
            del draft.info["solvers"]["plain"]["trained"]

    row = verdict(drift(change), "validity", solver="plain")
    assert (row["verdict"], row["method"]) == ("same", "paired")
    assert {"version": "solver version 1 -> 2", "flow": "causal flows differ"}.get(what, "") in row["reason"]


def test_a_trained_solver_worse_beyond_the_tolerance_is_worse(drift):
    found = drift(lambda d: lose(d, 120))
    row = verdict(found, "validity")
    assert (row["verdict"], row["method"], row["people"]) == ("worse", "paired", 1000)
    assert (row["baseline"], row["current"]) == pytest.approx((0.9, 0.78))
    assert row["low"] < row["difference"] < row["high"] < -0.03
    assert verdict(found, "validity", scenario="b")["verdict"] == "same"
    assert found.exit_code == 1
    assert "-0.1200 worse" in found.text()


def test_a_trained_solver_worse_within_the_tolerance_is_the_same(drift):
    found = drift(lambda d: (lose(d, 5), dearer(d, 1.05)))
    assert found.worst == "same"
    assert verdict(found, "validity")["difference"] == pytest.approx(-0.005)
    assert verdict(found, "cost_mean")["difference"] == pytest.approx(0.05, abs=0.002)


def test_between_the_two_one_cannot_tell(drift):
    found = drift(lambda d: lose(d, 40))
    row = verdict(found, "validity")
    assert row["verdict"] == "cannot tell"
    assert row["low"] < -0.03 < row["high"]
    assert found.exit_code == 0


@pytest.mark.parametrize(("factor", "expected"), [(1.2, "worse"), (1.05, "same"), (0.8, "better")])
def test_costs_have_a_relative_tolerance_and_lower_is_better(drift, factor, expected):
    row = verdict(drift(lambda d: dearer(d, factor)), "cost_mean")
    assert (row["verdict"], row["scale"]) == (expected, "relative")
    assert row["difference"] == pytest.approx(factor - 1)
    assert "coverage 0.900 -> 0.900" in row["reason"]


@pytest.mark.parametrize(
    ("metric", "count"), [("violations", 100), ("hap", 100), ("plausibility", 150), ("coverage", 150)]
)
def test_every_share_can_become_worse(drift, metric, count):
    def change(draft):
        rows = draft.rows()
        rows = rows[draft.people.loc[rows, "valid"]]
        column, value = {
            "violations": ("violations", 1),
            "hap": ("hard_action", True),
            "plausibility": ("plausible", False),
            "coverage": ("outcome", "not_found"),
        }[metric]
        draft.people.loc[rows[: 2 * count], column] = value

    assert verdict(drift(change), metric)["verdict"] == "worse"


def test_costs_are_compared_over_people_valid_in_both_runs(drift):
    def change(draft):
        dearer(draft, 100, count=300)
        draft.people.loc[draft.rows()[:300], "valid"] = False

    row = verdict(drift(change), "cost_mean")
    assert (row["verdict"], row["people"], row["difference"]) == ("same", 630, 0)


def test_the_tolerance_can_be_set(drift):
    assert verdict(drift(lambda d: lose(d, 120), tolerance=0.2), "validity")["verdict"] == "same"


def test_the_cost_tolerance_can_be_set(drift):
    assert verdict(drift(lambda d: dearer(d, 1.05), cost_tolerance=0.01), "cost_mean")["verdict"] == "worse"


@pytest.mark.parametrize("wrong", [{"tolerance": -0.1}, {"cost_tolerance": float("nan")}, {"confidence": 1.0}])
def test_impossible_tolerances_are_refused(drift, wrong):
    with pytest.raises(ArenaError, match="expected a number"):
        drift(**wrong)


def test_more_comparisons_make_wider_intervals(drift, tmp_path):
    def only(draft):
        lose(draft, 100)
        draft.info["cells"] = [cell for cell in draft.info["cells"] if cell["scenario"] == "a"]

    def one(draft):
        only(draft)
        draft.info["metrics"] = draft.info["metrics"][:2]

    drafts = Draft(), Draft()
    drafts[1].info["metrics"] = drafts[0].info["metrics"][:2]
    runs = [draft.write(tmp_path / name) for draft, name in zip(drafts, ("b", "b1"), strict=True)]
    widths = []
    for change, base in ((only, runs[0]), (one, runs[1])):
        draft = Draft()
        change(draft)
        found = compare(base, draft.write(tmp_path / change.__name__))
        row = verdict(found, "validity")
        widths.append((row["high"] - row["low"], found.intervals))
    assert widths[0][1] == len(WAYS)
    assert widths[1][1] == 2
    assert widths[0][0] > 1.1 * widths[1][0]


def test_unequal_people_are_compared_where_both_have_them_and_it_is_said(drift):
    found = drift(people=(1000, 300))
    row = verdict(found, "validity")
    assert (found.worst, row["people"]) == ("same", 300)
    assert "300 people in both, of 1000 and 300" in row["reason"]


def test_people_are_matched_by_number_not_by_row(drift):
    found = drift(lambda d: setattr(d, "people", d.people.iloc[::-1]))
    assert found.worst == "same"
    assert (verdict(found, "cost_mean")["low"], verdict(found, "cost_mean")["high"]) == (0, 0)


def test_another_decision_model_is_compared_unpaired(drift):
    def change(draft):
        draft.info["materials"][0].update(classifier="other", asking=990)
        draft.people["score_x"] = 5 - draft.people["score_x"]
        draft.people = draft.people[draft.people["person"] < 990].reset_index(drop=True)
        lose(draft, 250)
        dearer(draft, 1.5)

    found = drift(change)
    assert set(found.verdicts["method"]) == {"unpaired"}
    assert verdict(found, "validity")["verdict"] == "worse"
    assert verdict(found, "cost_mean")["verdict"] == "worse"
    assert verdict(found, "coverage")["verdict"] == "cannot tell"
    assert verdict(found, "violations")["verdict"] == "same"
    assert "decision models differ" in verdict(found, "validity")["reason"]


@pytest.mark.parametrize(
    ("what", "where", "value"),
    [
        ("protocol: BASELINE has 1, CURRENT 2", "protocol", 2),
        ("the suite: BASELINE has 's', CURRENT 't'", "name", "t"),
        ("version of suite s: BASELINE has '1', CURRENT '2'", "version", "2"),
    ],
)
def test_whole_runs_that_cannot_be_compared_are_refused_with_the_reason(drift, what, where, value):
    def change(draft):
        (draft.info if where == "protocol" else draft.info["suite"])[where] = value

    with pytest.raises(ArenaError, match=what):
        drift(change)


def shift(name, value):
    def change(draft):
        draft.people[name] = value(draft.people[name])

    return change


def material(**what):
    return lambda draft: draft.info["materials"][0].update(what)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (material(version="2"), "version of the dataset differs: '1' -> '2'"),
        (material(file="g"), "digest of the data file differs: 'f' -> 'g'"),
        (material(asking=7), "1000 people ask in one run, 7 in the other"),
        (lambda draft: draft.info.pop("materials"), "run.json of CURRENT does not say on which data"),
        (
            shift("score_x", lambda score: score.where(score.index % 1000 != 3, 9)),
            "preferences differ for 1 of 1000 people",
        ),
        (shift("group_sex", lambda sex: sex[::-1].to_numpy()), "groups differ for 1000 of 1000 people"),
        (shift("logp_factual", lambda logp: logp + 1), "1000 of 1000 people of the same number are not the same"),
        (shift("person", lambda person: person + 5000), "nobody is in both runs"),
        (shift("person", lambda person: person // 2), "a person appears twice"),
        (lambda draft: draft.people.insert(0, "score_y", 1), "other columns of preferences"),
        (
            lambda draft: setattr(draft, "people", draft.people[draft.people["scenario"] == "b"]),
            "CURRENT holds no people",
        ),
    ],
)
def test_cells_that_cannot_be_compared_say_why(drift, change, reason):
    row = verdict(drift(change))
    assert row["verdict"] == "not comparable"
    assert reason in row["reason"]


def test_two_runs_without_materials_exit_with_2(drift):
    def forget(draft):
        del draft.info["materials"]

    found = drift(forget, forget)
    assert (found.exit_code, found.counts["not comparable"]) == (2, 4)
    assert "d: 4 cells" in found.text()


def test_cells_missing_in_the_current_run_are_counted_loudly(drift):
    def change(draft):
        draft.info["cells"] = draft.info["cells"][1:]

    found = drift(change)
    row = verdict(found, solver="plain")
    assert (row["verdict"], row["reason"], found.missing) == ("not comparable", "only in BASELINE", 1)
    assert "1 CELL OF BASELINE MISSING IN CURRENT" in found.text()
    assert found.exit_code == 1


def test_missing_cells_can_be_allowed(drift):
    def change(draft):
        draft.info["cells"] = draft.info["cells"][1:]

    assert drift(change, allow_missing=True).exit_code == 0


def test_cells_skipped_in_the_current_run_are_missing_too(drift):
    found = drift(ended("skipped"))
    assert (found.missing, found.exit_code) == (1, 1)


def test_cells_skipped_in_both_runs_are_not_missing(drift):
    assert drift(ended("skipped"), ended("skipped")).exit_code == 0


def test_that_fewer_people_were_asked_stands_in_the_summary(drift):
    text = drift(people=(1000, 400)).text()
    assert "4 cells compare only the people that are in both runs. CURRENT lacks people of BASELINE in 4" in text


def test_cells_new_in_the_current_run_are_not_missing(drift):
    def change(draft):
        draft.info["cells"] = draft.info["cells"][1:]

    found = drift(before=change)
    assert (verdict(found, solver="plain")["reason"], found.missing) == ("only in CURRENT", 0)
    assert "MISSING" not in found.text()


def ended(outcome, reason="it broke"):
    return lambda draft: draft.set_cell("a", "net", outcome=outcome, reason=reason)


def test_a_cell_that_failed_now_is_worse_and_one_that_failed_before_better(drift, tmp_path):
    found = drift(ended("failed"))
    assert verdict(found)["verdict"] == "worse"
    assert "failed in CURRENT: it broke" in found.text()
    assert found.exit_code == 1
    back = compare(Result.read(tmp_path / "current"), Result.read(tmp_path / "baseline"))
    assert (verdict(back)["verdict"], back.exit_code) == ("better", 0)


@pytest.mark.parametrize("outcome", ["timed_out", "out_of_memory"])
def test_every_other_end_without_an_answer_is_worse_too(drift, tmp_path, outcome):
    found = drift(ended(outcome))
    assert (verdict(found)["verdict"], found.exit_code) == ("worse", 1)
    assert f"{outcome.replace('_', ' ')} in CURRENT: it broke" in found.text()
    back = compare(Result.read(tmp_path / "current"), Result.read(tmp_path / "baseline"))
    assert (verdict(back)["verdict"], back.exit_code) == ("better", 0)


def test_a_run_that_asked_about_fewer_people_passes_only_if_that_is_allowed(drift, tmp_path):
    assert drift(people=(1000, 400)).exit_code == 1
    runs = [Result.read(tmp_path / name) for name in ("baseline", "current")]
    assert compare(*runs, allow_missing=True).exit_code == 0
    assert compare(*runs[::-1]).exit_code == 0


def test_a_cell_that_failed_without_materials_is_still_worse(drift):
    def change(draft):
        for scenario in ("a", "b"):
            for solver in ("plain", "net"):
                draft.set_cell(scenario, solver, outcome="failed", reason="no model")
        draft.info["materials"] = []

    found = drift(change)
    assert (found.counts["worse"], found.exit_code) == (4, 1)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("solved", "skipped", "skipped in CURRENT: it broke"),
        ("skipped", "failed", "skipped in BASELINE: it broke"),
        ("failed", "failed", "failed in both runs: it broke"),
        ("failed", "timed_out", "failed in BASELINE, timed out in CURRENT: it broke"),
    ],
)
def test_skipped_cells_and_those_that_always_fail_are_not_comparable(drift, before, after, reason):
    row = verdict(drift(ended(after), ended(before)))
    assert (row["verdict"], row["reason"]) == ("not comparable", reason)


def test_a_metric_without_values_for_each_person_is_listed_once(drift):
    def declare(draft):
        draft.info["metrics"].append({"name": "envy", "direction": "lower"})
        draft.info["metrics"].append({"name": "mood", "direction": "none"})

    found = drift(declare, declare)
    rows = found.verdicts[found.verdicts["metric"] == "envy"]
    assert rows[["verdict", "reason", "dataset"]].values.tolist() == [["not comparable", "no per-person values", "*"]]
    assert not {"mood", "solve_seconds"} & set(found.verdicts["metric"])
    assert found.exit_code == 0


@pytest.mark.parametrize(("way", "verdicts"), [("lower", ["worse", "better"]), ("higher", ["better", "worse"])])
@pytest.mark.parametrize("solver", ["plain", "net"])
def test_a_metric_that_is_no_average_is_compared_by_its_declared_direction(drift, way, verdicts, solver):
    def valued(value):
        def declare(draft):
            draft.info["metrics"].append({"name": "envy", "direction": way})
            draft.summary = {"envy": value}

        return declare

    for value, expected in zip((3.0, 1.0), verdicts, strict=True):
        row = verdict(drift(valued(value), valued(2.0)), "envy", solver=solver)
        assert row["verdict"] == (expected if solver == "plain" else "cannot tell")
        assert (row["change"], row["baseline"], row["current"]) == (expected, 2.0, value)
    assert verdict(drift(valued(2.0), valued(2.0)), "envy", solver=solver)["verdict"] == "same"


def test_that_nothing_can_be_compared_is_said_plainly(drift):
    text = drift(lambda draft: draft.info.pop("materials")).text()
    assert "Nothing of BASELINE can be compared with CURRENT; above is why." in text
    assert "Bonferroni" not in text


def test_no_row_says_worse_and_better_at_once(drift):
    def change(draft):
        dearer(draft, 0.9, "plain")
        dearer(draft, 1.5, "plain", count=1)

    found = drift(change)
    assert verdict(found, "cost_mean", solver="plain")["verdict"] == "worse"
    (line,) = [line for line in found.text().splitlines() if "plain" in line and " cost_mean" in line]
    assert "% on average" in line


def test_a_metric_that_changed_its_direction_is_not_comparable(drift):
    def turn(draft):
        draft.info["metrics"] = [{**m, "direction": "higher"} for m in draft.info["metrics"]]

    rows = drift(turn).verdicts.set_index("metric")
    assert rows.loc["hap", "reason"] == "better is lower in BASELINE, higher in CURRENT"


def test_undefined_values(drift):
    def silent(draft):
        draft.people["hard_action"] = pd.array([None] * len(draft.people), "boolean")

    def nobody(draft):
        silent(draft)
        draft.people.loc[draft.rows(), "valid"] = False

    found = drift(nobody, silent)
    assert verdict(found, "hap")["verdict"] == "same"
    assert verdict(found, "cost_mean")["verdict"] == "cannot tell"
    assert "undefined in CURRENT" in verdict(found, "cost_mean")["reason"]
    assert verdict(found, "validity")["verdict"] == "worse"


def test_people_valid_in_one_run_each_leave_nothing_to_pair(drift):
    half = lambda keep: lambda d: d.people.__setitem__("valid", d.people["valid"] & (d.people["person"] % 2 == keep))  # noqa: E731
    row = verdict(drift(half(0), half(1)), "cost_mean")
    assert (row["verdict"], row["reason"]) == ("cannot tell", "nobody has a value in both runs")


def test_few_people_give_no_interval_for_costs(drift):
    found = drift(lambda d: dearer(d, 5.0), people=(20, 20))
    row = verdict(found, "cost_mean")
    assert (row["verdict"], "fewer than 20 people" in row["reason"]) == ("cannot tell", True)
    assert json.loads(found.json())["verdicts"]


def test_json_holds_everything(drift):
    found = drift(lambda d: lose(d, 120))
    told = json.loads(found.json())
    assert (told["exit_code"], told["worst"], told["missing_cells"]) == (1, "worse", 0)
    assert told["tolerance"] == {"share": 0.03, "cost": 0.15, "confidence": 0.99}
    assert len(told["verdicts"]) == len(found.verdicts)
    assert set(told["verdicts"][0]) >= {
        *KEYS,
        "metric",
        "verdict",
        "baseline",
        "current",
        "low",
        "high",
        "people",
        "reason",
    }


def test_a_people_file_that_cannot_be_read_is_one_message(tmp_path):
    runs = [Draft(30).write(tmp_path / name) for name in ("one", "two")]
    (tmp_path / "two" / "people.parquet").write_bytes(b"no parquet")
    with pytest.raises(ArenaError, match=r"cannot read .*people.parquet"):
        compare(*runs)
    Draft(30).people.drop(columns="valid").to_parquet(tmp_path / "two" / "people.parquet")
    with pytest.raises(ArenaError, match="missing columns valid"):
        compare(*runs)


def test_comparing_changes_neither_run(tmp_path):
    runs = [Draft(30).write(tmp_path / name) for name in ("one", "two")]
    before = copy.deepcopy([run.info for run in runs])
    compare(*runs)
    assert [run.info for run in runs] == before


def test_the_command_says_it_with_its_exit_code(tmp_path):
    def say(*words):
        return CliRunner().invoke(main, ["compare", *map(str, words)])

    base, bad, other = (tmp_path / name for name in ("base", "bad", "other"))
    Draft().write(base)
    draft = Draft()
    lose(draft, 120)
    draft.write(bad)
    draft = Draft()
    draft.info["materials"] = []
    draft.write(other)
    assert say(base, base).exit_code == 0
    shown = say(base, bad, "--json")
    assert (shown.exit_code, json.loads(shown.stdout)["counts"]["worse"]) == (1, 5)
    assert say(base, bad, "--tolerance", "0.2").exit_code == 0
    shown = say(base, other)
    assert (shown.exit_code, "not a single cell" in shown.stderr) == (2, True)
    shown = say(base, tmp_path / "nowhere")
    assert (shown.exit_code, "not a run folder" in shown.stderr) == (2, True)
    assert say(base, bad, "--tolerance", "-1").exit_code == 2


def test_a_real_run_is_the_same_as_itself(arena, no_boards, tmp_path):
    result = arena(out=tmp_path / "run")
    found = compare(result, result)
    assert (found.worst, found.intervals) == ("same", 3 * len(WAYS))
    assert set(found.verdicts["metric"]) == set(WAYS)
