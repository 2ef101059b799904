"""What every solver keeps about what it may know: it uses nothing else, and nothing else is within its reach."""

from __future__ import annotations

__all__ = ["it_uses_only_what_it_declares_to_know", "nothing_else_is_within_its_reach"]

import copy
from collections.abc import Iterable, Iterator
from dataclasses import replace

import torch
from torch import Tensor, nn

from recourse_arena.execution.worker.fitted_dataset import FittedDataset
from recourse_arena.judging.judge import Judge
from recourse_arena.people.people import People, Split, Splits
from recourse_arena.problem.knowledge import Knowledge
from recourse_arena.problem.model_protocols import Decisions
from recourse_arena.problem.problem import Problem
from recourse_arena.registry.registry import Registry
from recourse_arena.testing.laws.candidate import Candidate
from recourse_arena.testing.laws.comparing import expect_same_advice
from recourse_arena.testing.laws.law import expect
from recourse_arena.testing.laws.reach import reached

_NEVER = (Judge, FittedDataset, Registry, Split, Splits)
"""Whatever it declares, no solver is handed these."""


def it_uses_only_what_it_declares_to_know(candidate: Candidate) -> None:
    """Its advice stays the same when everything that it does not declare in `knows` is out of reach."""
    request, first, solver = candidate.request, candidate.first, candidate.make()
    if solver.knows & {Knowledge.CLASSIFIER, Knowledge.SCORES, Knowledge.STRUCTURE}:
        answer = candidate.again.answer  # that fit was handed a problem of its own, with nothing else in it
    else:
        problem = candidate.handed(solver)
        problem = replace(problem, decisions=_Sealed(problem.decisions))
        answer = candidate.ask(candidate.fit(solver, problem), request)
    expect_same_advice(request, first, answer, "when what it does not declare is out of reach")


def nothing_else_is_within_its_reach(candidate: Candidate) -> None:
    """From the problem, the request and the fitted solver, no reference leads to what it does not declare in `knows`.

    Looked for are decision models, flows and equations with their tensors, attributes of people, and what judges; and
    from the problem, people who ask.
    """
    solver, request = candidate.solver, copy.deepcopy(candidate.request)
    handed, withheld = candidate.shown, _withheld(candidate.whole, solver.knows)
    for found in reached(problem=handed, request=request, solver=solver):
        what = withheld.get(_identity(found.value)) or _never_handed(found.value)
        expect(not what, f"a solver that knows {_listed(solver.knows)} is led to {what}: {found}")
    asking = {_identity(other.factual) for other in candidate.world.requests.values()}
    for found in reached(problem=handed):
        expect(_identity(found.value) not in asking, f"the problem leads to people who ask: {found}")


class _Sealed:
    """Decisions behind which nothing else can be reached by name."""

    def __init__(self, decisions: Decisions) -> None:
        self.__decisions = decisions

    def accepts(self, x: Tensor) -> Tensor:
        return self.__decisions.accepts(x)


def _withheld(problem: Problem, knows: frozenset[Knowledge]) -> dict[int, str]:
    """Return what of a whole problem a solver may not see, by its identity: models, their parts and tensors."""
    whole = Knowledge.STRUCTURE if Knowledge.STRUCTURE in knows else Knowledge.CLASSIFIER
    models = {
        whole: problem.decisions,
        Knowledge.FLOW: problem.causal_flow,
        Knowledge.SCM: problem.true_scm,
    }
    parts = (problem.features, problem.graph, problem.cost, problem.box, problem.training, problem.validation)
    seen = {_identity(part) for part in _parts(*parts, *(model for what, model in models.items() if what in knows))}
    return {
        _identity(part): f"the undeclared {what.value}"
        for what, model in models.items()
        if what not in knows and model is not None
        for part in _parts(model)
        if _identity(part) not in seen
    }


def _parts(*values: object) -> Iterator[object]:
    """Go through some objects, and all modules and tensors that they lead to."""
    yield from values
    for found in reached(**{str(i): value for i, value in enumerate(values)}):
        if isinstance(found.value, (Tensor, nn.Module)):
            yield found.value


def _never_handed(value: object) -> str:
    if isinstance(value, People) and value.attributes is not None:
        return "attributes of people"
    return f"a {type(value).__name__}" if isinstance(value, _NEVER) else ""


def _identity(value: object) -> int:
    """Return what tells a value from all others that are alive; tensors on the same storage are the same."""
    if isinstance(value, Tensor) and value.layout is torch.strided and value.numel():
        return value.untyped_storage().data_ptr()
    return id(value)


def _listed(knows: Iterable[Knowledge]) -> str:
    return ", ".join(sorted(knows)) or "decisions only"
