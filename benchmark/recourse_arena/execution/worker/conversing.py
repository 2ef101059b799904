"""A solver and a policy talk to people who hide what they want; neither sees anything of the other but requests."""

from __future__ import annotations

__all__ = ["Talk", "talk"]

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import torch

from recourse_arena.elicitation.conversation import Conversation, PolicyFault, converse
from recourse_arena.execution.guard.broken_constraints import broken_constraints
from recourse_arena.execution.guard.guard import Guard
from recourse_arena.execution.guard.process_state import ProcessState
from recourse_arena.execution.solving.solver_process import Failed, SolverProcess
from recourse_arena.interfaces.policy import Belief, Policy, Reactions, Respondents
from recourse_arena.people.box import Box
from recourse_arena.problem.outcome import Outcome
from recourse_arena.problem.recommendation import Recommendation
from recourse_arena.problem.request import Request
from recourse_arena.registry.registry import Registry
from recourse_arena.storage.task_result import Failure, Note

T = TypeVar("T")


@dataclass(frozen=True)
class Talk:
    """What came of a conversation.

    Arguments:
        ended: How it ended for each person.
        seconds: The time that the solver took in all rounds.
        notes: What solver and policy did that they should not have.
    """

    ended: Conversation
    seconds: float
    notes: tuple[Note, ...]


def talk(
    truth: Request, box: Box, name: str, registry: Registry, guard: Guard | SolverProcess, plugin: str, *, seed: int
) -> Talk:
    """Let a policy and a prepared solver talk to people.

    Arguments:
        truth: What they want, which neither policy nor solver is handed.
        box: Feasible values as everybody knows them, `(people, features)` each.
        name: Name of the policy, with options.
        registry: What is plugged in.
        guard: The prepared solver.
        plugin: Name of the solver's plugin.
        seed: Seed of the global random generators while the policy runs, which it should not touch.

    Raises:
        Failed: If the policy raises or returns no belief: the cell has failed, and the policy's plugin is at fault.
        Exception: What the solver raises in the first round.
    """
    owner = registry.owner("policies", name.partition("?")[0])
    policy, solver = _Watched(registry.policy(name), owner, seed), _Asked(guard, plugin)
    try:
        ended = converse(truth, box, policy, solver)
    except PolicyFault as fault:
        failure = Failure.of(fault.error, registry.module("policies", name), owner)
        reason = f"elicitation policy {name}: {failure.reason}"
        raise Failed(Failure(failure.outcome, reason, failure.traceback, owner)) from fault
    broken = max(solver.broken, key=lambda note: note.people or 0, default=None)
    notes = [*solver.notes, *([broken] if broken else []), *policy.notes]
    return Talk(ended, solver.seconds, tuple(dict.fromkeys(notes)))


@dataclass
class _Asked:
    """A solver, asked again and again; where it raises for those who are left, the others keep their advice."""

    guard: Guard | SolverProcess
    plugin: str
    seconds: float = 0.0
    rounds: int = 0
    notes: list[Note] = field(default_factory=list)
    broken: list[Note] = field(default_factory=list)

    def __call__(self, request: Request) -> Recommendation:
        self.rounds += 1
        try:
            answer = self.guard.recommend(request)
        except Exception as error:
            if self.rounds == 1 or not self.guard.alive:
                raise
            text = f"recommend raised for the {len(request)} people of round {self.rounds}: {error}"
            self.notes.append(Note("raised", self.plugin, text, len(request)))
            nobody = torch.zeros(len(request), dtype=torch.bool)
            return Recommendation.do(request.actionable, request.factual, found=nobody, otherwise=Outcome.FAILED)
        self.seconds += answer.seconds
        self.notes += answer.notes
        self.broken += broken_constraints(request, answer.recommendation, self.plugin)
        return answer.recommendation


@dataclass
class _Watched(Policy):
    """A policy whose use of global state is put back and noted."""

    policy: Policy
    plugin: str
    seed: int
    notes: list[Note] = field(default_factory=list)

    def begin(self, people: Respondents) -> Belief:
        return self._watched("begin", lambda: self.policy.begin(people))

    def after(self, belief: Belief, people: Respondents, advice: Recommendation, reactions: Reactions) -> Belief:
        return self._watched("after", lambda: self.policy.after(belief, people, advice, reactions))

    def _watched(self, what: str, run: Callable[[], T]) -> T:
        around = ProcessState(self.seed)
        try:
            with around:
                return run()
        except (Exception, KeyboardInterrupt):
            raise
        except BaseException as stop:
            raise RuntimeError(f"{what} tried to end the run with {type(stop).__name__}") from stop
        finally:
            for touched in around.touched:
                self.notes.append(
                    Note("global state", self.plugin, f"policy: {what} touched {touched}; it was put back")
                )
