"""Whose cluster is whose, from what a person is like alone: one for all, the nearest centre, or the leaf of a tree."""

from __future__ import annotations

__all__ = ["ClusterRule", "NearestCentre", "OneCluster", "SplitTree", "rule_of"]

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena.base.errors import ArenaError
from recourse_arena.people.encoding import Encoding
from recourse_arena.people.features import FeatureTable


class ClusterRule(ABC):
    """Says whose cluster is whose."""

    @abstractmethod
    def __call__(self, x: Tensor, features: FeatureTable) -> Tensor:
        """Return the cluster of each person of `x` `(people, features)`, long `(people,)`."""

    @abstractmethod
    def state(self) -> dict[str, Tensor]:
        """Return what :func:`rule_of` takes."""


@dataclass(frozen=True)
class OneCluster(ClusterRule):
    """Everybody is in one cluster."""

    def __call__(self, x: Tensor, features: FeatureTable) -> Tensor:
        """Return 0 for each person, `(people,)`."""
        return torch.zeros(len(x), dtype=torch.int64)

    def state(self) -> dict[str, Tensor]:
        """Return nothing."""
        return {}


@dataclass(frozen=True)
class NearestCentre(ClusterRule):
    """The nearest centre in an encoding of people, by Euclidean distance; the first of several.

    Arguments:
        centres: The centres, `(clusters, columns)` in double precision.
        mean: What the encoding subtracts of each feature, `(features,)`.
        sd: What it divides by, `(features,)`.
    """

    centres: Tensor
    mean: Tensor
    sd: Tensor

    def __call__(self, x: Tensor, features: FeatureTable) -> Tensor:
        """Return the nearest centre of each person, `(people,)`."""
        columns = Encoding(features, self.mean, self.sd).encode(x.double())
        return (columns[:, None] - self.centres.double()).square().sum(-1).argmin(1)

    def state(self) -> dict[str, Tensor]:
        """Return centres and encoding."""
        return {"centres": self.centres, "mean": self.mean, "sd": self.sd}


@dataclass(frozen=True)
class SplitTree(ClusterRule):
    """The leaf that a person comes to in a tree of splits.

    Arguments:
        feature: The feature that each node asks about; -1 in a leaf; long `(nodes,)`.
        threshold: Numbers up to it go to the first branch; of a category, this level does; `(nodes,)`.
        branches: The nodes after it, long `(nodes, 2)`, each behind its own.
        cluster: The cluster of each leaf, long `(nodes,)`.
    """

    feature: Tensor
    threshold: Tensor
    branches: Tensor
    cluster: Tensor

    def __post_init__(self) -> None:
        inner = self.feature >= 0
        behind = self.branches > torch.arange(len(self.feature))[:, None]
        if not len(self.feature) or not (behind & (self.branches < len(self.feature)))[inner].all():
            raise ArenaError("a tree of clusters: branches must lead to nodes behind their own")

    def __call__(self, x: Tensor, features: FeatureTable) -> Tensor:
        """Return the cluster of each person's leaf, `(people,)`."""
        node = torch.zeros(len(x), dtype=torch.int64)
        for _ in range(len(self.feature)):
            asks = self.feature[node]
            if (asks < 0).all():
                break
            column = asks.clamp(min=0)
            value, threshold = x.gather(1, column[:, None])[:, 0].double(), self.threshold[node].double()
            first = torch.where(features.categorical[column], value == threshold, value <= threshold)
            after = self.branches[node].gather(1, (~first).long()[:, None])[:, 0]
            node = torch.where(asks >= 0, after, node)
        return self.cluster[node]

    def state(self) -> dict[str, Tensor]:
        """Return the nodes."""
        return {
            "feature": self.feature,
            "threshold": self.threshold,
            "branches": self.branches,
            "cluster": self.cluster,
        }


def rule_of(state: Mapping[str, Tensor], features: FeatureTable) -> ClusterRule:
    """Return the rule that a state keeps.

    Raises:
        ArenaError: If it keeps none, or one of other shapes.
    """
    if not state:
        return OneCluster()
    if set(state) == {"centres", "mean", "sd"}:
        rule = NearestCentre(state["centres"], state["mean"], state["sd"])
        wide = len(Encoding(features, rule.mean, rule.sd))
        shapes = {"centres": (len(rule.centres), wide), "mean": (len(features),), "sd": (len(features),)}
    elif set(state) == {"feature", "threshold", "branches", "cluster"}:
        nodes = len(state["feature"])
        shapes = {"feature": (nodes,), "threshold": (nodes,), "branches": (nodes, 2), "cluster": (nodes,)}
        rule = None
    else:
        raise ArenaError(f"no rule of clusters is made of {', '.join(sorted(state))}")
    for name, shape in shapes.items():
        if tuple(state[name].shape) != shape:
            raise ArenaError(f"a rule of clusters: {name}: expected shape {shape}, got {tuple(state[name].shape)}")
    if rule is not None:
        return rule
    if (state["feature"] >= len(features)).any() or (state["cluster"] < 0).any():
        raise ArenaError("a tree of clusters asks about a feature, or leads to a cluster, that there is not")
    return SplitTree(state["feature"].long(), state["threshold"], state["branches"].long(), state["cluster"].long())
