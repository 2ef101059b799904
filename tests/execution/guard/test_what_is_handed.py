"""What a solver is handed in a run leads to nothing that it did not declare to know."""

from __future__ import annotations

import copy
import pickle
from itertools import combinations

import pytest
import torch
from reachable import reachable
from torch import nn

from recourse_arena import (
    ArenaError,
    CausalFlow,
    Dataset,
    Knowledge,
    Recommendation,
    Scenario,
    Solver,
    StructuralCausalModel,
)
from recourse_arena.execution.worker.fitted_dataset import FittedDataset
from recourse_arena.judging.judge import Judge
from recourse_arena.people.people import Splits
from recourse_arena.problem.decisions_only import DecisionsOnly
from recourse_arena.registry.registry import Registry
from recourse_arena.storage.artefact_cache import ArtefactCache

NOBODYS = (Judge, Splits, Registry, ArtefactCache, FittedDataset, Dataset)
DECLARED = [frozenset(some) for count in range(4) for some in combinations(Knowledge, count)]


class Curious(Solver):
    """Keeps everything it is handed."""

    name = "curious"

    def __init__(self, knows):
        self.knows = knows

    def recommend(self, request):
        self.request = request
        return Recommendation.do(request.actionable, request.snap(request.factual))


def has_logits(value):
    return not isinstance(value, torch.Tensor) and callable(getattr(value, "logit", None))


def leaks(solver):
    allowed = {
        nn.Module: {Knowledge.CLASSIFIER, Knowledge.STRUCTURE, Knowledge.FLOW} & solver.knows,
        CausalFlow: Knowledge.FLOW in solver.knows,
        StructuralCausalModel: Knowledge.SCM in solver.knows,
    }
    forbidden = (*NOBODYS, *(kind for kind, known in allowed.items() if not known))
    sees_logits = solver.knows & {Knowledge.CLASSIFIER, Knowledge.STRUCTURE}
    return [
        value
        for value in reachable(solver.problem, solver.request)
        if isinstance(value, forbidden) or (not sees_logits and has_logits(value))
    ]


def test_nothing_undeclared_can_be_reached(arena):
    solvers = [Curious(knows) for knows in DECLARED]
    for number, solver in enumerate(solvers):
        solver.name = f"curious-{number}"
    arena(solvers=solvers, scenarios=["soft-linear"], people=5)
    for solver in solvers:
        assert not leaks(solver), sorted(solver.knows)
        assert len(reachable(solver.problem)) > 50


def test_what_leaks_is_found(arena):
    solver = Curious(frozenset())
    result = arena(solvers=[solver], scenarios=["soft-linear"], people=5)
    assert result is not None
    model = nn.Linear(2, 1)
    for hidden in (lambda: model, model.forward, [{"deep": (model,)}]):
        object.__setattr__(solver.problem, "draw", hidden)
        assert leaks(solver) == [model]


def test_training_people_have_no_attributes_and_the_sampler_draws_from_them_alone(materials):
    towns = materials("towns")
    problem = towns.problem_for(Scenario.parse("hard-2@by-town"))
    assert problem.training.attributes is None
    assert problem.validation.attributes is None
    found = [value for value in reachable(problem.draw) if isinstance(value, torch.Tensor) and value.dim() > 1]
    assert [tuple(tensor.shape[1:]) for tensor in found] == [(2,)]


def test_decisions_alone_are_those_of_the_model_and_stay_where_they_are(materials):
    tiny = materials("tiny")
    alone, people = DecisionsOnly(tiny.problem.decisions), tiny.splits.recourse.test.x
    assert torch.equal(alone.accepts(people), tiny.problem.decisions.accepts(people))
    assert torch.equal(copy.deepcopy(alone).accepts(people), alone.accepts(people))
    travelled = pickle.loads(pickle.dumps(alone))
    assert len(pickle.dumps(alone)) < 200
    with pytest.raises(ArenaError, match="stayed in the process"):
        travelled.accepts(people)


def test_a_model_is_let_go_with_its_decisions():
    from recourse_arena.problem import decisions_only

    before = len(decisions_only._MODELS)
    alone = DecisionsOnly(nn.Linear(1, 1))
    assert len(decisions_only._MODELS) == before + 1
    del alone
    assert len(decisions_only._MODELS) == before


def test_a_decision_model_without_logits_says_so(materials):
    from dataclasses import replace

    problem = materials("tiny").problem
    blunt = replace(problem, decisions=DecisionsOnly(problem.decisions))
    with pytest.raises(Exception, match="the decision model of tiny gives decisions only: it has no logits"):
        blunt.classifier  # noqa: B018
    with pytest.raises(Exception, match="asked for 'classifier' but declares to know only nothing"):
        blunt.seen_by(frozenset()).classifier  # noqa: B018
