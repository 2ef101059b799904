"""The two models of a recourse problem, as protocols: causal model and classifier."""

from __future__ import annotations

__all__ = ["CausalModel", "Classifier", "Decisions"]

from typing import Protocol, runtime_checkable

from torch import Generator, Tensor


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
class Decisions(Protocol):
    """A black box that says yes or no."""

    def accepts(self, x: Tensor) -> Tensor:
        """Return who of `x` `(..., features)` is decided positively, bool `(...,)`."""
        ...


@runtime_checkable
class Classifier(Decisions, Protocol):
    """A differentiable binary decision: positive where the logit is at least 0, that is `p >= 0.5`."""

    def logit(self, x: Tensor) -> Tensor:
        """Return the log odds `(...,)` of a positive decision."""
        ...
