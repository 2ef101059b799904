"""What a solver is asked."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from applicants import line_problem, three_favourites
from small_tables import table_problem, table_request

from recourse_arena import Actionability, ArenaError, unconstrained
from recourse_arena.people.box import Box
from recourse_arena.problem.profile import PROFILES

INDEX = {
    "slice": lambda n: slice(2, None, 3),
    "indices": lambda n: torch.tensor([4, 0, 4]),
    "bool": lambda n: torch.arange(n) % 2 == 0,
    "nobody": lambda n: torch.zeros(n, dtype=torch.bool),
}


@pytest.fixture(scope="module")
def problem(loan):
    return line_problem(loan)


@pytest.fixture(scope="module")
def asked(problem):
    """Refused people who can act on their three favourites of four features."""
    return three_favourites(problem)


@pytest.fixture
def personal(problem, asked):
    """The same people, who will not move further than a fifth of the global range."""
    reach = 0.2 * (problem.box.upper - problem.box.lower)
    inside = asked.factual.clamp(problem.box.lower, problem.box.upper)
    box = Box(inside - reach, inside + reach)
    return problem.request(asked.factual, asked.actionability, box=box, plausibility=False)


@pytest.mark.parametrize("how", INDEX)
def test_some_of_the_people_ask_as_they_did_among_all(personal, how):
    people = INDEX[how](len(personal))
    some = personal[people]
    assert len(some) == len(personal.factual[people])
    for part in ("factual", "actionable", "weights", "priors", "person"):
        assert torch.equal(getattr(some, part), getattr(personal, part)[people])
    assert torch.equal(some.box.lower, personal.box.lower[people])
    assert torch.equal(some.box.upper, personal.box.upper[people])
    assert (some.profile, some.plausibility, some.unit_cost) == (personal.profile, False, personal.unit_cost)
    wanted = personal.factual[people] + 1
    assert torch.equal(some.cost(wanted), personal.cost(personal.factual + 1)[people])


def test_only_individually_actionable_features_may_be_acted_upon(asked):
    assert torch.equal(asked.actionable, asked.actionability.scores <= 4)
    assert (asked.actionable.sum(1) == 3).all()
    assert not (asked.actionable & ~asked.features.actionable).any()


def test_weights_and_priors_follow_the_scores(asked):
    scores = asked.actionability.scores
    assert torch.equal(asked.weights[asked.actionable], (2 * scores - 1).float()[asked.actionable])
    assert (asked.priors[~asked.actionable] == 0).all()
    assert torch.allclose(asked.priors[asked.actionable], (0.65 - 0.15 * scores)[asked.actionable])


def test_the_cost_is_weighted_and_counts_actionable_features_unless_told_otherwise(asked):
    values = asked.factual + torch.arange(7) + 1
    everything = asked.cost(values)
    by_hand = [
        sum(
            float(asked.weights[i, j])
            * (j + 1) ** 2
            / (4 * float(asked.unit_cost.sd[j] ** 2 * asked.unit_cost.span[j]))
            for j in range(7)
            if asked.actionable[i, j]
        )
        for i in range(len(asked))
    ]
    assert everything.tolist() == pytest.approx(by_hand, rel=1e-4)
    assert (asked.cost(values, torch.zeros_like(asked.actionable)) == 0).all()
    only_income = torch.zeros_like(asked.actionable)
    only_income[:, 5] = True
    income = asked.weights[:, 5] * asked.unit_cost.curvature[5] * 36
    assert torch.allclose(asked.cost(values, only_income), income, rtol=1e-4)


def test_becoming_a_donor_costs_what_taking_over_the_actionable_features_costs(personal, problem):
    donors = problem.training.x[problem.classifier.accepts(problem.training.x)][:40]
    costs = personal.cost_of_becoming(donors)
    assert costs.shape == (len(personal), 40)
    assert costs.isinf().any()
    assert costs.isfinite().any()
    for d, donor in enumerate(donors):
        inside = (personal.box.contains(donor.expand_as(personal.factual)) | ~personal.actionable).all(1)
        assert torch.equal(costs[:, d].isfinite(), inside)
        assert torch.allclose(costs[inside, d], personal.cost(donor.expand_as(personal.factual))[inside], rtol=1e-5)


def test_becoming_a_donor_looks_at_no_feature_that_cannot_be_acted_upon(asked, problem):
    donors = problem.training.x[:20]
    others = torch.where(asked.features.actionable, donors, 1e6)
    assert torch.equal(asked.cost_of_becoming(donors), asked.cost_of_becoming(others))


def test_becoming_oneself_is_free(asked):
    inside = asked.box.contains(asked.factual).all(1)
    assert inside.any()
    assert (asked.cost_of_becoming(asked.factual).diagonal()[inside] == 0).all()


def test_snapping_moves_values_into_everybodys_own_box(personal):
    values = personal.factual + 1000 * torch.tensor([1, -1, 1, -1, 1, -1, 1])
    snapped = personal.snap(values)
    assert personal.box.contains(snapped, tolerance=0)[:, 1:].all()
    assert torch.equal(snapped[:, 1], personal.box.lower[:, 1])
    assert torch.equal(snapped[:, 2], personal.box.upper[:, 2])
    assert set(snapped[:, 0].tolist()) <= {0.0, 1.0}


def test_personal_bounds_narrow_the_global_ones(personal, problem):
    assert (personal.box.lower >= problem.box.lower).all()
    assert (personal.box.upper <= problem.box.upper).all()
    assert (personal.box.upper < problem.box.upper).any()


def test_everybody_must_have_given_scores(problem, asked):
    with pytest.raises(ArenaError, match="3 people ask, but 2 gave actionability scores"):
        problem.request(asked.factual[:3], asked.actionability[:2])


def test_people_are_numbered_from_zero_unless_they_bring_their_numbers(problem, asked):
    assert asked.person.tolist() == list(range(len(asked)))
    known = problem.request(asked.factual[:3], asked.actionability[:3], person=torch.tensor([7, 5, 6]))
    assert known[torch.tensor([2, 0])].person.tolist() == [6, 7]


def test_a_request_takes_the_profile_of_its_problem_unless_given_another(problem, asked):
    answers = Actionability(asked.actionability.scores, 4)
    assert problem.request(asked.factual, answers).profile is problem.profile
    other = problem.request(asked.factual, answers, profile=PROFILES["constant"])
    assert (other.weights == 1).all()
    assert other.plausibility


@pytest.mark.parametrize("preferences", [True, False])
@pytest.mark.parametrize("everything", [True, False])
def test_without_constraints_everybody_can_act_alike_and_no_more_than_preferences_are_kept(everything, preferences):
    problem = table_problem(1)
    asked = replace(table_request(problem, 9), sparsity=1)
    free = unconstrained(asked, within=None if everything else problem.box, preferences=preferences)
    assert (free.actionable == (everything | problem.features.actionable)).all()
    assert free.sparsity is None
    assert bool(free.features.rules) is not everything
    for end in ("lower", "upper"):
        declared = torch.tensor([getattr(feature, end) for feature in problem.features])
        assert torch.equal(
            getattr(free.box, end), (declared if everything else getattr(problem.box, end)).expand(9, -1)
        )
    kept = asked.actionable & free.actionable
    if preferences:
        assert torch.equal(free.actionability.scores[kept], asked.actionability.scores[kept])
        assert (free.actionability.scores[~asked.actionable & free.actionable] == asked.actionability.levels).all()
    else:
        assert (free.actionability.scores[free.actionable] == 1).all()


def test_nobody_is_answered_before_a_search_and_who_can_act_on_nothing_never(asked):
    nobody = replace(asked, actionability=asked.actionability.without((torch.arange(len(asked)) % 2 == 0)[:, None]))
    answer = nobody.unanswered()
    answer.check(tuple(asked.factual.shape))
    assert set(answer.outcomes[::2]) == {"infeasible"}
    assert set(answer.outcomes[1::2]) == {"not_found"}
    answer.values.zero_()
    assert asked.factual.any()
