"""The same problem with the codes of its categories given out anew: nothing that is said in names may change."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from recourse_arena import FeatureTable, Kind, People, Problem, Recommendation, Request, Solver
from recourse_arena.people.rules import Implies, Rule
from recourse_arena.problem.model_protocols import Decisions, Plausibility


@dataclass(frozen=True)
class Permutation:
    """New codes of each category: `codes[j][old]` is the new code of feature `j`."""

    codes: dict[int, Tensor]

    def there(self, x: Tensor) -> Tensor:
        """Return people in new codes."""
        return self._mapped(x, self.codes)

    def back(self, x: Tensor) -> Tensor:
        """Return people in old codes."""
        return self._mapped(x, {j: codes.argsort() for j, codes in self.codes.items()})

    @staticmethod
    def _mapped(x: Tensor, tables: dict[int, Tensor]) -> Tensor:
        x = x.clone()
        for j, codes in tables.items():
            x[..., j] = codes[x[..., j].long()].to(x.dtype)
        return x


@dataclass(frozen=True)
class _Decisions:
    model: Decisions
    permutation: Permutation

    def accepts(self, x: Tensor) -> Tensor:
        return self.model.accepts(self.permutation.back(x))


@dataclass(frozen=True)
class _Plausibility:
    model: Plausibility
    permutation: Permutation

    def score(self, x: Tensor) -> Tensor:
        return self.model.score(self.permutation.back(x))

    def least(self, factual: Tensor) -> Tensor:
        return self.model.least(self.permutation.back(factual))


def permuted(problem: Problem, seed: int) -> tuple[Problem, Permutation]:
    """Return the problem with new codes of all categories, and what became what."""
    draws, codes, features = random.Random(seed), {}, []
    for j, feature in enumerate(problem.features):
        if feature.kind is Kind.CATEGORICAL:
            old = draws.sample(range(len(feature.levels)), len(feature.levels))  # old[new]
            codes[j] = torch.tensor(old).argsort()
            feature = replace(feature, levels=tuple(feature.levels[code] for code in old))
        features.append(feature)
    permutation = Permutation(codes)
    rules = tuple(_rule(rule, problem.features, codes) for rule in problem.features.rules)
    return replace(
        problem,
        features=FeatureTable(tuple(features), rules),
        decisions=_Decisions(problem.decisions, permutation),
        training=People(permutation.there(problem.training.x), problem.training.y),
        validation=People(permutation.there(problem.validation.x), problem.validation.y),
        neighbours=None if problem.neighbours is None else _Plausibility(problem.neighbours, permutation),
    ), permutation


def _rule(rule: Rule, features: FeatureTable, codes: dict[int, Tensor]) -> Rule:
    if not isinstance(rule, Implies):
        return rule

    def new(name: str, levels: tuple[int, ...]) -> tuple[int, ...]:
        table = codes.get(features.index(name))
        return levels if table is None else tuple(table[list(levels)].tolist())

    return replace(rule, levels=new(rule.feature, rule.levels), allowed=new(rule.other, rule.allowed))


def assert_codes_do_not_matter(solver: Solver, problem: Problem, request: Request) -> Recommendation:
    """Assert that a solver advises the same whatever the codes, to the bit; return what it advises."""
    solver.fit(problem.seen_by(solver.knows), seed=0)
    advice = solver.recommend(request)
    for seed in range(3):
        other, permutation = permuted(problem, seed)
        asked = replace(request, features=other.features, factual=permutation.there(request.factual))
        solver.fit(other.seen_by(solver.knows), seed=0)
        again = solver.recommend(asked)
        assert torch.equal(again.mask, advice.mask)
        assert torch.equal(again.outcome, advice.outcome)
        assert torch.equal(permutation.back(again.values), advice.values)
    return advice
