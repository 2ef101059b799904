"""Advice holds what it says: every way judged by a second formulation, no way dominated, ends of ranges tried."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from recourse_arena.advice.content.order import Question
from recourse_arena.advice.content.told import Status
from recourse_arena.elicitation.interviews.wishes import Wish, Wishes, everything_possible
from recourse_arena.people.features import Role
from recourse_arena.problem.recommendation import Recommendation

LOAN = Wishes(
    "likert", 4, True, {"loan_amount": Wish(2), "duration": Wish(5), "income": Wish(1, at_most=4), "savings": Wish(3)}
)


def likert(adviser, **levels):
    """Return wishes of level 2 for everything, but for what is said otherwise."""
    names = [one.name for one in adviser.problem.features if one.role is Role.ACTIONABLE]
    return Wishes("likert", 4, True, {name: Wish(levels.get(name, 2)) for name in names})


def only(adviser, *names):
    """Return wishes of somebody who can do nothing else."""
    closed = {one: 5 for one in likert(adviser).said if one not in names}
    return likert(adviser, **closed)


def judged(adviser, question, moves, **changed):
    """Return the judge's record of somebody who does what is told, perhaps with another value of a feature."""
    features, case = adviser.problem.features, adviser.case(question)
    mask, values = torch.zeros(1, len(features), dtype=torch.bool), case.factual[None].clone()
    for move in moves:
        j = features.index(move.feature)
        then = changed.get(move.feature, move.then)
        mask[0, j] = True
        values[0, j] = features.features[j].levels.index(then) if isinstance(then, str) else then
    return adviser.judge(case.request, Recommendation.do(mask, values)).to_pylist()[0]


def hardest(wishes, way):
    return max(wishes.said[name].level for name in way.features)


def questions(adviser, people, wishes):
    return [Question(person, wishes) for person in people]


@pytest.mark.parametrize("which", ["loan", "german"])
def test_every_way_is_valid_and_what_is_said_of_it_is_what_the_judge_says(which, request, refused_people):
    adviser = request.getfixturevalue(f"{which}_adviser")
    wishes = likert(adviser) if which == "german" else LOAN
    shown = 0
    for question in questions(adviser, refused_people(adviser, 3), wishes):
        told = adviser.advise(question)
        assert told.status in (Status.ADVICE, Status.UNLIKELY)
        for way in told.alternatives:
            shown += 1
            record = judged(adviser, question, way.moves)
            assert record["valid"]
            assert record["plausible"] == way.plausible
            assert record["weighted_cost"] == pytest.approx(way.effort)
            assert sum(move.effort for move in way.moves) == pytest.approx(1, abs=1e-3)
            assert all(move.now != move.then for move in way.moves)
            assert all(question.wishes.possible(move.feature) for move in way.moves)
    assert shown >= 5


@pytest.mark.parametrize("which", ["loan", "german"])
def test_no_way_is_dominated_and_all_act_on_different_features(which, request, refused_people):
    adviser = request.getfixturevalue(f"{which}_adviser")
    wishes = likert(adviser, duration=4, amount=1) if which == "german" else LOAN
    for question in questions(adviser, refused_people(adviser, 3), wishes):
        ways = adviser.advise(question).alternatives
        assert len({way.features for way in ways}) == len(ways)
        marks = [
            (
                w.effort,
                len(w.moves),
                -(w.likeliness or 0),
                -(w.holds or 0),
                max(wishes.said[f].level for f in w.features),
            )
            for w in ways
        ]
        for one in marks:
            assert not any(other != one and all(a <= b for a, b in zip(other, one, strict=True)) for other in marks)
        assert list(marks) == sorted(marks, key=lambda mark: mark[0])


def test_a_range_works_at_its_ends_and_not_a_step_beyond(loan_adviser, refused_people):
    tried = 0
    for question in questions(loan_adviser, refused_people(loan_adviser, 3), LOAN):
        told = loan_adviser.advise(question)
        for way in told.alternatives:
            for works in way.works:
                for end, limit, side in ((works.low, works.low_is_limit, -1), (works.high, works.high_is_limit, 1)):
                    assert judged(loan_adviser, question, way.moves, **{works.feature: end})["valid"]
                    beyond = end + side * told.step(works.feature)
                    assert not judged(loan_adviser, question, way.moves, **{works.feature: beyond})["valid"]
                    tried += not limit
    assert tried >= 4


