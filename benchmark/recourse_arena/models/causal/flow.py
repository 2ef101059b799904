"""Causal normalizing flows: a causal model learnt from data and a graph."""

from __future__ import annotations

__all__ = ["CausalFlow"]

import math
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from typing import Any

import torch
import zuko
from torch import Generator, Tensor, nn
from torch.nn.functional import linear
from zuko.transforms import DependentTransform
from zuko.utils import unpack

from recourse_arena.base.errors import ArenaError
from recourse_arena.interfaces.recipes import FlowRecipe
from recourse_arena.models.causal.spline import Spline
from recourse_arena.people.features import FeatureTable, Kind
from recourse_arena.problem.graph import CausalGraph

_FAMILIES: dict[str, Callable[..., zuko.flows.MAF]] = {
    "affine": zuko.flows.MAF,
    "spline": partial(zuko.flows.MAF, univariate=Spline, shapes=[(8,), (8,), (7,)]),
}
"""By transform; the spline has 8 bins: widths, heights, slopes in between."""


class CausalFlow(nn.Module):
    """One masked autoregressive transform along the causal graph, with a standard normal base.

    Features are standardised inside; densities are in data units. Counts (integer and ordinal features) are
    modelled as spread uniformly over the unit cell `[x, x + 1)` and evaluated at its midpoint `x + 1/2`.

    Arguments:
        features: The features.
        graph: The causal graph.
        recipe: Kind of transform and hidden widths.

    Raises:
        ArenaError: If the graph has no edge; zuko builds no network for it.

    References:
        Javaloy et al., Causal normalizing flows, NeurIPS 2023 (arXiv 2306.05415).
    """

    mean: Tensor
    sd: Tensor
    midpoint: Tensor

    def __init__(self, features: FeatureTable, graph: CausalGraph, recipe: FlowRecipe) -> None:
        super().__init__()
        if not any(graph.parents.values()):
            raise ArenaError("a causal flow needs a causal graph with an edge: expected some feature to have a parent")
        self.graph = graph
        self.network = _FAMILIES[recipe.transform](
            features=len(features),
            transforms=1,
            adjacency=graph.adjacency,
            hidden_features=recipe.hidden,
            activation=nn.ELU,
        )
        _check_zuko(self.network)
        counts = [feature.kind in (Kind.INTEGER, Kind.ORDINAL) for feature in features]
        self.register_buffer("mean", torch.zeros(len(features)))
        self.register_buffer("sd", torch.ones(len(features)))
        self.register_buffer("midpoint", torch.tensor(counts) * 0.5)

    def abduct(self, x: Tensor) -> Tensor:
        """Return the noise `(..., features)` that explains `x`."""
        z = self._standardised(x)
        return self._given(z)(z)

    def predict(self, u: Tensor) -> Tensor:
        """Return the features that noise `u` leads to."""
        x = torch.zeros_like(u)
        for _ in range(self.graph.longest_path(self.graph.names) + 1):
            x = self._caused(u, x, self._everything)
        return x

    def counterfactual(self, x: Tensor, mask: Tensor, values: Tensor) -> Tensor:
        """Return `x` had `do(x_j = values_j)` been done for masked j; all arguments broadcast.

        The noise of everything else is kept. Only features that move for somebody are recomputed, each once, in
        causal order; features without an intervened cause keep their factual value exactly.
        """
        u, x, mask, values = torch.broadcast_tensors(self.abduct(x), x, mask, values)
        moving = self._descendants(mask) & ~mask
        moves = moving.reshape(-1, moving.shape[-1]).any(0)
        after = torch.where(mask, values, x)
        for layer in self.graph.layers_behind(_any_hit(mask, self.graph.names)):
            columns = layer[moves[layer]]
            if len(columns):
                caused = torch.where(moving[..., columns], self._caused(u, after, columns), after[..., columns])
                after = after.index_copy(-1, columns, caused)
        return after

    def latent_intervention_with_density(
        self, x: Tensor, u: Tensor, mask: Tensor, feasible: Callable[[Tensor], Tensor]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the effect of setting the noise of masked features to that in `u`, in causal order, with its density.

        Cheaper than asking for the density afterwards: nothing that moves last is the cause of anything, so the
        last pass through the network already knows the causes as they end up.

        Arguments:
            x: Factual people, `(people, features)`.
            u: Their noise with the edits made.
            mask: Features acted upon.
            feasible: Maps wanted values to feasible ones before their effects are computed.

        Returns:
            The counterfactual, and the values wanted before `feasible`, both `(people, features)`, and the log-density
            of the counterfactual, `(people,)`.
        """
        after, wanted, parameters = self._edited(x, u, mask, feasible)
        transform = DependentTransform(self._univariate(parameters), 1)
        return after, wanted, self._log_density(self._standardised(after), transform)

    def _edited(
        self, x: Tensor, u: Tensor, mask: Tensor, feasible: Callable[[Tensor], Tensor]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return counterfactual, wanted values and the parameters of the elementwise maps given its causes."""
        moving = self._descendants(mask)
        behind = self.graph.layers_behind(_any_hit(mask, self.graph.names))
        first = mask.reshape(-1, mask.shape[-1]).any(0).index_fill(0, torch.cat([torch.arange(0), *behind]), False)
        after = wanted = x
        for columns in (first.nonzero().squeeze(1), *behind):
            parameters = self._map_parameters(self._standardised(after))
            if len(columns):
                z = self._univariate(parameters[..., columns, :]).inv(u[..., columns])
                caused = z * self.sd[columns] + self.mean[columns] - self.midpoint[columns]
                wanted = wanted.index_copy(-1, columns, torch.where(moving[..., columns], caused, x[..., columns]))
                after = torch.where(mask, feasible(wanted), wanted)
        return after, wanted, parameters

    def log_density(self, x: Tensor) -> Tensor:
        """Return `log p(x)` in nats and data units, `(...,)`."""
        z = self._standardised(x)
        return self._log_density(z, self._given(z))

    def sample(self, people: int, generator: Generator) -> Tensor:
        """Return `people` draws `(people, features)`."""
        return self.predict(torch.randn(people, len(self.graph.names), generator=generator, dtype=self.mean.dtype))

    def _standardised(self, x: Tensor) -> Tensor:
        return (x + self.midpoint - self.mean) / self.sd

    def _log_density(self, z: Tensor, given_causes: Any) -> Tensor:
        if not z.numel():  # zuko cannot sum over the features of nobody
            return z.new_zeros(z.shape[:-1])
        u, log_slope = given_causes.call_and_ladj(z)
        normal = -0.5 * (u.square().sum(-1) + u.shape[-1] * math.log(2 * math.pi))
        return normal + log_slope - self.sd.log().sum()

    def _given(self, z: Tensor, columns: Tensor | None = None) -> Any:
        """Return zuko's elementwise map from features (or some `columns` of them) to noise, given the causes in `z`."""
        autoregressive = self.network.transform.transforms[0]
        if columns is None:
            return autoregressive.meta(None, z)
        *hidden, last = autoregressive.hyper
        for layer in hidden:
            z = layer(z)
        rows = (columns[:, None] * autoregressive.total + torch.arange(autoregressive.total)).flatten()
        weight = last.weight[rows] * last.mask[rows]
        parameters = linear(z, weight, last.bias[rows])
        return self._univariate(parameters.unflatten(-1, (-1, autoregressive.total)))

    def _map_parameters(self, z: Tensor) -> Tensor:
        """Return the parameters of every elementwise map, given the causes in `z`, `(..., features, parameters)`."""
        autoregressive = self.network.transform.transforms[0]
        return autoregressive.hyper(z).unflatten(-1, (-1, autoregressive.total))

    def _univariate(self, parameters: Tensor) -> Any:
        autoregressive = self.network.transform.transforms[0]
        return autoregressive.univariate(*unpack(parameters, autoregressive.shapes))

    def _caused(self, u: Tensor, x: Tensor, columns: Tensor) -> Tensor:
        """Return what noise `u` makes of some `columns` if their causes are as in `x`."""
        z = self._given(self._standardised(x), columns).inv(u[..., columns])
        return z * self.sd[columns] + self.mean[columns] - self.midpoint[columns]

    @property
    def _everything(self) -> Tensor:
        return torch.arange(len(self.graph.names))

    def _descendants(self, mask: Tensor) -> Tensor:
        return (mask.to(self.mean.dtype) @ self.graph.reach.to(self.mean.dtype)) > 0


def _check_zuko(network: nn.Module) -> None:
    """Refuse a version of zuko whose flows are built otherwise: parts of them are computed here.

    Raises:
        ArenaError: With the version, and what is missing.
    """
    transforms = getattr(getattr(network, "transform", None), "transforms", None)
    autoregressive: Any = transforms[0] if transforms else None
    wanted = ("hyper", "total", "meta", "univariate", "shapes")
    lacking = [name for name in wanted if not hasattr(autoregressive, name)]
    if not lacking and not hasattr(autoregressive.hyper[-1], "mask"):
        lacking = ["hyper[-1].mask"]
    if lacking:
        raise ArenaError(
            f"the causal flow cannot be built with zuko {version('zuko')}: its transform has no {', '.join(lacking)};\n"
            f"install a version from 1.4 and below 2"
        )


def _any_hit(mask: Tensor, names: tuple[str, ...]) -> list[str]:
    hits = mask.reshape(-1, mask.shape[-1]).any(0).tolist()
    return [name for name, hit in zip(names, hits, strict=True) if hit]
