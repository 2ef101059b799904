"""Published numbers beside ours: what is measured is what plain sums say, and the rule is the one that is told."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from boards import Draft

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.names import written
from recourse_arena.execution.worker.fitted_dataset import prepare
from recourse_arena.planning.field_suites import REPRODUCTION
from recourse_arena.registry.discovery import discover
from recourse_arena.reporting.reproduction.beside import Beside, Verdict, estimate
from recourse_arena.reporting.reproduction.measured import MEASURES, measured_people
from recourse_arena.reporting.reproduction.published import published
from recourse_arena.reporting.reproduction.report import compared, reproduction_report
from recourse_arena.reporting.results.counterfactuals import counterfactuals
from recourse_arena.storage.artefact_cache import ArtefactCache

DATASET, SOLVER, CHANGE = "german?decision=logistic", "roar?constraints=ignore", "retrained?models=2&bootstrap=true"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("reproduction")


@pytest.fixture(scope="module")
def fitted(place):
    return prepare(DATASET, seed=0, data=Path(), cache=ArtefactCache(place / "cache"), registry=discover())


@pytest.fixture(scope="module")
def run(fitted, place):
    """Twelve refused people who become like somebody else in some features; the last one is told nothing."""
    names, training = fitted.problem.features.names, fitted.problem.training.x
    before = training[~fitted.problem.decisions.accepts(training)][:12]
    accepted = training[fitted.problem.decisions.accepts(training)][:12]
    moved = (torch.arange(12)[:, None] + torch.arange(len(names))) % 3 > 0
    moved[11] = False
    after = torch.where(moved, accepted, before)
    parts = (("factual", before), ("mask", moved), ("value", after), ("after", after))
    columns = {f"{kind}_{name}": part[:, j].numpy() for kind, part in parts for j, name in enumerate(names)}
    told = np.where(np.arange(12) < 11, "solved", "not_found")
    draft = Draft(people=12, groups=False)
    draft.solve("soft-constant!no-plausibility", SOLVER, 1.0, dataset=DATASET, **columns, outcome=told)
    found = draft.write(place / "run")
    found.info["materials"] = [dict(fitted.identity)]
    return found


@pytest.fixture(scope="module")
def rows(run, place):
    cache = ArtefactCache(place / "cache")
    found = measured_people(
        run, DATASET, SOLVER, registry=discover(), data=Path(), cache=cache, changes=(CHANGE, "box?delta=.1")
    )
    assert [note.partition(" on ")[0] for note in found.notes] == ["box?delta=.1"] * ("box?delta=.1" not in found.rows)
    return found.rows


def apart(fitted, before, after):
    """Return changes of one person by feature: over the range of training people, or 1 for another level."""
    features, training = fitted.problem.features, fitted.problem.training.x
    for j, feature in enumerate(features):
        if feature.kind == "categorical":
            yield float(before[feature.name] != after[feature.name])
        else:
            span = float(training[:, j].max() - training[:, j].min())
            yield abs(float(after[feature.name]) - float(before[feature.name])) / span


def test_distances_are_those_of_a_plain_sum_over_features(run, fitted, rows):
    known = counterfactuals(run, DATASET, words=False)
    names = fitted.problem.features.names
    for one, (_, person) in zip(rows.to_dict("records"), known.iterrows(), strict=True):
        if one["person"] == 11:
            assert math.isnan(one["L1"])
            continue
        sides = ("factual", "counterfactual")
        before, after = ({name: person[f"{side}_{name}"] for name in names} for side in sides)
        each = list(apart(fitted, before, after))
        assert one["L1"] == pytest.approx(sum(each), rel=1e-4, abs=1e-5)
        assert one["L1, mean feature"] == pytest.approx(sum(each) / len(each), rel=1e-4, abs=1e-5)
        assert one["features"] == sum(change > 0 for change in each)
        categories = [f.kind == "categorical" for f in fitted.problem.features]
        twice = sum(change * (1 + category) for change, category in zip(each, categories, strict=True))
        assert one["L1, one-hot"] == pytest.approx(twice, rel=1e-4, abs=1e-5)
    assert rows["L1"][:11].gt(0).all()


def test_how_often_noise_invalidates_is_known_of_a_linear_model(fitted, rows, run):
    known, decisions = counterfactuals(run, DATASET, words=False), fitted.problem.decisions
    names = fitted.problem.features.names
    after = torch.tensor(known[[f"counterfactual_{name}" for name in names]].to_numpy(dtype="float32"))
    z = decisions.encoding.encode(after)
    training = decisions.encoding.encode(fitted.problem.training.x)
    origin = decisions.encoded_logit(torch.zeros(1, z.shape[1]))
    slope = decisions.encoded_logit(torch.eye(z.shape[1])) - origin
    for name, units in (("invalidated", training.amax(0) - training.amin(0)), ("invalidated, sd", None)):
        unit = torch.ones(z.shape[1]) if units is None else torch.where(decisions.encoding.codes < 0, units, 1.0)
        spread = 0.1 * float((slope * unit).double().norm())
        exact = [0.5 * math.erfc(float(h) / spread / math.sqrt(2)) for h in decisions.encoded_logit(z)]
        np.testing.assert_allclose(rows[name][:11], exact[:11], atol=0.06)
    assert rows["accepted"].tolist() == [*decisions.accepts(after[:11]).double().tolist(), 0.0]
    assert rows["accepted, of answered"].isna().tolist() == [False] * 11 + [True]


def test_changed_models_and_outliers_are_counted_among_those_with_a_counterfactual(rows):
    assert set(rows[CHANGE][:11].unique()) <= {0.0, 0.5, 1.0}
    assert rows["LOF"][:11].between(0.8, 5).all()
    assert ((rows["LOF"] <= 1.5) == (rows["LOF, sign"] == 1))[:11].all()


def test_changed_models_may_be_trained_while_people_are_measured(run, place, monkeypatch):
    from recourse_arena.reporting.reproduction import measured

    seen = []

    def under(fitted, change, after, *rest):
        seen.append(torch.is_grad_enabled())
        return after[:, 0]

    monkeypatch.setattr(measured, "_under", under)
    cache = ArtefactCache(place / "cache")
    measured_people(run, DATASET, SOLVER, registry=discover(), data=Path(), cache=cache, changes=("same",))
    assert seen == [True]


def test_a_number_is_held_if_the_interval_holds_it_as_far_as_it_is_printed():
    one = next(known for known in published() if known.value == "1.56")
    draws = np.random.default_rng(0)
    people = pd.DataFrame({"seed": np.repeat([0, 1], 200), "person": np.tile(range(200), 2)})
    spread = draws.normal(size=400) - 1e-9
    spread -= spread.reshape(2, 200).mean(1).repeat(200)
    arm = 1.96 * 0.5 / 20
    for off, verdict in ((0.9 * arm, Verdict.HELD), (1.5 * arm + 0.005, Verdict.MISSED)):
        beside = Beside.of(one, people.assign(**{"L1": 1.56 + off + 0.5 * spread, "L2": 1.56 + 0.1 * spread}))
        assert beside.verdict is verdict
        assert beside.held_otherwise == (("L2",) if verdict is Verdict.MISSED else ())
        assert beside.seeds == 2
    assert Beside(one).verdict is Verdict.OPEN
    sure = estimate(people.assign(accepted=1.0), "accepted")
    assert sure.high == pytest.approx(1.0)
    assert sure.low > 0.98


def test_every_published_number_names_a_cell_of_the_suite_and_a_measure_or_says_why_not():
    cells = {(world, solver) for block in REPRODUCTION.blocks for world in block.datasets for solver in block.solvers}
    registry = discover()
    for one in published():
        assert one.said, one
        assert one.number >= 0, one
        if one.ours:
            assert (one.world, one.solver) in cells, one
            for name in (one.ours, *one.others):
                assert name in MEASURES or registry.change(name) is not None
    asked = {(one.world, one.solver) for one in published() if one.ours}
    assert cells == asked
    tables = {written(world)[0].removesuffix("-binarised") for world, _ in cells}
    assert tables == {"german", "adult", "compas", "gmsc"}


def test_the_report_tells_each_number_with_its_interval_and_what_is_a_reading(run, place):
    found, notes = compared(run, data=Path(), cache=place / "cache")
    text = reproduction_report(run, data=Path(), cache=place / "cache")
    cost = next(one for one in found if one.published.method == "ROAR" and one.published.measure == "L1 cost")
    assert not notes
    assert f"{cost.ours.value:.3f} [{cost.ours.low:.3f}, {cost.ours.high:.3f}]" in text
    assert "That L1 is of standardised columns is a reading" in text
    assert (cost.published.looked in text) == (cost.verdict is Verdict.MISSED)
    measured = [one for one in found if one.verdict is not Verdict.OPEN]
    assert {one.published.world for one in measured} == {DATASET}
    assert f"{len(found) - len(measured)} are not measured" in text


def test_a_run_of_something_else_or_on_other_models_is_refused(tmp_path, run, place):
    other = Draft(people=10).solve("hard-2", "steady", 0.5).write(tmp_path / "other")
    with pytest.raises(ArenaError, match="`recourse-arena run reproduction` makes such a run"):
        reproduction_report(other)
    changed = [{**material, "classifier": "another"} for material in run.info["materials"]]
    run.info["materials"], kept = changed, run.info["materials"]
    try:
        with pytest.raises(ArenaError, match="classifier of german"):
            reproduction_report(run, data=Path(), cache=place / "cache")
    finally:
        run.info["materials"] = kept
