"""What can be written down exactly of a recourse problem: equations, noises, network."""

from __future__ import annotations

__all__ = ["Equation", "World", "network"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from recourse_arena import NotApplicable, Problem, StructuralCausalModel


@dataclass(frozen=True)
class Equation:
    """How a feature follows those of its causes that can move: columns with their factors.

    Arguments:
        slopes: Factor of each cause.
        hinges: Factor of the positive part of each cause.
    """

    slopes: Mapping[int, float]
    hinges: Mapping[int, float]

    @property
    def causes(self) -> frozenset[int]:
        """The columns it is about."""
        return frozenset(self.slopes) | frozenset(self.hinges)


@dataclass(frozen=True)
class World:
    """A problem's equations and network.

    Arguments:
        scm: The structural causal model.
        names: Features in column order.
        order: Columns in causal order.
        equations: Equation of each column that can move.
        network: Weight and bias of each affine layer, the first on data units; a ReLU between two.
    """

    scm: StructuralCausalModel
    names: tuple[str, ...]
    order: tuple[int, ...]
    equations: Mapping[int, Equation]
    network: Sequence[tuple[np.ndarray, np.ndarray]]

    @classmethod
    def of(cls, problem: Problem) -> World:
        """Return what can be written down of a problem.

        Raises:
            NotApplicable: If its equations are unknown or not piecewise linear where features can move, or its
                classifier is no ReLU network.
        """
        scm, names = problem.scm, problem.features.names
        if scm is None:
            raise NotApplicable(f"certified needs structural equations; those of dataset {problem.dataset} are unknown")
        if not isinstance(scm, StructuralCausalModel):
            raise NotApplicable(
                f"certified needs a StructuralCausalModel, whose equations can be read; "
                f"dataset {problem.dataset} has a {type(scm).__name__}"
            )
        layers = network(problem)
        moving = problem.graph.reach[problem.features.actionable].any(0)
        columns = [names.index(name) for name in problem.graph.order]
        equations = {j: _equation(scm, names, j, moving) for j in columns if moving[j]}
        return cls(scm, names, tuple(columns), equations, layers)

    @cached_property
    def not_gaussian(self) -> tuple[str, ...]:
        """Names of features that can move but whose noise is not added and Gaussian."""
        return tuple(self.names[j] for j in self.equations if self.gaussian(j) is None)

    def gaussian(self, column: int) -> tuple[float, float] | None:
        """Return mean and standard deviation of a feature's noise, or none."""
        return self.scm.mechanisms[self.names[column]].gaussian


def network(problem: Problem) -> Sequence[tuple[np.ndarray, np.ndarray]]:
    """Return weight and bias of each affine layer of the classifier.

    Raises:
        NotApplicable: If it does not tell them.
    """
    maps = getattr(problem.classifier, "affine_maps", None)
    if maps is None:
        raise NotApplicable(
            f"certified needs a ReLU network that tells its layers (`affine_maps`); "
            f"the classifier of dataset {problem.dataset} is a {type(problem.classifier).__name__}"
        )
    return [(weight.numpy(), bias.numpy()) for weight, bias in maps]


def _equation(scm: StructuralCausalModel, names: Sequence[str], column: int, moving: torch.Tensor) -> Equation:
    mechanism, name = scm.mechanisms[names[column]], names[column]
    causes = [cause for cause in scm.graph.parents.get(name, ()) if moving[names.index(cause)]]
    unknown = [cause for cause in causes if cause not in mechanism.piecewise.parents]
    if unknown or (causes and not mechanism.additive):
        raise NotApplicable(
            f"certified needs piecewise linear equations; that of {name!r} does not say how it follows "
            f"{', '.join(unknown or causes)} (see Mechanism.piecewise)"
        )
    slopes, hinges = (
        {names.index(cause): factor for cause, factor in terms.items() if moving[names.index(cause)]}
        for terms in (mechanism.piecewise.slopes, mechanism.piecewise.hinges)
    )
    return Equation(slopes, hinges)
