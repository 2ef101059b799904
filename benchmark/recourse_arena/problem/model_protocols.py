"""The models of a recourse problem, as protocols: what follows, who is accepted, what is likely."""

from __future__ import annotations

__all__ = [
    "AffineLayers",
    "AsLikely",
    "CausalModel",
    "Classifier",
    "Coder",
    "Decisions",
    "EncodedClassifier",
    "Plausibility",
    "Scores",
    "TreeEnsemble",
    "Trees",
]

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Generator, Tensor

from recourse_arena.people.encoding import Encoding


@runtime_checkable
class CausalModel(Protocol):
    """A causally sufficient model of features `x` `(..., features)` with exogenous noise `u`.

    Everything is batched over leading dimensions, which broadcast: one factual row may be paired with many
    interventions.
    """

    def abduct(self, x: Tensor) -> Tensor:
        """Return the noise `u` that explains `x`."""
        ...

    def predict(self, u: Tensor) -> Tensor:
        """Return the features that noise `u` leads to."""
        ...

    def counterfactual(self, x: Tensor, mask: Tensor, values: Tensor) -> Tensor:
        """Return `x` had `do(x_j = values_j)` been done for masked j; untouched causes stay exactly as they are."""
        ...

    def log_density(self, x: Tensor) -> Tensor:
        """Return `log p(x)` in nats and data units, `(...,)`."""
        ...

    def sample(self, people: int, generator: Generator) -> Tensor:
        """Return `people` draws `(people, features)`."""
        ...


@runtime_checkable
class Coder(Protocol):
    """An autoencoder of people as columns `(..., columns)`."""

    def encode(self, columns: Tensor, fixed: Tensor) -> Tensor:
        """Return the latents `(..., latent)` of people, of whom some columns are `fixed`, bool."""
        ...

    def decode(self, latent: Tensor, columns: Tensor, fixed: Tensor) -> Tensor:
        """Return the people that latents `(..., latent)` stand for, fixed columns as in `columns`."""
        ...


@runtime_checkable
class Decisions(Protocol):
    """A black box that says yes or no."""

    def accepts(self, x: Tensor) -> Tensor:
        """Return who of `x` `(..., features)` is decided positively, bool `(...,)`."""
        ...


@runtime_checkable
class Scores(Decisions, Protocol):
    """A decision model that says how sure it is."""

    def probability(self, x: Tensor) -> Tensor:
        """Return the probability `(...,)` of a positive decision."""
        ...


@runtime_checkable
class Classifier(Decisions, Protocol):
    """A differentiable binary decision: positive where the logit is at least 0, that is `p >= 0.5`."""

    def logit(self, x: Tensor) -> Tensor:
        """Return the log odds `(...,)` of a positive decision."""
        ...


@runtime_checkable
class EncodedClassifier(Classifier, Protocol):
    """A classifier that looks at encoded people, and at what lies between them: categories half the one, half other."""

    encoding: Encoding

    def encoded_logit(self, z: Tensor) -> Tensor:
        """Return the log odds `(...,)` of encoded columns `(..., columns)`."""
        ...


@runtime_checkable
class AffineLayers(EncodedClassifier, Protocol):
    """A classifier whose layers can be read: affine maps with a ReLU between two."""

    @property
    def affine_maps(self) -> tuple[tuple[Tensor, Tensor], ...]:
        """Weight `(outputs, inputs)` and bias `(outputs,)` of each layer, in double precision.

        The first acts on features in data units, with a column of 0 or 1 for each level of a category, in the order
        of the encoding's columns; the last gives the logit.
        """
        ...


@dataclass(frozen=True)
class Trees:
    """Trees over encoded columns whose leaves are summed; their nodes are numbered through.

    A person goes to `yes` where their column is at most the threshold, in single precision, and to `no` elsewhere.
    Whoever has `base` plus the sum of the leaves reached, one of each tree, at `least` or above is accepted. The model
    may sum in single precision: within `rounding` of `least` it can decide either way, and is to be asked.

    Arguments:
        encoding: How people look to them.
        roots: The first node of each tree, long `(trees,)`.
        column: The encoded column that each node tests, -1 of leaves, long `(nodes,)`.
        threshold: The greatest value that goes to `yes`, in single precision `(nodes,)`.
        yes: Where those go, long `(nodes,)`.
        no: Where all others go, long `(nodes,)`.
        value: What a leaf adds, in double precision `(nodes,)`.
        base: What is added to all leaves.
        least: The least sum that is a positive decision.
        rounding: How far the model's own sum may be from the exact one.
    """

    encoding: Encoding
    roots: Tensor
    column: Tensor
    threshold: Tensor
    yes: Tensor
    no: Tensor
    value: Tensor
    base: float
    least: float
    rounding: float

    def leaves(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the leaves of all trees, and the box of encoded people that each holds.

        Returns:
            The number of each leaf's tree, ascending, long `(leaves,)`; its node, long `(leaves,)`; and what its people
            are above and at most, in single precision `(leaves, columns)`, infinite where they may be anything.
        """
        node, tree = self.roots, torch.arange(len(self.roots))
        upper = torch.full((len(node), len(self.encoding)), torch.inf, dtype=torch.float32)
        lower, found = -upper, []
        while len(node):
            ends = self.column[node] < 0
            found.append((tree[ends], node[ends], lower[ends], upper[ends]))
            node, tree, lower, upper = node[~ends], tree[~ends], lower[~ends], upper[~ends]
            split, most, above = (torch.arange(len(node)), self.column[node]), upper.clone(), lower.clone()
            most[split] = torch.minimum(upper[split], self.threshold[node])
            above[split] = torch.maximum(lower[split], self.threshold[node])
            node, tree = torch.cat([self.yes[node], self.no[node]]), torch.cat([tree, tree])
            lower, upper = torch.cat([lower, above]), torch.cat([most, upper])
        tree, node, lower, upper = (torch.cat(parts) for parts in zip(*found, strict=True))
        order = tree.argsort(stable=True)
        return tree[order], node[order], lower[order], upper[order]


@runtime_checkable
class TreeEnsemble(Decisions, Protocol):
    """A decision model that may be made of trees which can be read."""

    @property
    def trees(self) -> Trees | None:
        """The trees, or none where the model is made of something else."""
        ...


class Plausibility(Protocol):
    """What counts as plausible: a counterfactual whose score is at least what is asked of the factual's."""

    def score(self, x: Tensor) -> Tensor:
        """Return how plausible people `x` `(..., features)` are, `(...,)`."""
        ...

    def least(self, factual: Tensor) -> Tensor:
        """Return the least score that counterfactuals of `factual` `(..., features)` need, `(...,)`."""
        ...


@dataclass(frozen=True)
class AsLikely:
    """At least as likely as the factual under a density (arXiv 2604.08030).

    Arguments:
        model: The model that has the density.
    """

    model: CausalModel

    def score(self, x: Tensor) -> Tensor:
        """Return the log-density, in nats, `(...,)`."""
        return self.model.log_density(x)

    def least(self, factual: Tensor) -> Tensor:
        """Return the log-density of the factual, `(...,)`."""
        return self.model.log_density(factual)
