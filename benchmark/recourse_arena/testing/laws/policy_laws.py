"""What every elicitation policy keeps."""

from __future__ import annotations

__all__ = ["POLICY_LAWS"]

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import torch
from torch import Tensor

from recourse_arena.elicitation.conversation import believed
from recourse_arena.elicitation.hidden_people import HiddenPeople, with_hidden_limits
from recourse_arena.execution.guard.process_state import ProcessState
from recourse_arena.interfaces.policy import Belief, Policy, Respondents
from recourse_arena.people.box import Box
from recourse_arena.problem.recommendation import Recommendation
from recourse_arena.problem.request import Request
from recourse_arena.testing.laws.law import Law, expect, expect_untouched
from recourse_arena.testing.problems.worlds import worlds

_PEOPLE = 12
_QUESTIONS = ("can_act", "hardness", "ranking", "limits", "choice")


@dataclass(frozen=True)
class _Round:
    """What came of one round: what was believed before and after advice, and what was asked on the way.

    Arguments:
        before: The belief before any advice.
        after: That of those who refused it.
        refused: Who they are.
        heard: Every question with its answer.
    """

    before: Belief
    after: Belief
    refused: Tensor
    heard: list[tuple[str, tuple[Any, ...], Any]]


class _Recorded(HiddenPeople):
    """Hidden people of whom every question is written down."""

    heard: list[tuple[str, tuple[Any, ...], Any]]

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name not in _QUESTIONS:
            return found

        def asked(*arguments: Any) -> Any:
            answer = found(*arguments)
            self.heard.append((name, _copies(arguments), _copies(answer)))
            return answer

        return asked


class _Replayed(Respondents):
    """People who hold nothing but the answers that were given before."""

    def __init__(self, people: HiddenPeople, heard: list[tuple[str, tuple[Any, ...], Any]]) -> None:
        self.features, self.factual, self.box = people.features, people.factual, people.box
        self.unit_cost, self.profile = people.unit_cost, people.profile
        self._heard = iter(heard)

    @property
    def questions(self) -> Tensor:
        return torch.zeros(len(self), dtype=torch.long)

    def _again(self, name: str, *arguments: Any) -> Any:
        before, said, answer = next(self._heard, ("nothing", (), None))
        same = before == name and all(_same(a, b) for a, b in zip(said, arguments, strict=True))
        expect(same, f"asks otherwise of people who answer the same: {name}, where it asked {before} before")
        return _copies(answer)

    def can_act(self, asked: Tensor) -> Tensor:
        return self._again("can_act", asked)

    def hardness(self, asked: Tensor, levels: int) -> Tensor:
        return self._again("hardness", asked, levels)

    def ranking(self) -> Tensor:
        return self._again("ranking")

    def limits(self, asked: Tensor) -> Box:
        return self._again("limits", asked)

    def choice(self, mask: Tensor, values: Tensor) -> Tensor:
        return self._again("choice", mask, values)


def it_says_what_it_is(policy: Policy) -> None:
    """Name, version and summary are declared."""
    expect(isinstance(policy, Policy), f"expected a Policy, got {type(policy).__name__}")
    name = getattr(policy, "name", "")
    expect(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name), f"name: expected lower-case words, got {name!r}")
    expect(policy.version, "version: expected one, got none")
    expect(policy.summary, "summary: expected one line for people, got none")


def it_holds_a_belief_about_everybody(policy: Policy) -> None:
    """What it returns is a belief about the people it was handed, before advice and after a refusal."""
    truth, box = _people()
    found = _talked(policy, truth, box)
    for belief, people, when in (
        (found.before, len(truth), "before advice"),
        (found.after, len(found.refused), "after a refusal"),
    ):
        expect(isinstance(belief, Belief), f"{when}: expected a Belief, got {type(belief).__name__}")
        belief.check(people, truth.features)
    levels = found.before.actionability.levels, found.after.actionability.levels
    expect(levels[0] == levels[1], f"expected {levels[0]} levels after a refusal as before advice, got {levels[1]}")


def it_learns_what_it_was_answered_and_nothing_else(policy: Policy) -> None:
    """People who give the same answers are believed the same of, whatever else they want."""
    truth, box = _people()
    found = _talked(policy, truth, box)
    again = policy.begin(_Replayed(HiddenPeople(truth, box), found.heard))
    _expect_same(found.before, again, "of people who give the same answers and hold nothing else")


