"""A plugin for tests: a solver for each thing that a solver can do wrong."""

from __future__ import annotations

import random
import sys
from dataclasses import replace

import numpy as np
import tiny
import torch

from recourse_arena import Kind, Knowledge, Outcome, Recommendation, hookimpl


class Unfit(tiny.Top):
    name = "unfit"

    def fit(self, problem, *, seed):
        self.prepare()

    def prepare(self):
        raise RuntimeError("cannot learn")


class Quitter(tiny.Top):
    name = "quitter"

    def fit(self, problem, *, seed):
        sys.exit(7)


class Touchy(tiny.Top):
    """Raises for every seventh person; counts how often it is asked."""

    name = "touchy"
    asked: list[int] = []  # noqa: RUF012

    def recommend(self, request):
        self.asked.append(len(request))
        if (request.person % 7 == 3).any():
            raise ValueError(f"person {int(request.person[request.person % 7 == 3][0])} upsets me")
        return super().recommend(request)


class Crowded(tiny.Top):
    name = "crowded"

    def recommend(self, request):
        if len(request) > 10:
            raise MemoryError("too many")
        return super().recommend(request)


class Shapeless(tiny.Top):
    name = "shapeless"

    def recommend(self, request):
        answer = super().recommend(request)
        return replace(answer, values=answer.values[:, :2])


class Typeless(tiny.Top):
    name = "typeless"

    def recommend(self, request):
        answer = super().recommend(request)
        return replace(answer, mask=answer.mask.float())


class Arrays(tiny.Top):
    name = "arrays"

    def recommend(self, request):
        answer = super().recommend(request)
        return replace(answer, values=answer.values.numpy())


class Wordy(tiny.Top):
    name = "wordy"

    def recommend(self, request):
        return {"mask": request.actionable}


class Empty(tiny.Top):
    name = "empty"

    def recommend(self, request):
        return None


class Undefined(tiny.Top):
    """Half NaN, half infinite."""

    name = "undefined"

    def recommend(self, request):
        answer = super().recommend(request)
        answer.values[::2] = torch.nan
        answer.values[1::2] = torch.inf
        return answer


class Trespasser(tiny.Top):
    name = "trespasser"

    def recommend(self, request):
        answer = super().recommend(request)
        mask = answer.mask.clone()
        mask[:, request.features.index("sex")] = True
        return replace(answer, mask=mask, values=answer.values.clamp(max=1.0))


class Escapist(tiny.Top):
    name = "escapist"

    def recommend(self, request):
        return Recommendation.do(request.actionable, request.box.upper + 1)


class Differentiable(tiny.Top):
    """Answers with a part of its computation graph: that is no fault."""

    name = "differentiable"

    def recommend(self, request):
        answer = super().recommend(request)
        return replace(answer, values=answer.values.clone().requires_grad_())


class Overwriter(tiny.Top):
    """Overwrites what it learns from, through PyTorch and behind its back."""

    name = "overwriter"

    def fit(self, problem, *, seed):
        problem.training.x.zero_()
        problem.validation.y.numpy()[:] = 9.0
        problem.box.upper.fill_(1e6)


class Saboteur(tiny.Top):
    """Changes the models that everybody shares, whenever it is asked."""

    name = "saboteur"
    knows = frozenset({Knowledge.CLASSIFIER, Knowledge.FLOW})

    def recommend(self, request):
        with torch.no_grad():
            for parameter in (*self.problem.classifier.parameters(), *self.problem.flow.parameters()):
                parameter.add_(1.0)
        self.problem.flow.train()
        return super().recommend(request)


class Gambler(tiny.Top):
    """Draws from every global generator, and changes a default."""

    name = "gambler"

    def recommend(self, request):
        random.random()
        shift = float(torch.rand(())) + float(np.random.rand())
        torch.set_default_dtype(torch.float64)
        return Recommendation.do(request.actionable, request.snap(request.factual + shift))


class Hopeless(tiny.Top):
    name = "hopeless"

    def recommend(self, request):
        answer = super().recommend(request)
        return replace(
            answer, mask=answer.mask & False, outcome=torch.full_like(answer.outcome, Outcome.INFEASIBLE.code)
        )


class Needy(tiny.Top):
    name = "needy"
    knows = needs = frozenset({Knowledge.SCM})
    fits: list[str] = []  # noqa: RUF012

    def fit(self, problem, *, seed):
        self.fits.append(problem.dataset)


class Ordinal(Needy):
    name = "ordinal"
    knows = needs = frozenset()
    acts_on = frozenset({Kind.ORDINAL})


class Flowing(Needy):
    name = "flowing"
    knows = needs = frozenset()
    plausible_under = frozenset({"flow"})


@hookimpl
def recourse_solvers():
    return [
        *(Unfit, Quitter, Touchy, Crowded, Shapeless, Typeless, Arrays, Wordy, Empty, Undefined, Trespasser, Escapist),
        *(Differentiable, Overwriter, Saboteur, Gambler, Hopeless, Needy, Ordinal, Flowing),
    ]