def test_who_is_accepted_has_nothing_to_do(german_adviser):
    problem = german_adviser.problem
    people = problem.validation.x
    accepted = people[problem.decisions.accepts(people)][0]
    person = dict(zip(problem.features.names, accepted.tolist(), strict=True))
    told = german_adviser.advise(Question(person, likert(german_adviser)))
    assert told.status is Status.ACCEPTED
    assert not told.alternatives
    assert not told.reasons


def test_what_is_impossible_is_proved_and_the_smallest_ways_out_are_ways(german_adviser, refused_people):
    for question in questions(german_adviser, refused_people(german_adviser, 6), only(german_adviser, "telephone")):
        told = german_adviser.advise(question)
        if told.status is Status.IMPOSSIBLE:
            break
    assert told.certificate.proof == "every action tried"
    assert told.openings
    assert {len(one.given_up) for one in told.openings} == {1}
    for opening in told.openings:
        name = opening.given_up[0].feature
        wider = replace(question, wishes=question.wishes.changed(name, level=4))
        assert name in opening.way.features
        assert judged(german_adviser, wider, opening.way.moves)["valid"]
        assert not judged(german_adviser, question, opening.way.moves)["valid"]


def test_a_limit_that_is_in_the_way_is_named(loan_adviser, refused_people):
    question = questions(loan_adviser, refused_people(loan_adviser, 1), LOAN)[0]
    far = (
        loan_adviser.advise(replace(question, wishes=only_savings(question), plausibility=False))
        .alternatives[0]
        .moves[0]
        .then
    )
    near = question.person["savings"] + 0.1 * (far - question.person["savings"])
    limited = replace(question, wishes=only_savings(question, at_most=near), plausibility=False)
    told = loan_adviser.advise(limited)
    assert told.status is Status.IMPOSSIBLE
    assert told.certificate.proof.startswith("solver certified")
    assert [(one.feature, one.what) for one in told.openings[0].given_up] == [("savings", "at_most")]


def only_savings(question, **bounds):
    closed = {name: Wish(5) for name in question.wishes.said}
    return replace(question.wishes, said=closed | {"savings": Wish(1, **bounds)})


def test_who_can_do_nothing_is_told_what_would_open_a_way(german_adviser, refused_people):
    told = german_adviser.advise(Question(refused_people(german_adviser, 1)[0], only(german_adviser)))
    assert told.status is Status.IMPOSSIBLE
    assert told.certificate.proof == "nothing can be acted on"
    assert set(told.closed.values()) == {"said"}


def test_before_they_are_asked_people_hear_their_limits(german_adviser, refused_people):
    about = german_adviser.about(refused_people(german_adviser, 1)[0])
    assert about.status is Status.NOT_FOUND
    box, j = german_adviser.problem.box, german_adviser.problem.features.index("duration")
    assert about.limits["duration"] == (box.lower[j], box.upper[j])
    assert about.limits["housing"] is None
    assert about.score < about.needed


def test_reasons_are_shares_of_feasible_values(german_adviser, refused_people):
    question = Question(refused_people(german_adviser, 1)[0], everything_possible(german_adviser.problem.features))
    told = german_adviser.advise(question)
    case = german_adviser.case(question)
    j = german_adviser.problem.features.index("savings")
    mask = torch.zeros(len(german_adviser.problem.features), dtype=torch.bool)
    mask[j] = True
    levels = [level for level in range(5) if level != int(case.factual[j])]
    good = [judged_alone(german_adviser, case, mask, j, level) for level in levels]
    reason = next(one for one in told.reasons if one.feature == "savings")
    assert reason.share == pytest.approx(sum(good) / len(levels), abs=1e-4)
    assert (reason.how, reason.checked) == ("all values", 4)


def judged_alone(adviser, case, mask, j, level):
    values = case.factual.clone()
    values[j] = level
    return adviser.judge(case.request, Recommendation.do(mask[None], values[None])).to_pylist()[0]["valid"]


def test_advice_does_not_depend_on_who_asked_before(german_adviser, refused_people):
    first, second = refused_people(german_adviser, 2)
    once = german_adviser.advise(Question(first, likert(german_adviser)))
    german_adviser.advise(Question(second, likert(german_adviser, duration=5)))
    assert german_adviser.advise(Question(first, likert(german_adviser))) == once
