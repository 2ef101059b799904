"""The judge takes nobody's word."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
import tiny
import torch
from frames import framed

from recourse_arena import Actionability, ArenaError, Feature, FeatureTable, Kind, Outcome, Recommendation, Role
from recourse_arena.judging.advice_table import as_advice, as_recommendation
from recourse_arena.judging.constraints import violated, violations
from recourse_arena.judging.judge import Judge
from recourse_arena.judging.records import COLUMNS, as_records, check_records, column_type
from recourse_arena.people.box import Box
from recourse_arena.problem.cost import RangeCost
from recourse_arena.problem.model_protocols import AsLikely
from recourse_arena.problem.profile import profile
from recourse_arena.problem.request import Request


class Sum:
    """Accepts whose income plus savings exceed 1."""

    def accepts(self, x):
        return x[..., 2] + x[..., 3] > 1


class LowEffort:
    """A density that falls with effort."""

    def log_density(self, x):
        return -x[..., 1]


SCM = tiny.Tiny().scm()
FEATURES = tiny.Tiny.features
THE_JUDGE = Judge(Sum(), SCM, LowEffort(), SCM)
JUDGE = framed(THE_JUDGE)


def ask(factual, scores, *, levels=2, ordered=True, name="linear"):
    factual = torch.tensor(factual)
    box = Box(torch.full_like(factual, -5.0), torch.full_like(factual, 5.0))
    cost = RangeCost(sd=torch.ones(4), span=torch.full((4,), 2.0), count=2)
    return Request(
        FEATURES,
        factual,
        Actionability(torch.tensor(scores), levels, ordered),
        profile(name),
        box,
        cost,
        torch.arange(len(factual)),
    )


PERSON = [0.0, 0.0, 0.0, 0.0]
BOTH = [3, 2, 1, 3]


def act(*pairs, people=1, outcome=None):
    mask, values = torch.zeros(people, 4, dtype=torch.bool), torch.full((people, 4), torch.nan)
    for person, feature, value in pairs:
        mask[person, feature], values[person, feature] = True, value
    answer = Recommendation.do(mask, values)
    return answer if outcome is None else replace(answer, outcome=torch.tensor([outcome.code], dtype=torch.int8))


def test_effects_of_an_action_count_and_are_free():
    row = JUDGE(ask([PERSON], [BOTH]), act((0, 2, 1.0))).iloc[0]
    assert row["valid"]  # income 1, and savings rise by half of it
    assert row["cost"] == pytest.approx(1 / (2 * 2))
    assert row["l2"] == pytest.approx(1.0)
    assert row["actions"] == 1


def test_weighted_cost_follows_the_persons_preferences():
    row = JUDGE(ask([PERSON], [BOTH]), act((0, 1, 2.0), (0, 2, 1.0))).iloc[0]
    assert row["cost"] == pytest.approx((4 + 1) / 4)
    assert row["weighted_cost"] == pytest.approx((7 * 4 + 1) / 4)


def test_plausible_means_at_least_as_likely_as_the_factual():
    request = ask([PERSON] * 3, [BOTH] * 3)
    rows = JUDGE(request, act((0, 1, -0.1), (1, 1, 0.0), (2, 1, 0.1), people=3))
    assert rows["plausible"].tolist() == [True, True, False]
    assert rows["plausible_scm"].tolist() == [False, True, False]


def test_plausible_is_under_the_density_that_the_request_names():
    request = ask([PERSON] * 3, [BOTH] * 3)
    actions = act((0, 1, -0.1), (1, 1, 0.0), (2, 1, 0.1), people=3)
    flow, true = JUDGE(request, actions), JUDGE(replace(request, density="scm"), actions)
    assert true["plausible"].tolist() == true["plausible_scm"].tolist() == flow["plausible_scm"].tolist()
    assert true["plausible"].tolist() != flow["plausible"].tolist()
    factual = SCM.log_density(request.factual)
    assert true["logp_factual"].tolist() == pytest.approx(factual.tolist())
    assert true["logp_counterfactual"].tolist() == pytest.approx((factual - torch.tensor([0.005, 0, 0.005])).tolist())
    assert flow["logp_counterfactual"].tolist() == pytest.approx([0.1, 0.0, -0.1])
    others = [name for name in true if name not in ("plausible", "logp_factual", "logp_counterfactual")]
    pd.testing.assert_frame_equal(true[others], flow[others])


def test_without_a_true_model_nobody_can_be_plausible_under_it():
    request = replace(ask([PERSON], [BOTH]), density="scm")
    with pytest.raises(ArenaError, match="under the true causal model: none is known"):
        replace(THE_JUDGE, scm=None)(request, act((0, 2, 1.0)))


def test_without_a_true_model_its_plausibility_is_unknown():
    rows = framed(replace(THE_JUDGE, scm=None))(ask([PERSON], [BOTH]), act((0, 2, 1.0)))
    assert rows["plausible_scm"].isna().all()


@pytest.mark.parametrize(
    ("action", "scores"),
    [
        ((0, 1, 3.0), [3, 3, 1, 3]),  # forbidden for this person
        ((0, 3, 3.0), BOTH),  # actionable for nobody
        ((0, 0, 1.0), BOTH),  # immutable
        ((0, 2, 5.1), BOTH),  # outside the box
        ((0, 2, torch.nan), BOTH),
        ((0, 2, torch.inf), BOTH),
    ],
)
def test_a_broken_constraint_is_counted_and_never_valid(action, scores):
    row = JUDGE(ask([PERSON], [scores]), act((0, 2, 4.0), action)).iloc[0]
    assert row["violations"] == 1
    assert not row["valid"]
    assert row["outcome"] == "solved"


def test_a_proved_lower_bound_is_recorded_and_nothing_where_a_solver_proves_none():
    answer = act((0, 2, 1.0), (1, 2, 1.0), people=2)
    request = ask([PERSON] * 2, [BOTH] * 2)
    assert "lower_bound" not in JUDGE(request, answer)
    proved = JUDGE(request, replace(answer, lower_bound=torch.tensor([0.25, torch.nan])))
    assert proved["lower_bound"].tolist() == [0.25, pytest.approx(float("nan"), nan_ok=True)]
    pd.testing.assert_frame_equal(proved.drop(columns="lower_bound"), JUDGE(request, answer))


def test_an_action_on_a_whole_feature_must_be_whole():
    features = FeatureTable((Feature("cards", kind=Kind.INTEGER, role=Role.ACTIONABLE),))
    request = Request(
        features,
        torch.zeros(2, 1),
        Actionability(torch.ones(2, 1, dtype=torch.long), 1),
        profile("constant"),
        Box(torch.zeros(2, 1), torch.full((2, 1), 9.0)),
        RangeCost(torch.ones(1), torch.ones(1), 1),
        torch.arange(2),
    )
    acted = torch.ones(2, 1, dtype=torch.bool)
    assert violated(request, acted, torch.tensor([[2.0], [2.5]])).tolist() == [[False], [True]]
    broken = violations(request, acted, torch.tensor([[torch.nan], [9.5]]))
    assert {name: breaks.flatten().tolist() for name, breaks in broken.items() if breaks.any()} == {
        "not finite": [True, False],
        "outside the box": [False, True],
    }


@pytest.mark.parametrize("outcome", [Outcome.INFEASIBLE, Outcome.NOT_FOUND, Outcome.TIMED_OUT])
def test_whoever_has_no_recommendation_is_neither_valid_nor_plausible(outcome):
    row = JUDGE(ask([PERSON], [BOTH]), act((0, 2, 4.0), outcome=outcome)).iloc[0]
    assert row["outcome"] == outcome.value
    assert not row["valid"]
    assert not row["plausible"]
    assert pd.isna(row["cost"])
    assert row["actions"] == 0
    assert not row["mask_income"]


def test_doing_nothing_is_not_valid():
    assert not JUDGE(ask([PERSON], [BOTH]), act()).iloc[0]["valid"]


@pytest.mark.parametrize(
    ("scores", "acted", "hard"),
    [([3, 2, 1, 3], 2, False), ([3, 2, 1, 3], 1, True), ([3, 1, 1, 3], 2, True), ([3, 1, 3, 3], 1, True)],
)
def test_a_hard_action_is_one_on_the_least_preferred_actionable_feature(scores, acted, hard):
    assert JUDGE(ask([PERSON], [scores]), act((0, acted, 2.0))).iloc[0]["hard_action"] == hard


def test_hard_actions_are_undefined_where_answers_carry_no_order():
    rows = JUDGE(ask([PERSON], [[2, 1, 1, 2]], levels=1, ordered=False), act((0, 2, 2.0)))
    assert rows["hard_action"].isna().all()


def test_groups_are_written_as_words():
    rows = JUDGE(ask([PERSON, [1.0, 0.0, 0.0, 0.0]], [BOTH] * 2), act(people=2))
    assert rows["group_sex"].tolist() == ["f", "m"]


def test_groups_that_nobody_sees_are_looked_up_by_the_number_of_the_person():
    judge = framed(replace(THE_JUDGE, groups=pd.DataFrame({"group_town": ["north", "south", "east"]})))
    request = replace(ask([PERSON] * 2, [BOTH] * 2), person=torch.tensor([2, 0]))
    rows = judge(request, act(people=2))
    assert rows["group_town"].tolist() == ["east", "north"]
    assert list(rows.columns[:4]) == ["person", "group_sex", "group_town", "outcome"]
    assert len(judge(request[:0], act(people=0))) == 0
    outsider = judge(replace(request, person=torch.tensor([-1, 1])), act(people=2))
    assert [word if isinstance(word, str) else None for word in outsider["group_town"]] == [None, "south"]


def test_nothing_is_as_likely_as_what_is_impossible():
    class Nowhere:
        def counterfactual(self, x, mask, values):
            return torch.where(mask, values, x)

        def log_density(self, x):
            return torch.full(x.shape[:-1], -torch.inf)

    row = framed(replace(THE_JUDGE, density=Nowhere()))(ask([PERSON], [BOTH]), act((0, 2, 1.0))).iloc[0]
    assert row["valid"]
    assert not row["plausible"]


def test_plausible_by_what_nobody_was_handed_stands_beside_and_is_missing_without():
    request = ask([PERSON] * 3, [BOTH] * 3)
    actions = act((0, 1, -0.1), (1, 1, 0.0), (2, 1, 0.1), people=3)
    rows = framed(replace(THE_JUDGE, heldout=AsLikely(SCM)))(request, actions)
    assert rows["plausible_heldout"].tolist() == rows["plausible_scm"].tolist() == [False, True, False]
    without = JUDGE(request, actions)
    assert without["plausible_heldout"].isna().all()
    others = [name for name in rows if name != "plausible_heldout"]
    pd.testing.assert_frame_equal(rows[others], without[others])


@pytest.mark.parametrize("value", [-torch.inf, torch.nan])
def test_what_is_impossible_is_plausible_by_no_ruler(value):
    class Nowhere:
        def counterfactual(self, x, mask, values):
            return torch.where(mask, values, x)

        def log_density(self, x):
            return torch.full(x.shape[:-1], value)

    judge = framed(replace(THE_JUDGE, density=Nowhere(), scm=Nowhere(), heldout=AsLikely(Nowhere())))
    for density in ("flow", "scm"):
        row = judge(replace(ask([PERSON], [BOTH]), density=density), act((0, 2, 1.0))).iloc[0]
        assert row[["valid", "plausible", "plausible_scm", "plausible_heldout"]].tolist() == [True, False, False, False]


def test_what_it_writes_has_the_columns_and_types_that_are_declared():
    for people in (0, 2):
        table = THE_JUDGE(ask([PERSON] * 2, [BOTH] * 2)[:people], act(people=people))
        check_records(table.schema)
        assert {field.name: field.type for field in table.schema} == {
            name: column_type(name) for name in table.column_names
        }
    assert set(COLUMNS) <= set(table.column_names)
    with pytest.raises(ArenaError, match="no column 'mood'"):
        as_records({"mood": [1]})
    with pytest.raises(ArenaError, match="column 'cost': expected float"):
        as_records({"cost": ["much"]})


def test_advice_that_is_kept_is_judged_as_it_was_given():
    request = ask([PERSON] * 3, [BOTH] * 3)
    given = act((0, 1, 2.0), (2, 2, 1.0), people=3)
    bound = torch.tensor([0.1, torch.nan, 0.2], dtype=torch.float64)
    given = replace(given, lower_bound=bound, values=given.values.double())
    kept = as_recommendation(as_advice(request, given), request.features.names)
    assert THE_JUDGE(request, kept).equals(THE_JUDGE(request, given))
    assert kept.values.dtype is torch.float64
    assert torch.equal(kept.outcome, given.outcome)
    with pytest.raises(ArenaError, match="no column mask_mood"):
        as_recommendation(as_advice(request, given), ("mood",))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"mask": torch.zeros(2, 4, dtype=torch.bool)}, r"mask: expected shape \(1, 4\), got \(2, 4\)"),
        ({"mask": torch.zeros(1, 4)}, "mask: expected dtype torch.bool"),
        ({"values": torch.zeros(1, 4, dtype=torch.long)}, "values: expected dtype float32 or float64"),
        ({"outcome": torch.tensor([9], dtype=torch.int8)}, "outcome: expected codes"),
        ({"values": None}, "values: expected a tensor, got NoneType"),
    ],
)
def test_a_recommendation_of_wrong_shape_or_type_is_refused(wrong, message):
    with pytest.raises(ArenaError, match=message):
        JUDGE(ask([PERSON], [BOTH]), replace(act((0, 2, 1.0)), **wrong))


def test_an_empty_batch_makes_no_records():
    assert len(JUDGE(ask([PERSON], [BOTH])[:0], act(people=0))) == 0
