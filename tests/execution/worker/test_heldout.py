"""The ruler that no solver is handed: whom it is made from, how it is kept, and what it tells."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from corner_cutters import cheapest
from reachable import reachable

from recourse_arena import Knowledge, Scenario
from recourse_arena.execution.worker import heldout
from recourse_arena.execution.worker.fitted_dataset import prepare
from recourse_arena.judging.metrics import recourse_metrics
from recourse_arena.models.causal.flow import CausalFlow
from recourse_arena.people.people import Split, Splits
from recourse_arena.problem.model_protocols import AsLikely
from recourse_arena.reporting.leaderboard.ranking import LARGE
from recourse_arena.statistics.bootstrap import Resamples
from recourse_arena.storage.artefact_cache import ArtefactCache
from recourse_arena.storage.people_table import as_frame

METRICS = {metric.name: metric for metric in recourse_metrics()}


def rows(people, what):
    return torch.cat([part.x for part in (people, what)]).unique(dim=0).shape[0]


def test_it_is_made_from_neither_the_people_of_the_flow_nor_those_who_ask(loan_splits):
    other = heldout.other_people(loan_splits)
    for part in (loan_splits.flow.train, loan_splits.recourse.test, loan_splits.recourse.train):
        assert rows(other, part) == len(other) + len(part)
    shared = loan_splits.flow
    assert heldout.other_people(Splits(shared, shared, shared)) is shared.validation
    copied = Split(replace(shared.train, x=shared.train.x.clone()), shared.validation, shared.test)
    assert heldout.other_people(Splits(copied, shared, shared)) is shared.validation


def test_it_is_kept_and_restored_as_the_flow_is(plugged, tmp_path, monkeypatch):
    cache = ArtefactCache(tmp_path)
    made = prepare("tiny", seed=0, data=tmp_path, cache=cache, registry=plugged())
    monkeypatch.setattr(heldout, "fit_flow", None)  # would raise
    kept = prepare("tiny", seed=0, data=tmp_path, cache=cache, registry=plugged())
    assert kept.identity == made.identity
    assert made.identity["heldout"] != made.identity["flow"]
    for fitted in (made, kept):
        assert not fitted.heldout.model.training
        assert not any(weight.requires_grad for weight in fitted.heldout.model.parameters())
    x = made.splits.recourse.test.x
    assert torch.equal(made.heldout.score(x), kept.heldout.score(x))
    assert not torch.equal(made.heldout.score(x), made.problem.flow.log_density(x))


def test_the_flow_is_the_same_whether_there_is_another_one_or_not(plugged, tmp_path, monkeypatch):
    first = prepare("tiny", seed=0, data=tmp_path, cache=ArtefactCache(None), registry=plugged())
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    prepare("tiny", seed=0, data=tmp_path, cache=ArtefactCache(None), registry=plugged())
    assert torch.equal(torch.rand(1), expected)  # nobody else's draws are touched
    monkeypatch.setattr("recourse_arena.execution.worker.fitted_dataset.heldout_flow", lambda *more, **how: None)
    without = prepare("tiny", seed=0, data=tmp_path, cache=ArtefactCache(None), registry=plugged())
    assert without.identity == {**first.identity, "heldout": ""}
    assert without.heldout is None


def test_too_few_people_have_no_such_ruler(plugged, tmp_path, monkeypatch):
    monkeypatch.setattr(heldout, "other_people", lambda splits: splits.flow.train[:1])
    fitted = prepare("tiny", seed=0, data=tmp_path, cache=ArtefactCache(None), registry=plugged())
    assert fitted.heldout is None
    rows = as_frame(fitted.judge(*_top(fitted)))
    assert rows["plausible_heldout"].isna().all()
    assert METRICS["attainability_heldout"].compute(rows, {}) is None


def _top(fitted):
    request = fitted.request(Scenario.parse("hard-2"), 10)
    return request, cheapest(fitted.problem, request, AsLikely(fitted.problem.flow))


def test_where_nothing_follows_it_is_other_accepted_people(plugged, tmp_path):
    fitted = prepare("german", seed=0, data=Path(), cache=ArtefactCache(None), registry=plugged())
    places, own = (notion._accepted for notion in (fitted.heldout, fitted.neighbours))
    assert len(torch.cat([places, own]).unique(dim=0)) == len(places) + len(own)
    assert not any(value is fitted.heldout for value in reachable(fitted.problem.seen_by(frozenset(Knowledge))))


def test_no_solver_can_reach_it(materials):
    tiny = materials("tiny")
    problem = tiny.problem_for(Scenario.parse("hard-2")).seen_by(frozenset(Knowledge))
    found = reachable(problem, tiny.request(Scenario.parse("hard-2")))
    assert [value for value in found if isinstance(value, CausalFlow)] == [tiny.problem.flow]
    weights = {weight.data_ptr() for weight in tiny.heldout.model.parameters()}
    assert not weights & {value.data_ptr() for value in found if isinstance(value, torch.Tensor)}


@pytest.fixture(scope="module")
def judged(loan_materials):
    """Records of advice that is as cheap as the flow, or the true equations, let it be."""
    problem, request = loan_materials.problem, loan_materials.request(Scenario.parse("hard-4"), 150)
    rulers = {"flow": problem.causal_flow, "truth": problem.true_scm}
    found = {name: cheapest(problem, request, AsLikely(model)) for name, model in rulers.items()}
    return {name: as_frame(loan_materials.judge(request, advice)) for name, advice in found.items()}


def lower_end(people, values):
    differences = values(people)[:, None]
    return float(Resamples.draw(np.zeros(len(people), int)).means(differences).intervals()[0, 0])


def test_who_has_regard_for_the_flow_alone_falls_behind_under_the_truth(judged):
    values = {name: METRICS["attainability_truth"].compute(people, {}) for name, people in judged.items()}
    handed = METRICS["attainability"].compute(judged["flow"], {})
    assert values["flow"] < handed - LARGE
    assert values["truth"] >= handed - 0.01
    assert values["truth"] - values["flow"] > LARGE


def test_the_ruler_that_nobody_was_handed_tells_it_without_equations(judged):
    gap = METRICS["ruler_gap"].average.values
    assert lower_end(judged["flow"], gap) > LARGE
    assert lower_end(judged["truth"], gap) < LARGE
