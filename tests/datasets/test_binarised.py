"""German Credit and GMSC by thresholds: the columns of arXiv 2308.12820, and whom its action set leaves nothing."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest
import torch
from network_tables import asked, cheapest

from recourse_arena import Outcome, Problem
from recourse_arena.elicitation.sampler import PreferenceSampler
from recourse_arena.elicitation.schemes import Ranking
from recourse_arena.models.causal.no_effects import NoEffects
from recourse_arena.models.decision.offers import Logistic
from recourse_arena.people.box import Box
from recourse_arena.problem.cost import Cost
from recourse_arena.problem.profile import profile
from recourse_arena_binarised import GermanBinarised, GmscBinarised
from recourse_arena_certified import Certified
from recourse_arena_german import German

_LEVELS = {
    "good": ("risk", ["1"]),
    "male": ("status", ["A91", "A93", "A94"]),
    "single": ("status", ["A93", "A95"]),
    "foreign_worker": ("foreign", ["A201"]),
    "rents": ("housing", ["A151"]),
    "owns": ("housing", ["A152"]),
    "lives_free": ("housing", ["A153"]),
    "unskilled": ("job", ["A172"]),
    "skilled": ("job", ["A173"]),
    "management": ("job", ["A174"]),
    "employed_1_year": ("employment", ["A73", "A74", "A75"]),
    "guarantor": ("debtors", ["A103"]),
    "for_business": ("purpose", ["A49"]),
    "for_education": ("purpose", ["A46", "A48"]),
    "for_car": ("purpose", ["A40", "A41"]),
    "for_home": ("purpose", ["A42", "A43", "A44", "A45"]),
    "no_history": ("history", ["A30"]),
    "late": ("history", ["A33"]),
    "critical": ("history", ["A34"]),
    "bank_instalments": ("plans", ["A141"]),
    "store_instalments": ("plans", ["A142"]),
    "checking": ("checking", ["A11", "A12", "A13"]),
    "checking_above_0": ("checking", ["A12", "A13"]),
    "savings": ("savings", ["A61", "A62", "A63", "A64"]),
    "savings_100": ("savings", ["A62", "A63", "A64"]),
}
"""Codes of the raw table that each column stands for, as the released code has them."""

_RANGES = {
    **{f"amount_{least}": ("amount", least, math.inf) for least in (1000, 2000, 5000, 10000)},
    "duration_up_to_6": ("duration", 0, 6),
    **{f"duration_{least}": ("duration", least, math.inf) for least in (12, 24, 36)},
}

DATA = Path(os.environ.get("RECOURSE_ARENA_DATA", "nowhere"))


def everybody(dataset, data):
    return dataset.asked({"split": "everybody"}).splits(seed=0, data=data)


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    """A problem of everybody whom a regression without penalty refuses, as in the paper's audit."""
    dataset = GermanBinarised()
    splits = everybody(dataset, tmp_path_factory.mktemp("data"))
    people, train = splits.recourse.test, splits.decision.train
    table = dataset.features
    model = Logistic(strength=1e6).fit(table, train, splits.decision.validation, seed=0)
    refused = ~model.accepts(people.x)
    return Problem(
        dataset="german-binarised",
        features=table,
        graph=dataset.graph,
        decisions=model,
        cost=Cost.fitted(train.x, refused[: len(train.x)], table, "l1"),
        box=Box.spanning(people.x[refused], table),
        training=train,
        validation=people,
        profile=profile("linear"),
        draw=PreferenceSampler(Ranking(), table),
        without_effects=NoEffects(),
    )


def test_columns_are_thresholds_of_the_same_borrowers(tmp_path):
    dataset = GermanBinarised()
    cells, raw = dataset.read(tmp_path), German().read(tmp_path)
    first = {name: str(column[0]) for name, column in cells.columns.items() if str(column[0]) != "0"}
    assert first == {
        "good": "1", "age": "67", "male": "1", "single": "1", "foreign_worker": "1", "years_at_residence": "4",
        "dependents": "1", "owns": "1", "skilled": "1", "employed_1_year": "1", "amount_1000": "1",
        "duration_up_to_6": "1", "rate": "4", "for_home": "1", "critical": "1", "checking": "1",
    }  # fmt: skip
    for name, (column, levels) in _LEVELS.items():
        assert [cell == "1" for cell in cells.column(name)] == [cell in levels for cell in raw.column(column)], name
    for name, (column, low, high) in _RANGES.items():
        told = [low <= float(cell) <= high for cell in raw.column(column)]
        assert [cell == "1" for cell in cells.column(name)] == told, name
    whole = {"age": "age", "years_at_residence": "residence", "dependents": "dependents", "rate": "rate"}
    for name, column in whole.items():
        assert cells.column(name).tolist() == raw.column(column).tolist(), name
    assert {*_LEVELS, *_RANGES, *whole} == {*dataset.features.names, "good"}


def test_everybody_asks_and_a_part_of_them_trained(tmp_path):
    splits = everybody(GermanBinarised(), tmp_path)
    assert len(splits.recourse.test) == 1000
    assert len(splits.decision.train) == 700
    rows = {tuple(row) for row in splits.recourse.test.x.tolist()}
    assert {tuple(row) for row in splits.decision.train.x.tolist()} <= rows
    shared = GermanBinarised().asked({"split": "shared"}).splits(seed=0, data=tmp_path)
    assert len(shared.recourse.test) == 200
    assert torch.equal(shared.decision.train.x, splits.decision.train.x)


def test_proofs_are_what_trying_the_whole_action_set_finds(audited):
    request = asked(audited, 60, actionable="all")
    solver = Certified()
    solver.fit(audited.seen_by(solver.knows), seed=0)
    proved = [one.outcome is Outcome.INFEASIBLE for one in solver.certify(request)]
    tried = [cheapest(audited, request[i : i + 1]) == math.inf for i in range(len(request))]
    assert proved == tried
    assert 0 < sum(proved) < len(request) / 2


@pytest.mark.skipif(not (DATA / "gmsc").is_dir(), reason="RECOURSE_ARENA_DATA names no directory with gmsc")
def test_thresholds_of_gmsc_keep_their_order():
    dataset = GmscBinarised()
    people = dataset.splits(seed=0, data=DATA).recourse.train
    assert len(dataset.features) == 23
    assert not dataset.features.broken_rules(people.x[0], people.x).any()
    names = dataset.features.names
    share = dict(zip(names, people.x.mean(0).tolist(), strict=True))
    ages = [share[name] for name in names if name.startswith("age")]
    assert sum(ages) == pytest.approx(1, abs=1e-6)


def test_without_the_file_of_gmsc_it_says_how_to_get_it(tmp_path):
    assert "data fetch gmsc" in (GmscBinarised().unavailable(tmp_path) or "")
