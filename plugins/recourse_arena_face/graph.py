"""The graph of training people, and those who ask beside it."""

from __future__ import annotations

__all__ = ["Graph"]

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra
from sklearn.neighbors import NearestNeighbors
from torch import Tensor

from recourse_arena import Encoding

_ROWS = 1 << 24
"""Numbers held at once while densities are computed."""
_LEAST = 1e-9
"""Least weight of an edge: paths have positive lengths."""


@dataclass(frozen=True)
class Graph:
    """People as nodes, joined to who is near.

    Arguments:
        encoding: How people are told apart.
        z: The nodes' columns, `(nodes, columns)`.
        neighbours: How many nearest people each is joined to; none: all within `radius`.
        radius: Up to which distance people are joined.
        weight: What an edge weighs: `kde`, `distance` or `hops`.
    """

    encoding: Encoding
    z: Tensor
    neighbours: int | None
    radius: float
    weight: str

    @classmethod
    def of(cls, encoding: Encoding, x: Tensor, neighbours: int | None, radius: float, weight: str) -> Graph:
        """Return the graph of people `x` `(nodes, features)`."""
        return cls(encoding, columns_of(encoding, x), neighbours, radius, weight)

    def __post_init__(self) -> None:
        near = NearestNeighbors(radius=self.radius, algorithm="brute").fit(self.z.numpy())
        object.__setattr__(self, "_near", near)
        object.__setattr__(self, "_top", float(self.log_density(self.z).max()))
        edges = self._edges(self.z, among=True)
        object.__setattr__(self, "_inner", edges.maximum(edges.T))

    def log_density(self, z: Tensor) -> Tensor:
        """Return the log of a kernel estimate at points `(points, columns)`, without its constant, `(points,)`."""
        nodes, width = self.z.shape
        bandwidth = nodes ** (-1 / (width + 4))
        scaled, points = self.z / bandwidth, z / bandwidth
        parts = [
            torch.logsumexp(-0.5 * torch.cdist(part, scaled).square(), dim=1) - math.log(nodes)
            for part in points.split(max(1, _ROWS // nodes))
        ]
        return torch.cat(parts) if parts else z.new_zeros(0)

    def shortest(self, x: Tensor) -> tuple[Tensor, Any]:
        """Return the length of the shortest path of people `x` to each node, `(people, nodes)`, and predecessors."""
        nodes, people = len(self.z), len(x)
        outer = self._edges(columns_of(self.encoding, x)).tocoo()
        inner = self._inner.tocoo()  # type: ignore[attr-defined]
        rows = np.concatenate([inner.row, outer.row + nodes])
        columns, weights = np.concatenate([inner.col, outer.col]), np.concatenate([inner.data, outer.data])
        whole = csr_array((weights, (rows, columns)), shape=(nodes + people, nodes + people))
        length, before = dijkstra(whole, indices=np.arange(nodes, nodes + people), return_predecessors=True)
        return torch.from_numpy(length[:, :nodes]), before

    def _edges(self, z: Tensor, *, among: bool = False) -> csr_array:
        """Return the weights of edges from points `(points, columns)` to nodes."""
        near, asked = self._near, None if among else z.numpy()  # type: ignore[attr-defined]
        if self.neighbours is None:
            found = near.radius_neighbors_graph(asked, mode="connectivity")
        else:
            count = min(self.neighbours, len(self.z) - among)
            found = near.kneighbors_graph(asked, n_neighbors=count, mode="connectivity")
        rows, columns = (torch.from_numpy(part.astype(np.int64)) for part in found.nonzero())
        weights = self._weights(z, rows, columns)
        return coo_array((weights.numpy(), (rows.numpy(), columns.numpy())), shape=(len(z), len(self.z))).tocsr()

    def _weights(self, z: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        if self.weight == "hops":
            return torch.ones(len(rows), dtype=torch.float64)
        length = (z[rows] - self.z[columns]).norm(dim=1)
        if self.weight == "kde":
            middle = (z[rows] + self.z[columns]) / 2
            length = length * (self._top - self.log_density(middle)).clamp(min=0)  # type: ignore[attr-defined]
        return length.clamp(min=_LEAST)


def columns_of(encoding: Encoding, x: Tensor) -> Tensor:
    """Return people as columns `(people, columns)` in double precision, another category at a distance of 1."""
    z = encoding.encode(x.double())
    return torch.where(encoding.codes < 0, z, z / math.sqrt(2))
