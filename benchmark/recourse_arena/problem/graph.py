"""The causal graph: who causes whom."""

from __future__ import annotations

__all__ = ["CausalGraph"]

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from recourse_arena.base.errors import ArenaError, unknown

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class CausalGraph:
    """A directed acyclic graph over named features.

    Arguments:
        names: Features in column order.
        parents: Parents of each feature; a feature left out is a root.

    Example:
        >>> graph = CausalGraph(("a", "b", "c"), {"b": ("a",), "c": ("a", "b")})
        >>> graph.order, graph.longest_path(["a"]), graph.longest_path(["c"])
        (('a', 'b', 'c'), 2, 0)
        >>> CausalGraph(("a", "b"), {"a": ("b",), "b": ("a",)})
        Traceback (most recent call last):
        ...
        recourse_arena.base.errors.ArenaError: the causal graph has a cycle: a -> b -> a
    """

    names: tuple[str, ...]
    parents: Mapping[str, tuple[str, ...]]

    def __post_init__(self) -> None:
        for name in (*self.parents, *(p for ps in self.parents.values() for p in ps)):
            if name not in self.names:
                raise unknown("feature in the causal graph", name, self.names)
        try:
            _ = self.order
        except CycleError as error:
            cycle = error.args[1][:-1]
            first = cycle.index(min(cycle, key=self.names.index))
            path = " -> ".join([*cycle[first:], *cycle[: first + 1]])
            raise ArenaError(f"the causal graph has a cycle: {path}") from None

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Features so that parents come before children: by depth, in column order at equal depth."""
        sorter = TopologicalSorter({name: self.parents.get(name, ()) for name in self.names})
        sorter.prepare()
        found: list[str] = []
        while sorter.is_active():
            ready = sorted(sorter.get_ready(), key=self.names.index)
            found.extend(ready)
            sorter.done(*ready)
        return tuple(found)

    @cached_property
    def adjacency(self) -> torch.Tensor:
        """Bool `(features, features)`: entry (i, j) says that feature i depends on j or is j."""
        import torch

        matrix = torch.eye(len(self.names), dtype=torch.bool)
        for child, parents in self.parents.items():
            for parent in parents:
                matrix[self.names.index(child), self.names.index(parent)] = True
        return matrix

    @cached_property
    def reach(self) -> torch.Tensor:
        """Bool `(features, features)`: entry (j, i) says that i is j or a descendant of j."""
        import torch

        reach = torch.eye(len(self.names), dtype=torch.bool)
        for name in self.order:
            i = self.names.index(name)
            for parent in self.parents.get(name, ()):
                reach[:, i] |= reach[:, self.names.index(parent)]
        return reach

    def longest_path(self, sources: Iterable[str]) -> int:
        """Return the number of edges of the longest directed path that starts in `sources`."""
        return max(self._depth(sources).values(), default=0)

    def layers_behind(self, sources: Iterable[str]) -> list[torch.Tensor]:
        """Return the columns of all descendants of `sources`, by the length of the longest path that leads there.

        Example:
            >>> CausalGraph(("a", "b", "c"), {"b": ("a",), "c": ("a", "b")}).layers_behind(["a"])
            [tensor([1]), tensor([2])]
        """
        import torch

        depth = self._depth(sources)
        layers = [
            [self.names.index(n) for n in depth if depth[n] == k] for k in range(1, max(depth.values(), default=0) + 1)
        ]
        return [torch.tensor(sorted(layer)) for layer in layers]

    def _depth(self, sources: Iterable[str]) -> dict[str, int]:
        depth = dict.fromkeys(sources, 0)
        for name in self.order:
            for parent in self.parents.get(name, ()):
                if parent in depth:
                    depth[name] = max(depth.get(name, 0), depth[parent] + 1)
        return depth
