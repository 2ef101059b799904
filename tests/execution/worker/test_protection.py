"""What records say of protected people: by what, and how much more the decision model errs against some."""

from __future__ import annotations

import pytest
import torch
from own_tables import TOML, csv_text, written

from recourse_arena.execution.worker.fitted_dataset import _said_of, prepare
from recourse_arena.models.fairness.odds import odds_gap
from recourse_arena.people.features import Feature
from recourse_arena.registry.discovery import discover
from recourse_arena.storage.artefact_cache import ArtefactCache
from recourse_arena.storage.record_shape import checked_record

TOWN = '[[attribute]]\nname = "town"\nkind = "binary"\nlevels = ["a", "b"]\nsensitive = true\n'
LOGISTIC = '[decision]\nmodel = "logistic"\n'
PEOPLE = [(100 + i, i % 50, ("own", "rent")[i % 2], 20 + i % 41, ("yes", "no")[i % 50 + i % 7 > 25], "ab"[i % 3 > 0])
          for i in range(900)]  # fmt: skip


@pytest.fixture
def fitted(tmp_path):
    def make(more="", options=""):
        table = csv_text(PEOPLE, columns=("income", "debt", "home", "age", "paid", "town"))
        path = written(tmp_path, TOML + TOWN + LOGISTIC + more, table)
        registry, cache = discover(), ArtefactCache(tmp_path / "cache")
        return prepare(registry.named(f"{path}{options}"), seed=0, data=tmp_path, cache=cache, registry=registry)

    return make


def test_records_say_by_what_people_are_protected_and_how_unevenly_the_model_errs(fitted):
    models = fitted('[protected]\ntown = ["a"]\n')
    test = models.splits.decision.test
    accepted = models.problem.decisions.accepts(test.x)
    gap = odds_gap(accepted, test.y, test.attributes[:, 0])
    assert models.identity["protected"] == {"town": []}  # each of two levels has its own name
    assert models.identity["odds_gap"] == {"town": pytest.approx(gap, abs=1e-4)}
    assert models.problem.training.attributes is None


def test_nothing_is_said_where_nothing_protects_anybody(fitted):
    assert {"protected", "odds_gap"}.isdisjoint(fitted().identity)


def test_records_say_units_of_features():
    said = _said_of(Feature("hours", unit="hours a week"), 1.0)
    assert said["unit"] == "hours a week"
    assert "unit" not in _said_of(Feature("hours"), 1.0)


def test_a_biased_model_is_kept_apart_and_errs_more_against_the_protected(fitted):
    said = '[protected]\ntown = ["a"]\n'
    plain, unfair = fitted(said), fitted(said, "?decision.bias=1")
    assert plain.key != unfair.key
    assert unfair.identity["decision"] == "logistic?bias=1"
    again = fitted(said, "?decision.bias=1")
    x = plain.splits.decision.test.x
    assert torch.equal(again.problem.decisions.accepts(x), unfair.problem.decisions.accepts(x))
    protected = plain.splits.decision.test.attributes[:, 0] == 1
    shares = [float(m.problem.decisions.accepts(x)[protected].double().mean()) for m in (plain, unfair)]
    assert shares[1] < shares[0] - 0.1


def test_bounds_are_declared_ones_where_they_are_asked_for(fitted):
    narrow, wide = fitted(), fitted(options="?bounds=declared")
    refused = ~narrow.problem.decisions.accepts(narrow.splits.recourse.train.x)
    assert float(narrow.problem.box.lower[1]) == float(narrow.splits.recourse.train.x[refused, 1].min()) > 0
    assert float(wide.problem.box.lower[1]) == float(wide.splits.recourse.train.x[:, 1].min()) == 0


@pytest.mark.parametrize(
    "wrong", [{"protected": ["race"]}, {"protected": {"race": "White"}}, {"odds_gap": {"race": "x"}}]
)
def test_a_sent_record_that_says_it_otherwise_is_refused(wrong):
    from recourse_arena import ArenaError

    models = {"dataset": "d", "seed": 0, "version": "1", "file": "", "asking": 3}
    said = models | {"protected": {"race": ["White"]}, "odds_gap": {"race": 0.1}}
    record = {"protocol": 1, "suite": {"name": "s", "version": "1"}, "solvers": {}, "metrics": [], "cells": []}
    record |= {"provenance": {}, "materials": [said]}
    checked_record(record)
    checked_record(record | {"materials": [models]})  # of an older version
    with pytest.raises(ArenaError, match=r"materials\[0\]\.(protected|odds_gap)"):
        checked_record(record | {"materials": [models | wrong]})
