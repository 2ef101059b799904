"""The judge on tables with categories, directions and rules, where nothing follows from anything."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from frames import framed
from hypothesis import given
from hypothesis import strategies as st
from small_tables import Scored, table_problem, table_request

from recourse_arena import Actionability, ArenaError, Kind, Outcome, Recommendation
from recourse_arena.judging.judge import Judge
from recourse_arena.models.causal.no_effects import NoEffects

PROBLEM = table_problem(5)
FEATURES, COUNT = PROBLEM.features, len(PROBLEM.features)
PLACE = {name: FEATURES.index(name) for name in FEATURES.names}
EVERYBODY = replace(PROBLEM.decisions, least=-torch.inf)  # accepts whoever comes
THE_JUDGE = Judge(EVERYBODY, NoEffects(), None, None, neighbours=PROBLEM.neighbours)
JUDGE = framed(THE_JUDGE)
PERSON = {"branch": 0, "open": 2, "member": 0, "all": 3, "grade": 1, "home": 0, "debt": 1.0}


def person(**changes) -> torch.Tensor:
    return torch.tensor([[float({**PERSON, **changes}[name]) for name in FEATURES.names]])


def ask(**changes):
    scores = torch.arange(1, COUNT + 1)[None]
    return PROBLEM.request(person(**changes), Actionability(scores, COUNT))


def act(**values) -> Recommendation:
    mask, set_to = torch.zeros(1, COUNT, dtype=torch.bool), torch.full((1, COUNT), torch.nan)
    for name, value in values.items():
        mask[0, PLACE[name]], set_to[0, PLACE[name]] = True, value
    return Recommendation.do(mask, set_to)


def judged(action, **changes):
    return JUDGE(ask(**changes), act(**action)).iloc[0]


@pytest.mark.parametrize(
    ("action", "broken"),
    [
        ({"open": 3}, 0),
        ({"all": 1}, 1),  # two of one are open
        ({"open": 4}, 2),  # none of the refused has so many, either
        ({"open": 3, "all": 2}, 1),
        ({"branch": 1}, 1),  # north asks for a home that is owned or free
        ({"branch": 1, "home": 1}, 0),
        ({"branch": 2}, 0),
        ({"branch": 3, "all": 1}, 2),
        ({"debt": 2.0}, 1),  # down only
        ({"debt": 0.5}, 0),
        ({"debt": 1.0}, 0),
        ({"grade": 0}, 1),  # up only
        ({"grade": 2}, 0),
        ({"grade": 0, "debt": 1.5, "branch": 1}, 3),
        ({"branch": 4}, 1),  # no such level
        ({"branch": 0.5}, 1),
        ({"branch": -1}, 1),
        ({"home": torch.nan}, 1),
    ],
)
def test_rules_and_ways_that_are_broken_are_violations(action, broken):
    row = judged(action)
    assert row["violations"] == broken
    assert row["valid"] == (broken == 0)


@pytest.mark.parametrize("action", [{"debt": 0.5}, {"all": 2}, {"member": 1}])
def test_a_rule_that_is_broken_already_need_not_be_mended(action):
    assert judged(action, open=4)["violations"] == 0
    assert judged(action, open=4)["valid"]
    assert judged(action, branch=3)["violations"] == 0


def test_who_is_beyond_the_feasible_range_that_way_cannot_act_on_it():
    lowest = float(PROBLEM.box.lower[PLACE["debt"]])
    row = judged({"debt": lowest - 1.0}, debt=lowest - 0.5)
    assert row["violations"] == 1
    assert not row["valid"]


def test_whoever_was_not_helped_breaks_nothing():
    nothing = Recommendation(
        torch.zeros(1, COUNT, dtype=torch.bool),
        torch.full((1, COUNT), torch.nan),
        torch.tensor([Outcome.NOT_FOUND.code]),
    )
    row = JUDGE(ask(), replace(nothing, outcome=nothing.outcome.to(torch.int8))).iloc[0]
    assert row["violations"] == 0
    assert not row["valid"]
    assert not row["plausible"]
    assert row[["cost", "l2", "inlier_score", "neighbour_distance"]].isna().all()


def test_plausible_is_who_does_not_stand_out_and_nobody_has_a_density():
    request = table_request(PROBLEM, 60, most=5)
    values = request.snap(PROBLEM.training.x[-len(request) :] * 1.5)
    rows = JUDGE(request, Recommendation.do(request.actionable, values))
    after = torch.where(request.actionable, values, request.factual)
    assert rows["inlier_score"].tolist() == PROBLEM.neighbours.score(after).tolist()
    assert rows["neighbour_distance"].tolist() == PROBLEM.neighbours.distance(after).tolist()
    assert rows["plausible"].tolist() == (rows["inlier_score"] >= 0).tolist()
    assert 0 < rows["plausible"].sum() < len(rows)
    assert rows[["logp_factual", "logp_counterfactual"]].isna().all().all()
    assert rows["plausible_scm"].isna().all()


def test_each_neighbourhood_is_looked_at_once_and_another_one_may_say_otherwise():
    asked = []

    class Counted:
        def score(self, x):
            asked.append(len(x))
            return PROBLEM.neighbours.score(x)

        least, distance = PROBLEM.neighbours.least, PROBLEM.neighbours.distance

    class Nobody:
        def score(self, x):
            return x.new_full((len(x),), -1.0)

        least = PROBLEM.neighbours.least

    row = framed(replace(THE_JUDGE, neighbours=Counted(), heldout=Nobody()))(ask(), act(member=1)).iloc[0]
    assert asked == [1]
    assert not row["plausible_heldout"]
    assert row["plausible"] == judged({"member": 1})["plausible"]


def test_without_neighbours_nobody_can_be_plausible_by_them():
    with pytest.raises(ArenaError, match="by neighbours: there are none"):
        replace(THE_JUDGE, neighbours=None)(ask(), act(member=1))


def test_under_a_flow_that_is_not_there_nobody_can_be_plausible():
    with pytest.raises(ArenaError, match="under a causal flow: there is none"):
        THE_JUDGE(replace(ask(), density="flow"), act(member=1))


@given(st.integers(1, 3), st.sampled_from([0.0, 0.25, 1.0]), st.integers(0, 1))
def test_a_change_of_category_is_a_change_of_one(branch, debt, home):
    row = judged({"branch": branch, "debt": debt, "home": home})
    assert row["l2"] == pytest.approx((1 + (1 - debt) ** 2 + (home != 0)) ** 0.5)
    assert row["actions"] == 3
    span = float(PROBLEM.training.x[:, PLACE["debt"]].max() - PROBLEM.training.x[:, PLACE["debt"]].min())
    assert row["cost"] == pytest.approx((1 + (home != 0) + (1 - debt) / span) / COUNT, rel=1e-5)


def test_nothing_follows_from_an_action_but_the_decision():
    counted = Scored(PROBLEM.decisions.worth, PROBLEM.decisions.categorical, PROBLEM.decisions.least)
    request = table_request(PROBLEM, 80, most=6)
    donors = PROBLEM.training.x[PROBLEM.training.y == 1][: len(request)]
    values = request.snap(donors)
    rows = framed(replace(THE_JUDGE, decisions=counted))(request, Recommendation.do(request.actionable, values))
    after = torch.where(request.actionable, values, request.factual)
    expected = counted.accepts(after) & ~FEATURES.broken_rules(request.factual, after).any(1)
    assert rows["valid"].tolist() == expected.tolist()
    assert 0 < rows["valid"].sum() < len(rows)


def test_values_are_recorded_as_codes_of_what_was_acted_on():
    row = judged({"branch": 2, "debt": 0.5})
    assert (row["value_branch"], row["value_debt"]) == (2, 0.5)
    assert [row[f"mask_{name}"] for name in FEATURES.names] == [name in ("branch", "debt") for name in FEATURES.names]
    assert {f.name for f in FEATURES if f.kind is Kind.CATEGORICAL} == {"branch", "home"}