def its_questions_are_counted(policy: Policy) -> None:
    """People were asked as many questions as they count."""
    truth, box = _people()
    people = _recorded(truth, box)
    policy.begin(people)
    heard = torch.zeros(len(truth), dtype=torch.long)
    for name, arguments, _ in people.heard:
        heard += arguments[0].sum(1) if name in ("can_act", "hardness", "limits") else 1
    counted = people.questions
    expect(torch.equal(heard, counted), f"asked {heard.tolist()} questions, but people count {counted.tolist()}")


def it_does_not_depend_on_who_else_is_asked(policy: Policy) -> None:
    """What it believes of a person is the same alone and among others, before advice and after a refusal."""
    truth, box = _people()
    found = _talked(policy, truth, box)
    place = {int(person): i for i, person in enumerate(found.refused)}
    for i in range(3):
        one = torch.tensor([i])
        alone = _talked(policy, truth[one], Box(box.lower[one], box.upper[one]))
        _expect_same(found.before[one], alone.before, f"of person {i} alone")
        if i in place and len(alone.refused):
            _expect_same(found.after[torch.tensor([place[i]])], alone.after, f"of person {i} alone, after a refusal")


def the_same_people_are_believed_the_same_of(policy: Policy) -> None:
    """Asked again it asks and believes the same, and global random state is left alone."""
    truth, box = _people()
    found = _talked(policy, truth, box)
    with ProcessState(20_000) as around:
        again = _talked(policy, truth, box)
    expect_untouched(around, "asking")
    _expect_same(found.before, again.before, "when it is asked again")
    _expect_same(found.after, again.after, "when it is asked again after a refusal")
    expect([name for name, *_ in found.heard] == [name for name, *_ in again.heard], "asks otherwise the second time")


POLICY_LAWS: tuple[Law, ...] = (
    it_says_what_it_is,
    it_holds_a_belief_about_everybody,
    it_learns_what_it_was_answered_and_nothing_else,
    its_questions_are_counted,
    it_does_not_depend_on_who_else_is_asked,
    the_same_people_are_believed_the_same_of,
)


@cache
def _people() -> tuple[Request, Box]:
    """Return what a few people want in truth, and what everybody knows of how far they could go."""
    asked = [request for world in worlds() for request in world.requests.values()]
    request = max(asked, key=lambda one: (len(one) >= _PEOPLE, len(one.features)))[:_PEOPLE]
    draws = torch.Generator().manual_seed(0)
    scores = torch.randint(1, 6, request.factual.shape, generator=draws)
    answers = replace(request.actionability, scores=torch.where(request.features.actionable, scores, 5), levels=4)
    return with_hidden_limits(replace(request, actionability=answers), draws), request.box


def _recorded(truth: Request, box: Box) -> _Recorded:
    people = _Recorded(truth, box)
    people.heard = []
    return people


def _talked(policy: Policy, truth: Request, box: Box) -> _Round:
    """Return what comes of one round, in which people are advised to go as far as a policy believes they can."""
    people = _recorded(truth, box)
    before = policy.begin(people)
    before.check(len(truth), truth.features)
    asked = believed(replace(truth, box=box), before)
    up = asked.box.upper - truth.factual >= truth.factual - asked.box.lower
    advice = Recommendation.do(asked.actionable, asked.snap(torch.where(up, asked.box.upper, asked.box.lower)))
    reactions = people.reactions(asked, advice)
    refused = reactions.refused.nonzero()[:, 0]
    given = advice[refused]
    after = policy.after(before[refused], people.among(refused), given, reactions[refused])
    return _Round(before, after, refused, people.heard)


def _expect_same(one: Belief, other: Belief, when: str) -> None:
    expect(len(one) == len(other), f"believes something of {len(other)} people {when}, expected {len(one)}")
    differs = one.differs(other)
    expect(not differs.any(), f"believes otherwise {when}")


def _same(one: Any, other: Any) -> bool:
    return torch.equal(one, other) if isinstance(one, Tensor) else bool(one == other)


def _copies(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.clone()
    if isinstance(value, Box):
        return Box(value.lower.clone(), value.upper.clone())
    return tuple(map(_copies, value)) if isinstance(value, tuple) else value
