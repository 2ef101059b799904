"""Structural causal models from equations and noise."""

from __future__ import annotations

__all__ = ["Mechanism", "StructuralCausalModel"]

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Generator, Tensor
from torch.distributions import ComposeTransform, Distribution, Normal, Transform, identity_transform

from recourse_arena.base.errors import ArenaError
from recourse_arena.models.causal.piecewise import PiecewiseLinear
from recourse_arena.problem.graph import CausalGraph

Parents = Mapping[str, Tensor]


def _no_shift(parents: Parents) -> float:
    return 0.0


@dataclass(frozen=True)
class Mechanism:
    """A structural equation `x = transform(shift(parents) + piecewise(parents) + u)`, invertible in its noise `u`.

    Arguments:
        noise: Distribution of `u`.
        draw: Draws noise, given a number of people and a generator.
        shift: Any function of the values by name of those parents that `piecewise` is not about.
        transform: Bijection after the sum.
        piecewise: What the other parents add, in a form that exact solvers can ask for. It may be left to `shift`
            altogether, but then such solvers cannot follow changes of the parents.
    """

    noise: Distribution
    draw: Callable[[int, Generator], Tensor]
    shift: Callable[[Parents], Tensor | float] = _no_shift
    transform: Transform = field(default_factory=lambda: identity_transform)
    piecewise: PiecewiseLinear = field(default_factory=PiecewiseLinear)

    @classmethod
    def normal(cls, sd: float, **parts: Any) -> Mechanism:
        """Return a mechanism with normal noise of mean 0 and standard deviation `sd`; `parts` are the other arguments.

        Example:
            >>> Mechanism.normal(2.0, shift=lambda parents: 1.0).gaussian
            (0.0, 2.0)
        """
        return cls(Normal(0.0, sd), lambda people, generator: sd * torch.randn(people, generator=generator), **parts)

    @property
    def additive(self) -> bool:
        """Whether the noise is simply added, with no bijection after the sum."""
        return isinstance(self.transform, ComposeTransform) and not self.transform.parts

    @property
    def gaussian(self) -> tuple[float, float] | None:
        """Mean and standard deviation of noise that is added and Gaussian: its log-density is quadratic. Else none."""
        if not self.additive or not isinstance(self.noise, Normal):
            return None
        return float(self.noise.loc), float(self.noise.scale)


class StructuralCausalModel:
    """A causal model whose structural equations are known.

    Arguments:
        graph: The causal graph; each mechanism sees its parents only.
        mechanisms: One per feature.

    References:
        Pearl, Causality (2009), section 7.1: abduction, action, prediction.

    Example:
        >>> standard = torch.distributions.Normal(0.0, 1.0)
        >>> def draw(people, generator):
        ...     return torch.randn(people, generator=generator)
        >>> graph = CausalGraph(("a", "b"), {"b": ("a",)})
        >>> model = StructuralCausalModel(graph, {
        ...     "a": Mechanism(standard, draw), "b": Mechanism(standard, draw, lambda p: 2 * p["a"])})
        >>> x = torch.tensor([[1.0, 2.5]])
        >>> model.abduct(x)
        tensor([[1.0000, 0.5000]])
        >>> model.counterfactual(x, torch.tensor([[True, False]]), torch.tensor([[3.0, 0.0]]))
        tensor([[3.0000, 6.5000]])
    """

    def __init__(self, graph: CausalGraph, mechanisms: Mapping[str, Mechanism]) -> None:
        missing = set(graph.names) ^ set(mechanisms)
        if missing:
            raise ArenaError(f"mechanisms and graph disagree about: {', '.join(sorted(missing))}")
        for name, mechanism in mechanisms.items():
            strangers = mechanism.piecewise.parents - set(graph.parents.get(name, ()))
            if strangers:
                raise ArenaError(f"the equation of {name!r} is about {', '.join(sorted(strangers))}, not its parents")
        self.graph = graph
        self.mechanisms = dict(mechanisms)

    def abduct(self, x: Tensor) -> Tensor:
        """Return the noise that explains `x` `(..., features)`."""
        columns = dict(zip(self.graph.names, x.unbind(-1), strict=True))
        noise = [
            self.mechanisms[name].transform.inv(columns[name]) - self._shift(name, columns) for name in self.graph.names
        ]
        return torch.stack(noise, -1)

    def predict(self, u: Tensor) -> Tensor:
        """Return the features `(..., features)` that noise `u` leads to."""
        noise = dict(zip(self.graph.names, u.unbind(-1), strict=True))
        columns: dict[str, Tensor] = {}
        for name in self.graph.order:
            columns[name] = self.mechanisms[name].transform(self._shift(name, columns) + noise[name])
        return torch.stack([columns[name] for name in self.graph.names], -1)

    def counterfactual(self, x: Tensor, mask: Tensor, values: Tensor) -> Tensor:
        """Return `x` had `do(x_j = values_j)` been done for masked j; all arguments broadcast.

        Features without an intervened cause keep their factual value exactly.
        """
        x, mask, values = torch.broadcast_tensors(x, mask, values)
        names = self.graph.names
        touched = {name for name, hit in zip(names, mask.reshape(-1, len(names)).any(0).tolist(), strict=True) if hit}
        factual = dict(zip(names, x.unbind(-1), strict=True))
        columns = dict(factual)
        moved: dict[str, Tensor] = {}
        for name in self.graph.order:
            causes = [moved[parent] for parent in self.graph.parents.get(name, ()) if parent in moved]
            if causes:
                shifted = torch.stack(causes).any(0)
                columns[name] = torch.where(shifted, self._recomputed(name, factual, columns), factual[name])
                moved[name] = shifted
            if name in touched:
                j = names.index(name)
                columns[name] = torch.where(mask[..., j], values[..., j], columns[name])
                moved[name] = mask[..., j] | moved[name] if causes else mask[..., j]
        return torch.stack([columns[name] for name in names], -1)

    def log_density(self, x: Tensor) -> Tensor:
        """Return `log p(x)` in nats, `(...,)`; a discrete noise counts with its probability."""
        columns = dict(zip(self.graph.names, x.unbind(-1), strict=True))
        total = x.new_zeros(x.shape[:-1])
        for name in self.graph.names:
            mechanism = self.mechanisms[name]
            before = mechanism.transform.inv(columns[name])
            noise = before - self._shift(name, columns)
            total = total + mechanism.noise.log_prob(noise)
            total = total - mechanism.transform.log_abs_det_jacobian(before, columns[name])
        return total

    def sample(self, people: int, generator: Generator) -> Tensor:
        """Return `people` draws `(people, features)`; features draw in causal order."""
        noise = {name: self.mechanisms[name].draw(people, generator) for name in self.graph.order}
        return self.predict(torch.stack([noise[name] for name in self.graph.names], -1))

    def _shift(self, name: str, columns: Parents) -> Tensor | float:
        mechanism = self.mechanisms[name]
        parents = {parent: columns[parent] for parent in self.graph.parents.get(name, ())}
        if not mechanism.piecewise:
            return mechanism.shift(parents)
        others = {parent: value for parent, value in parents.items() if parent not in mechanism.piecewise.parents}
        return mechanism.shift(others) + mechanism.piecewise(parents)

    def _recomputed(self, name: str, factual: Parents, columns: Parents) -> Tensor:
        transform = self.mechanisms[name].transform
        noise = transform.inv(factual[name]) - self._shift(name, factual)
        return transform(self._shift(name, columns) + noise)
