"""Trees that say how a feature is distributed given others: what training people of the same leaf have."""

from __future__ import annotations

__all__ = ["Chain", "Link"]

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from torch import Tensor

from recourse_arena import Encoding, Kind, Problem, generator

_LEVELS = (Kind.CATEGORICAL, Kind.BINARY)


@dataclass(frozen=True)
class Link:
    """A feature given some others.

    Arguments:
        tree: The tree on encoded columns of the others, and the decision; none where there is one leaf.
        columns: Which columns it looks at, long `(columns,)`.
        values: Training people's values, those of a leaf behind one another, `(people,)`.
        first: Where each node's values begin, long `(nodes,)`.
        count: How many it has, long `(nodes,)`.
    """

    tree: Any
    columns: Tensor
    values: Tensor
    first: Tensor
    count: Tensor

    def drawn(self, z: Tensor, shares: Tensor) -> Tensor:
        """Return values for accepted people with columns `z` `(people, columns)`, at uniform `shares` `(people,)`."""
        asked = torch.cat([z[:, self.columns], z.new_ones(len(z), 1)], 1).float().numpy()
        node = torch.from_numpy(self.tree.apply(asked).astype(np.int64))
        place = (shares * self.count[node]).long().clamp(max=self.count[node] - 1)
        return self.values[self.first[node] + place]


@dataclass
class Chain:
    """Links, made when they are first asked for.

    Arguments:
        encoding: How people look to trees.
        x: Training people, `(people, features)`.
        accepted: Their decisions, bool `(people,)`.
        leaf: Fewest people in a leaf.
        seed: The seed of ties between splits.
        links: Links by feature and those it is given.
    """

    encoding: Encoding
    x: Tensor
    accepted: Tensor
    leaf: int
    seed: int
    links: dict[tuple[int, tuple[int, ...]], Link] = field(default_factory=dict)

    @classmethod
    def of(cls, problem: Problem, *, leaf: int, people: int, seed: int) -> Chain:
        """Return the chain of a problem's training people."""
        x = problem.training.x
        if len(x) > people:
            x = x[torch.randperm(len(x), generator=generator(seed, "mcce", "people"))[:people]]
        return cls(Encoding.fitted(problem.features, problem.training.x), x, problem.decisions.accepts(x), leaf, seed)

    def link(self, feature: int, given: tuple[int, ...]) -> Link:
        """Return how a feature is distributed given others, by column."""
        if (feature, given) not in self.links:
            self.links[feature, given] = self._made(feature, given)
        return self.links[feature, given]

    def _made(self, feature: int, given: tuple[int, ...]) -> Link:
        columns = torch.isin(self.encoding.owner, torch.tensor(given, dtype=torch.int64)).nonzero()[:, 0]
        z = torch.cat([self.encoding.encode(self.x)[:, columns], self.accepted[:, None].float()], 1).numpy()
        target, kind = self.x[:, feature], self.encoding.features.features[feature].kind
        name = self.encoding.features.names[feature]
        state = int(torch.randint(2**31 - 1, (), generator=generator(self.seed, "mcce", name, repr(given))))
        model = DecisionTreeClassifier if kind in _LEVELS else DecisionTreeRegressor
        ranked = self.encoding.features.alphabetical(self.x)[:, feature]
        tree = model(min_samples_leaf=min(self.leaf, len(z)), random_state=state).fit(z, ranked.double().numpy())
        node = torch.from_numpy(tree.apply(z).astype(np.int64))
        # Within a leaf by value, so that draws do not depend on how people lie or codes are given out.
        order = ranked.argsort(stable=True)
        order = order[node[order].argsort(stable=True)]
        count = torch.bincount(node, minlength=tree.tree_.node_count)
        return Link(tree.tree_, columns, target[order], count.cumsum(0) - count, count)
