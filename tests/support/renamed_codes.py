"""A problem told in other codes: the levels of its categories are the same by name, and numbered otherwise."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from recourse_arena import Feature, FeatureTable, Kind, Problem, Recommendation, Request
from recourse_arena.models.decision.relu import ReluClassifier
from recourse_arena.people.encoding import Encoding
from recourse_arena.problem.cost import Cost


@dataclass(frozen=True)
class Renamed:
    """Turns the codes of a table into others and back.

    Arguments:
        old: The table.
        new: The same one with levels of categories in another order.
    """

    old: FeatureTable
    new: FeatureTable

    @classmethod
    def of(cls, old: FeatureTable) -> Renamed:
        """Return new codes for every category of a table without rules: the last level comes first."""
        return cls(old, FeatureTable(tuple(_turned(feature) for feature in old)))

    def told(self, x: Tensor) -> Tensor:
        """Return people `(..., features)` in new codes."""
        return _mapped(x, self.old, self.new)

    def back(self, x: Tensor) -> Tensor:
        """Return people `(..., features)` in old codes."""
        return _mapped(x, self.new, self.old)

    def problem(self, problem: Problem) -> Problem:
        """Return the problem in new codes; a network keeps its weights, for its columns go by names."""
        training, validation = (replace(p, x=self.told(p.x)) for p in (problem.training, problem.validation))
        refused = ~problem.decisions.accepts(problem.training.x)
        model = problem.decisions
        decisions = self._network(model) if isinstance(model, ReluClassifier) else Translated(model, self)
        cost = Cost.fitted(training.x, refused, self.new, problem.cost.name)
        return replace(
            problem, features=self.new, decisions=decisions, cost=cost, training=training, validation=validation
        )

    def request(self, request: Request) -> Request:
        """Return a request in new codes; its box holds all levels."""
        return replace(request, features=self.new, factual=self.told(request.factual))

    def answer(self, answer: Recommendation) -> Recommendation:
        """Return advice in old codes."""
        return replace(answer, values=self.back(answer.values))

    def _network(self, model: ReluClassifier) -> ReluClassifier:
        widths = tuple(layer.out_features for layer in model.layers if hasattr(layer, "out_features"))[:-1]
        told = ReluClassifier(self.new, widths)
        told.load_state_dict(model.state_dict())
        told.set_scale(Encoding(self.new, model.mean, model.sd))
        return told.eval().requires_grad_(False)


@dataclass(frozen=True)
class Translated:
    """A black box that knows old codes, asked in new ones."""

    model: object
    codes: Renamed

    def accepts(self, x: Tensor) -> Tensor:
        return self.model.accepts(self.codes.back(x))


def _turned(feature: Feature) -> Feature:
    if feature.kind is not Kind.CATEGORICAL:
        return feature
    return replace(feature, levels=(feature.levels[-1], *feature.levels[:-1]))


def _mapped(x: Tensor, old: FeatureTable, new: FeatureTable) -> Tensor:
    told = x.clone()
    for j, (before, after) in enumerate(zip(old, new, strict=True)):
        if before.kind is Kind.CATEGORICAL:
            codes = torch.tensor([float(after.levels.index(level)) for level in before.levels], dtype=x.dtype)
            told[..., j] = codes[x[..., j].long()]
    return told
