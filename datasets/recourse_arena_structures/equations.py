"""The structural equations of chain, collider and triangle.

They are those of Javaloy et al., *Causal normalizing flows* (NeurIPS 2023, arXiv 2306.05415), read from the authors'
package `causalflows` 0.1.0 (module `scms`), with its standard normal noises; densities and counterfactuals were
compared with that package. There noise may be subtracted and has factors; here it is added, with the factor as its
standard deviation, which leaves both the law of the features and every counterfactual as they were. Its collider is
linear only: the nonlinear one here is the first three features of its nonlinear fork.
"""

from __future__ import annotations

__all__ = ["structural_equations"]

from collections.abc import Mapping

import torch
from torch import Tensor

from recourse_arena import CausalGraph, Mechanism, Parents, PiecewiseLinear, StructuralCausalModel


def structural_equations(name: str, equations: str, graph: CausalGraph) -> StructuralCausalModel:
    """Return the structural causal model of a structure; `equations` is `linear` or `nonlinear`."""
    return StructuralCausalModel(graph, _MECHANISMS[name, equations])


def _cubic(p: Parents) -> Tensor:
    return (p["x2"] - 5) ** 3 / 15


def _hill(p: Parents) -> Tensor:
    return 4 * torch.sigmoid(p["x1"] + p["x2"]) - p["x2"] ** 2


def _step(p: Parents) -> Tensor:
    return 20 * torch.sigmoid(p["x2"] ** 2 - p["x1"])


def _linear(**slopes: float) -> PiecewiseLinear:
    return PiecewiseLinear(slopes=slopes)


_MECHANISMS: Mapping[tuple[str, str], Mapping[str, Mechanism]] = {
    ("chain", "linear"): {
        "x1": Mechanism.normal(1.0),
        "x2": Mechanism.normal(1.0, piecewise=_linear(x1=10.0)),
        "x3": Mechanism.normal(2.0, piecewise=_linear(x2=0.25)),
    },
    ("chain", "nonlinear"): {
        "x1": Mechanism.normal(1.0),
        "x2": Mechanism.normal(0.25, shift=lambda p: torch.exp(p["x1"] / 2)),
        "x3": Mechanism.normal(1.0, shift=_cubic),
    },
    ("collider", "linear"): {
        "x1": Mechanism.normal(1.0),
        "x2": Mechanism.normal(1.0, shift=lambda p: 2.0),
        "x3": Mechanism.normal(0.5, piecewise=_linear(x1=-0.5, x2=0.25)),
    },
    ("collider", "nonlinear"): {
        "x1": Mechanism.normal(1.0),
        "x2": Mechanism.normal(1.0),
        "x3": Mechanism.normal(0.5, shift=_hill),
    },
    ("triangle", "linear"): {
        "x1": Mechanism.normal(1.0, shift=lambda p: 1.0),
        "x2": Mechanism.normal(1.0, piecewise=_linear(x1=10.0)),
        "x3": Mechanism.normal(1.0, piecewise=_linear(x1=1.0, x2=0.5)),
    },
    ("triangle", "nonlinear"): {
        "x1": Mechanism.normal(1.0),
        "x2": Mechanism.normal(1.0, shift=lambda p: 2 * p["x1"] ** 2),
        "x3": Mechanism.normal(1.0, shift=_step),
    },
}
