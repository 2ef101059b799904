"""A conversation: a policy asks, a solver advises, people say what they would not do, and so on."""

from __future__ import annotations

__all__ = ["ROUNDS", "Conversation", "PolicyFault", "believed", "converse"]

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from recourse_arena.base.errors import ArenaError
from recourse_arena.elicitation.hidden_people import HiddenPeople
from recourse_arena.interfaces.policy import Belief, Policy, Reaction, Reactions
from recourse_arena.people.box import Box
from recourse_arena.problem.outcome import Outcome
from recourse_arena.problem.recommendation import Recommendation
from recourse_arena.problem.request import Request

ROUNDS = 8
"""How often a person is advised at most."""


class PolicyFault(Exception):
    """A policy raised, or returned no belief about the people it was asked about.

    Arguments:
        error: What it raised, or what is wrong with its belief.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass(frozen=True)
class Conversation:
    """How it ended for each person.

    Arguments:
        advice: The last advice of each. It proves nothing: no solver knew what was asked for in truth.
        accepted: Who would do it, bool `(people,)`.
        rounds: How often each was advised, int64 `(people,)`.
        questions: How many questions each was asked, int64 `(people,)`.
    """

    advice: Recommendation
    accepted: Tensor
    rounds: Tensor
    questions: Tensor


def converse(
    truth: Request,
    box: Box,
    policy: Policy,
    recommend: Callable[[Request], Recommendation],
    *,
    rounds: int = ROUNDS,
) -> Conversation:
    """Let a policy find out what people want while a solver advises them.

    In each round those who are not satisfied yet are advised by what the policy believes. Who refuses says one thing;
    who is advised the best of what is believed and says nothing new is not asked again.

    Arguments:
        truth: What they want, which neither the policy nor the solver is handed.
        box: Feasible values as everybody knows them, without their own limits, `(people, features)` each.
        policy: The policy.
        recommend: Asks the solver.
        rounds: How often a person is advised at most.

    Raises:
        PolicyFault: If the policy raises, or returns no belief about these people.
    """
    people, waiting = HiddenPeople(truth, box), torch.arange(len(truth))
    belief = _held(lambda: policy.begin(people), truth)
    advice: Recommendation | None = None
    advised, accepted = torch.zeros(len(truth), dtype=torch.long), torch.zeros(len(truth), dtype=torch.bool)
    for number in range(1, rounds + 1):
        asked = believed(replace(truth, box=box)[waiting], belief[waiting])
        answer = recommend(asked)
        advice = _with(advice, waiting, answer)
        advised[waiting] = number
        reactions = people.among(waiting).reactions(asked, answer)
        accepted[waiting] = reactions.said == Reaction.FINE
        refused = reactions.refused.nonzero()[:, 0]
        if number == rounds or not len(refused):
            break
        waiting = waiting[refused]
        group, before = people.among(waiting), belief[waiting]
        after = _learnt(policy, before, group, answer[refused], reactions[refused])
        people.count(waiting, group)
        belief, changed = _having(belief, waiting, after), after.differs(before)
        waiting = waiting[changed]
        if not len(waiting):
            break
    assert advice is not None
    return Conversation(_proving_nothing(advice), accepted, advised, people.questions)


def believed(public: Request, belief: Belief) -> Request:
    """Return the request that a belief leads to.

    Arguments:
        public: The same people with what everybody knows of them; what they can act on is not read.
        belief: What is believed. Where its bounds leave nothing of the feasible range, nobody acts.
    """
    box = Box(
        torch.maximum(public.box.lower, belief.box.lower.to(public.factual.dtype)),
        torch.minimum(public.box.upper, belief.box.upper.to(public.factual.dtype)),
    )
    stuck = box.empty(public.features.whole)
    factual = public.factual
    return replace(
        public,
        actionability=belief.actionability.without(stuck),
        box=Box(torch.where(stuck, factual, box.lower), torch.where(stuck, factual, box.upper)),
    )


def _learnt(
    policy: Policy, before: Belief, people: HiddenPeople, advice: Recommendation, reactions: Reactions
) -> Belief:
    """Return what a policy believes after refusals, in as many levels as before."""
    everybody = torch.arange(len(before))  # it is handed copies
    return _held(
        lambda: policy.after(before[everybody], people, advice, reactions), people, before.actionability.levels
    )


def _held(believe: Callable[[], object], people: Request | HiddenPeople, levels: int | None = None) -> Belief:
    """Return a policy's belief about some people.

    Raises:
        PolicyFault: If it raises, or returns something else.
    """
    try:
        belief = believe()
        if not isinstance(belief, Belief):
            raise ArenaError(f"expected a Belief, got {type(belief).__name__}")
        belief.check(len(people), people.features)
        if levels is not None and belief.actionability.levels != levels:
            raise ArenaError(f"belief: expected {levels} levels as before, got {belief.actionability.levels}")
    except Exception as error:
        raise PolicyFault(error) from error
    return belief


def _having(belief: Belief, people: Tensor, other: Belief) -> Belief:
    """Return a belief with that about some people, by index, replaced."""

    def put(old: Tensor, new: Tensor) -> Tensor:
        return old.index_copy(0, people, new.to(old.dtype))

    answers, box = belief.actionability, belief.box
    memory = {name: put(rows, other.memory[name]) for name, rows in belief.memory.items() if name in other.memory}
    return Belief(
        replace(answers, scores=put(answers.scores, other.actionability.scores)),
        Box(put(box.lower, other.box.lower), put(box.upper, other.box.upper)),
        memory,
    )


def _with(advice: Recommendation | None, people: Tensor, answer: Recommendation) -> Recommendation:
    """Return advice with that of some people, by index, replaced."""
    if advice is None:
        return Recommendation(answer.mask.clone(), answer.values.clone(), answer.outcome.clone())
    return Recommendation(
        advice.mask.index_copy(0, people, answer.mask),
        advice.values.index_copy(0, people, answer.values.to(advice.values.dtype)),
        advice.outcome.index_copy(0, people, answer.outcome.to(advice.outcome.dtype)),
    )


def _proving_nothing(advice: Recommendation) -> Recommendation:
    """Return advice in which nothing is proved impossible: what was proved is about a belief."""
    unproved = torch.where(advice.outcome == Outcome.INFEASIBLE.code, Outcome.NOT_FOUND.code, advice.outcome)
    return replace(advice, outcome=unproved.to(torch.int8))
