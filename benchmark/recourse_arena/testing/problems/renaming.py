"""A small problem with the codes of its categories given out anew: nothing that is said in names may change."""

from __future__ import annotations

__all__ = ["Renaming"]

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from recourse_arena.interfaces.recipes import DecisionRecipe
from recourse_arena.models.decision.offers import Relu
from recourse_arena.models.decision.onnx_model import EncodedOnnx
from recourse_arena.models.decision.relu import ReluClassifier
from recourse_arena.models.plausibility.neighbours import Neighbours
from recourse_arena.people.encoding import Encoding
from recourse_arena.people.features import FeatureTable, Kind
from recourse_arena.people.people import People
from recourse_arena.people.rules import Implies, Rule
from recourse_arena.problem.cost import Cost
from recourse_arena.problem.model_protocols import Decisions
from recourse_arena.problem.problem import Problem
from recourse_arena.problem.recommendation import Recommendation
from recourse_arena.testing.problems.worlds import World


@dataclass(frozen=True)
class Renaming:
    """New codes of the levels of every category: the odd ones come first, so that no code keeps its neighbours.

    Arguments:
        features: The features before.

    Example:
        >>> from recourse_arena import Feature
        >>> table = FeatureTable((Feature("home", Kind.CATEGORICAL, levels=("rent", "own", "free")),))
        >>> renaming = Renaming(table)
        >>> renaming.after["home"].levels, renaming.there(torch.tensor([[0.0], [1.0]])).tolist()
        (('own', 'rent', 'free'), [[1.0], [0.0]])
    """

    features: FeatureTable

    @cached_property
    def old(self) -> Mapping[int, Tensor]:
        """The old code of each new one, by the column of each category."""
        columns = {j: len(f.levels) for j, f in enumerate(self.features) if f.kind is Kind.CATEGORICAL}
        return {j: torch.tensor([*range(1, levels, 2), *range(0, levels, 2)]) for j, levels in columns.items()}

    @cached_property
    def new(self) -> Mapping[int, Tensor]:
        """The new code of each old one, by the column of each category."""
        return {j: codes.argsort() for j, codes in self.old.items()}

    @cached_property
    def after(self) -> FeatureTable:
        """The features with their levels in the new order."""
        features = tuple(
            replace(f, levels=tuple(f.levels[code] for code in self.old[j])) if j in self.old else f
            for j, f in enumerate(self.features)
        )
        return FeatureTable(features, tuple(map(self._rule, self.features.rules)))

    def there(self, x: Tensor) -> Tensor:
        """Return people `(..., features)` in new codes."""
        return _mapped(x, self.new)

    def back(self, x: Tensor) -> Tensor:
        """Return people `(..., features)` in old codes."""
        return _mapped(x, self.old)

    def advice(self, answer: Recommendation) -> Recommendation:
        """Return advice in old codes; what is no value to be set, or no code, is left as it is."""
        acted = answer.mask & answer.solved[:, None]
        highest = answer.values.new_tensor([len(f.levels) - 1 for f in self.features])
        codes = acted & (answer.values == answer.values.round()) & (answer.values >= 0) & (answer.values <= highest)
        values = torch.where(codes & self.features.categorical, answer.values, 0.0)
        return replace(answer, values=torch.where(codes & self.features.categorical, self.back(values), answer.values))

    def world(self, world: World) -> World:
        """Return a world in new codes, its decision model and its neighbours on the same encoded columns as before."""
        before = world.problem
        training, validation = (replace(p, x=self.there(p.x)) for p in (before.training, before.validation))
        accepted = before.decisions.accepts(before.training.x)
        cost = Cost.fitted(training.x, ~accepted, self.after, before.cost.name)
        problem = replace(
            before,
            features=self.after,
            decisions=self._model(before.decisions),
            cost=cost,
            training=training,
            validation=validation,
            neighbours=self._neighbours(before, training, accepted),
        )
        requests = {
            name: replace(request, features=self.after, factual=self.there(request.factual), unit_cost=cost)
            for name, request in world.requests.items()
        }
        return World(world.name, problem, requests)

    def _model(self, model: Decisions) -> Decisions:
        if isinstance(model, EncodedOnnx):
            return EncodedOnnx(replace(model.encoding, features=self.after), model.content)
        assert isinstance(model, ReluClassifier)
        widths = tuple(len(bias) for _, bias in model.affine_maps[:-1])
        return Relu(recipe=DecisionRecipe(hidden=widths)).restore(self.after, model.state_dict())

    def _neighbours(self, before: Problem, training: People, accepted: Tensor) -> Neighbours | None:
        if before.neighbours is None:
            return None
        return Neighbours(Encoding.fitted(self.after, training.x), training.x[accepted])

    def _rule(self, rule: Rule) -> Rule:
        if not isinstance(rule, Implies):
            return rule

        def codes(name: str, levels: tuple[int, ...]) -> tuple[int, ...]:
            table = self.new.get(self.features.index(name))
            return levels if table is None else tuple(table[list(levels)].tolist())

        return replace(rule, levels=codes(rule.feature, rule.levels), allowed=codes(rule.other, rule.allowed))


def _mapped(x: Tensor, tables: Mapping[int, Tensor]) -> Tensor:
    x = x.clone()
    for j, codes in tables.items():
        x[..., j] = codes[x[..., j].long()].to(x.dtype)
    return x
