"""Conversations with people who hide what they want, against a plain loop over people."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from recourse_arena import (
    Actionability,
    ArenaError,
    Belief,
    Box,
    Feature,
    FeatureTable,
    Policy,
    Reaction,
    Recommendation,
    Request,
    Role,
)
from recourse_arena.elicitation.conversation import PolicyFault, converse
from recourse_arena.elicitation.hidden_people import PATIENCE, HiddenPeople, with_hidden_limits
from recourse_arena.elicitation.policies import Likert, LikertAndPostHoc, NoQuestions, PostHoc, Ranking
from recourse_arena.problem.cost import RangeCost
from recourse_arena.problem.profile import PROFILES

NAMES = "abc"
FEATURES = FeatureTable(tuple(Feature(name, role=Role.ACTIONABLE) for name in NAMES))
PEOPLE = 60
FAR = 6.0


def asked(people=PEOPLE, seed=0):
    """Return what some people want but for limits: some things are possible, some harder than others."""
    draws = torch.Generator().manual_seed(seed)
    return Request(
        features=FEATURES,
        factual=torch.rand(people, 3, generator=draws),
        actionability=Actionability(torch.randint(1, 6, (people, 3), generator=draws), levels=4),
        profile=PROFILES["linear"],
        box=Box(torch.full((people, 3), -10.0), torch.full((people, 3), 10.0)),
        unit_cost=RangeCost(sd=torch.ones(3), span=torch.tensor([1.0, 2.0, 3.0]), count=3),
        person=torch.arange(people),
        plausibility=False,
    )


PUBLIC = asked()
TRUTH = with_hidden_limits(PUBLIC, torch.Generator().manual_seed(1))


def everything(request):
    """Move everything that is possible up by `FAR`, or as far as bounds let one go."""
    return Recommendation.do(request.actionable, request.snap(request.factual + FAR), found=request.actionable.any(1))


def complaints(i, acts, thought):
    """Return what one person minds of some actions, each with how much it hurts, worked out with plain numbers."""
    for j, (value, weight) in {j: (value, thought[j]) for j, value in acts.items()}.items():
        score, hard = int(TRUTH.actionability.scores[i, j]), 2 * int(TRUTH.actionability.scores[i, j]) - 1
        pain = hard * (value - float(PUBLIC.factual[i, j])) ** 2 / (3 * (j + 1))
        if score > 4:
            yield math.inf, -j, "never"
        elif value > float(TRUTH.box.upper[i, j]) + 1e-5:
            yield pain, -j, "far"
        elif hard > PATIENCE * weight:
            yield pain, -j, "hard"


def by_hand(i, post_hoc, asks):
    """Return acceptance, rounds and the last actions of one person, in a loop of its own."""
    x, most = PUBLIC.factual[i].tolist(), [10.0] * 3
    wish = [int(score) for score in TRUTH.actionability.scores[i]]
    thought = dict(enumerate(4 if not asks else 2 * score - 1 for score in wish))  # weights, by feature
    if asks:
        thought = {j: weight for j, weight in thought.items() if wish[j] <= 4}
    for rounds in range(1, 9):
        acts = {j: min(x[j] + FAR, most[j]) for j in thought}
        _, j, what = max(complaints(i, acts, thought), default=(0, 0, ""))
        if not what or not acts or not post_hoc:
            return bool(acts) and not what, rounds, acts
        if what == "never":
            del thought[-j]
        elif what == "far":
            most[-j] = float(TRUTH.box.upper[i, -j])
        else:
            thought[-j] = 2 * wish[-j] - 1
    return False, 8, acts


@pytest.mark.parametrize(
    ("policy", "post_hoc", "asks"),
    [
        (NoQuestions(), False, False),
        (PostHoc(), True, False),
        (Likert(), False, True),
        (LikertAndPostHoc(), True, True),
    ],
    ids=lambda each: getattr(each, "name", None),
)
def test_a_conversation_goes_as_a_plain_loop_over_people_says(policy, post_hoc, asks):
    ended = converse(TRUTH, PUBLIC.box, policy, everything)
    for i in range(PEOPLE):
        accepted, rounds, acts = by_hand(i, post_hoc, asks)
        assert (bool(ended.accepted[i]), int(ended.rounds[i])) == (accepted, rounds), i
        mask, values = ended.advice.mask[i], ended.advice.values[i]
        assert mask.nonzero()[:, 0].tolist() == list(acts)
        assert values[mask].tolist() == pytest.approx([*acts.values()])
    assert ended.questions.tolist() == [3 if asks else 0] * PEOPLE


def test_those_who_hide_nothing_new_are_not_advised_again():
    ended = converse(TRUTH, PUBLIC.box, Ranking(), everything)
    assert set(ended.rounds.tolist()) == {1}
    assert set(ended.questions.tolist()) == {1}
    assert 0 < int(ended.accepted.sum()) < PEOPLE


def test_a_solver_that_ignores_constraints_is_never_accepted_by_those_whose_constraints_it_breaks():
    def stubborn(request):
        mask = torch.ones_like(request.actionable)
        return Recommendation.do(mask, request.factual + FAR)

    ended = converse(TRUTH, PUBLIC.box, PostHoc(), stubborn)
    broken = (~TRUTH.actionable | ~TRUTH.box.contains(TRUTH.factual + FAR)).any(1)
    assert broken.any()
    assert not ended.accepted[broken].any()
    assert (ended.rounds[broken] > 1).all()
    assert (ended.rounds <= 8).all()


def test_solver_and_policy_are_handed_no_more_than_the_belief():
    seen = []

    def watching(request):
        seen.append(request)
        return everything(request)

    converse(TRUTH, PUBLIC.box, NoQuestions(), watching)
    (request,) = seen
    assert request.actionable.all()
    assert (request.actionability.scores == 4).all()
    assert torch.equal(request.box.upper, PUBLIC.box.upper)


def test_what_is_proved_of_a_belief_is_proved_of_nobody():
    def proving(request):
        nobody = torch.zeros(len(request), dtype=torch.bool)
        return replace(
            Recommendation.do(request.actionable, request.factual, found=nobody),
            outcome=torch.ones(len(request), dtype=torch.int8),
            lower_bound=torch.ones(len(request)),
        )

    ended = converse(TRUTH, PUBLIC.box, NoQuestions(), proving)
    assert set(ended.advice.outcomes) == {"not_found"}
    assert ended.advice.lower_bound is None
    assert not ended.accepted.any()


class Raises(NoQuestions):
    def begin(self, people):
        raise KeyError("lost")


class Shapeless(NoQuestions):
    def begin(self, people):
        return Belief.of(torch.ones(2, 2, dtype=torch.long), 4)


class Wordless(NoQuestions):
    def begin(self, people):
        return None


class OtherLevels(PostHoc):
    def after(self, belief, people, advice, reactions):
        return Belief.of(torch.ones_like(belief.actionability.scores), 3)


class Unbound(NoQuestions):
    def begin(self, people):
        belief = super().begin(people)
        return replace(belief, box=Box(belief.box.lower * torch.nan, belief.box.upper))


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (Raises, "lost"),
        (Shapeless, r"actionability scores: expected a tensor of shape \(60, 3\), got \(2, 2\)"),
        (Wordless, "expected a Belief, got NoneType"),
        (OtherLevels, "expected 7 levels as before, got 3"),
        (Unbound, "a bound is not a number"),
    ],
)
def test_what_a_policy_does_wrong_is_said_of_the_policy(policy, message):
    with pytest.raises(PolicyFault, match=message):
        converse(TRUTH, PUBLIC.box, policy(), everything)


def test_a_policy_cannot_write_on_what_people_want():
    class Scribbles(PostHoc):
        def begin(self, people):
            people.factual.zero_()
            people.box.upper.zero_()
            people.questions.add_(5)
            return super().begin(people)

        def after(self, belief, people, advice, reactions):
            belief.actionability.scores.fill_(1)
            advice.values.zero_()
            return belief

    wants, x = TRUTH.actionability.scores.clone(), TRUTH.factual.clone()
    ended = converse(TRUTH, PUBLIC.box, Scribbles(), everything)
    assert torch.equal(TRUTH.factual, x)
    assert torch.equal(TRUTH.actionability.scores, wants)
    assert (PUBLIC.box.upper == 10).all()
    assert not ended.questions.any()
    acted = ended.advice.mask
    assert torch.allclose(ended.advice.values[acted], (x + FAR)[acted])


def test_people_answer_truly_and_count():
    people = HiddenPeople(TRUTH, PUBLIC.box)
    some = torch.zeros(PEOPLE, 3, dtype=torch.bool)
    some[:, 0] = True
    assert torch.equal(people.can_act(some), TRUTH.actionable & some)
    assert torch.equal(people.hardness(some, 4)[:, 0], TRUTH.actionability.scores[:, 0])
    own = people.limits(some)
    assert own.upper[:, 1:].isinf().all()
    assert torch.equal(own.upper[:, 0].isfinite(), TRUTH.box.upper[:, 0] < 10)
    assert set(people.questions.tolist()) == {3}


def test_people_pick_the_nearest_of_what_they_can_do():
    mask = torch.eye(3, dtype=torch.bool).expand(PEOPLE, 3, 3)
    values = (PUBLIC.factual + 0.5)[:, None].expand(PEOPLE, 3, 3)
    picked = HiddenPeople(TRUTH, PUBLIC.box).choice(mask, values)
    for i in range(PEOPLE):
        costs = {j: float(TRUTH.weights[i, j]) / (j + 1) for j in range(3) if TRUTH.actionable[i, j]}
        place = int(picked[i])
        assert costs[place] == pytest.approx(min(costs.values())) if costs else place == 3


def test_hidden_limits_hold_where_a_person_stands_and_for_about_half_of_the_numbers():
    many = asked(2000)
    many = replace(many, box=Box(torch.zeros(2000, 3), torch.full((2000, 3), 20.0)))
    hidden = with_hidden_limits(many, torch.Generator().manual_seed(0))
    assert hidden.box.contains(many.factual).all()
    limited = hidden.box.upper < many.box.upper
    assert float(limited.double().mean()) == pytest.approx(0.5, abs=0.03)
    far = (hidden.box.upper - many.factual)[limited]
    assert float(far.min()) >= 0.1 * 20 - 1e-4
    assert float(far.max()) <= 0.6 * 20 + 1e-4


def test_one_thing_is_said_and_the_worst_first():
    truth = replace(TRUTH[:1], actionability=Actionability(torch.tensor([[5, 4, 1]]), 4))
    advice = Recommendation.do(torch.ones(1, 3, dtype=torch.bool), truth.factual + 0.1)
    reactions = HiddenPeople(truth, PUBLIC.box).reactions(
        replace(truth, actionability=Actionability(torch.ones(1, 3, dtype=torch.long), 4)), advice
    )
    assert (int(reactions.said[0]), int(reactions.feature[0])) == (Reaction.NOT_POSSIBLE, 0)


def test_options_of_policies_are_checked():
    with pytest.raises(ArenaError, match="likert-and-post-hoc: levels must be a whole number from 2 to 100, got 1"):
        LikertAndPostHoc(levels=1)
    assert issubclass(Likert, Policy)
