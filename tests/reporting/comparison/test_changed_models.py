"""The gate over what changed decision models accept, and over changes that a run has lost."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace

import pytest
from boards import Draft, keep_lasting

from recourse_arena.reporting.comparison.comparison import compare
from recourse_arena.reporting.result import Result
from recourse_arena.statistics.intervals import paired_share_difference
from recourse_arena.storage.lasting_table import LASTING, Redecided, kept_redecided, read_redecided, write_redecided

CHANGES = {"quantized?bits=4": ("ptq-4",), "retrained?models=2": ("retrained-1", "retrained-2")}
METRICS = {
    f"accepted by {model}{matched} ({change})"
    for change, models in CHANGES.items() for model in models for matched in ("", ", matched")
}  # fmt: skip


@pytest.fixture
def runs(tmp_path):
    """A run twice, of a solver that is trained or not, with what changed models decide."""

    def make(*, trained=False, people=600, seeds=(0,)):
        path = tmp_path / "before"
        Draft(people=people, seeds=seeds).solve("hard-2", "grid", 0.8).write(path)
        info = json.loads((path / "run.json").read_text())
        info["solvers"]["grid"]["trained"] = trained
        rests = {"dataset": "town", "version": "1", "file": "f", "classifier": "c", "flow": "w", "asking": people}
        info["materials"] = [{**rests, "seed": seed} for seed in seeds]
        (path / "run.json").write_text(json.dumps(info))
        keep_lasting(path, CHANGES, shares=dict.fromkeys(("ptq-4", "retrained-1", "retrained-2"), 0.8))
        shutil.copytree(path, tmp_path / "after")
        return Result.read(path), Result.read(tmp_path / "after")

    return make


def edit(run, change):
    """Write what changed models of a run decide anew, as `change` makes it of what is there."""
    path = run.path / LASTING
    found = kept_redecided(run)
    digest = hashlib.sha256((run.path / "people.parquet").read_bytes()).hexdigest()
    write_redecided(path, change(found), people=digest)
    assert read_redecided(path, people=digest) is not None


def accepting(model, lose=None):
    """Let a model refuse the first few of those whom it accepted, or accept everybody who counts."""

    def change(found):
        rows = found.rows.copy()
        mine = (rows["model"] == model) & ~rows["matched"] & rows["counts"]
        rows.loc[mine if lose is None else rows.index[mine & rows["accepted"]][:lose], "accepted"] = lose is None
        return replace(found, rows=rows)

    return change


def verdicts(found):
    rows = found.verdicts[found.verdicts["metric"].str.startswith("accepted by")]
    return dict(zip(rows["metric"], rows["verdict"], strict=True))


def test_equal_runs_are_the_same_in_every_cell_change_and_model(runs):
    found = compare(*runs())
    assert verdicts(found) == dict.fromkeys(METRICS, "same")
    assert found.exit_code == 0


def test_where_nothing_is_random_one_person_less_is_worse(runs):
    before, after = runs()
    edit(after, accepting("ptq-4", 1))
    found = compare(before, after)
    assert sorted(verdicts(found).values()) == ["same"] * (len(METRICS) - 1) + ["worse"]
    assert found.exit_code == 1
    assert "1 worse off, 0 better off" in found.text()


@pytest.mark.parametrize(
    ("lose", "verdict", "code"), [(100, "worse", 1), (1, "same", 0), (20, "cannot tell", 0), (None, "better", 0)]
)
def test_trained_solvers_are_paired_person_by_person_within_the_tolerance(runs, lose, verdict, code):
    before, after = runs(trained=True)
    edit(after, accepting("ptq-4", lose))
    found = compare(before, after)
    name = "accepted by ptq-4 (quantized?bits=4)"
    assert verdicts(found) == {**dict.fromkeys(METRICS, "same"), name: verdict}
    assert found.exit_code == code
    row = found.verdicts.set_index("metric").loc[name]
    one, two = (kept_redecided(run).rows for run in (before, after))
    mine = (one["model"] == "ptq-4") & ~one["matched"] & one["counts"]
    gained = int((two["accepted"] & ~one["accepted"])[mine].sum())
    lost = int((one["accepted"] & ~two["accepted"])[mine].sum())
    assert (row["people"], row["method"]) == (int(mine.sum()), "paired")
    assert row["difference"] == pytest.approx((gained - lost) / mine.sum())
    level = 1 - (1 - found.tolerance.confidence) / found.intervals
    assert gained + lost > 0
    interval = paired_share_difference(gained, lost, int(mine.sum()), confidence=level)
    assert (row["low"], row["high"]) == pytest.approx((interval.low, interval.high))


def test_intervals_hold_for_changed_models_too(runs):
    before, after = runs(trained=True)
    with_changes = compare(before, after).intervals
    for run in (before, after):
        (run.path / LASTING).unlink()
    assert with_changes == compare(before, after).intervals + len(METRICS)


def test_another_changed_model_is_tolerated_as_a_trained_solver_is(runs):
    before, after = runs()

    def other(found):
        models = [{**m, "gap": 0.3} if m["model"] == "retrained-1" else m for m in found.models]
        return replace(accepting("retrained-1", 1)(found), models=tuple(models))

    edit(after, other)
    found = compare(before, after)
    assert verdicts(found)["accepted by retrained-1 (retrained?models=2)"] == "same"
    rows = found.verdicts.set_index("metric")
    assert "changed models differ" in rows.loc["accepted by retrained-1 (retrained?models=2)", "reason"]
    assert "changed models differ" not in rows.loc["accepted by retrained-2 (retrained?models=2)", "reason"]


def test_a_run_that_lost_its_table_is_named_and_gates(runs):
    before, after = runs()
    (after.path / LASTING).unlink()
    found = compare(before, after)
    assert "only in BASELINE: CURRENT keeps no lasting.parquet of its people" in found.text()
    assert "1 CHANGE OF BASELINE LOST IN CURRENT" in found.text()
    assert (found.exit_code, json.loads(found.json())["lost_changes"]) == (1, 1)
    assert compare(before, after, allow_missing=True).exit_code == 0
    assert compare(after, before).exit_code == 0
    assert "only in CURRENT: BASELINE keeps no" in compare(after, before).text()


def test_a_lost_change_and_a_lost_seed_are_named(runs):
    before, after = runs(seeds=(0, 1))

    def without(found):
        rows = found.rows[found.rows["change"] != "quantized?bits=4"]
        rows = rows[(rows["model"] != "retrained-2") | (rows["seed"] == 0)]
        kept = [
            m for m in found.models
            if m["change"] != "quantized?bits=4" and (m["model"] != "retrained-2" or m["seed"] == 0)
        ]  # fmt: skip
        note = {"dataset": "town", "seed": 0, "change": "quantized?bits=4", "reason": "no network"}
        return Redecided(rows.reset_index(drop=True), tuple(kept), (note,))

    edit(after, without)
    found = compare(before, after)
    rows = found.verdicts[found.verdicts["metric"] == "accepted by changed models"]
    assert rows["dataset"].tolist() == ["town", "town"]
    assert rows["reason"].tolist() == [
        "quantized?bits=4 only in BASELINE: no network",
        "retrained-2, seed 1 of retrained?models=2 only in BASELINE",
    ]
    assert found.exit_code == 1
    assert "2 CHANGES OF BASELINE LOST" in found.text()
    assert "worse" not in set(verdicts(found).values())


def test_runs_without_changed_models_are_compared_as_ever(runs):
    before, after = runs()
    for run in (before, after):
        (run.path / LASTING).unlink()
    found = compare(before, after)
    assert verdicts(found) == {}
    assert found.exit_code == 0
