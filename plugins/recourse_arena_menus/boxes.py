"""Who is accepted after every combination of rungs, out of the trees of a decision model: exact, and nobody is asked.

For one person all but the actionable features are fixed, so that the leaves of a tree are boxes of rungs. A box starts
as all rungs and is narrowed along the tree; leaves that nothing is left of are never reached. The values of all leaves
are summed in a difference table: at the corners of their boxes, and then along each ladder.
"""

from __future__ import annotations

__all__ = ["ByTrees", "accepted_by_trees"]

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from recourse_arena import Box, Knowledge, NotApplicable, Problem, Request, Trees
from recourse_arena_menus.ladders import Ladders

_CELLS = 1 << 21
"""Cells of the difference table of people that are decided together."""

_KEPT = 1 << 26
"""Combinations of rungs times people that are kept."""

_CHEAPER = 1000
"""How many combinations of rungs are decided, at most, for each action that is asked about."""

_STARTS = 1 << 16
"""People times trees that are walked down together."""


class ByTrees:
    """Who is accepted after which actions, where the decision model is made of trees and nothing follows from actions.

    Where there is room for all combinations of rungs, they are decided once; else those that some actions span.

    Arguments:
        problem: The problem.
        trees: What its decision model is made of.
        ladders: What actions are made of.
        request: The people.
    """

    def __init__(self, problem: Problem, trees: Trees, ladders: Ladders, request: Request) -> None:
        self.problem, self.trees, self.ladders, self.request = problem, trees, ladders, request
        self._all: Tensor | None = None

    @classmethod
    def of(cls, problem: Problem, ladders: Ladders, request: Request) -> ByTrees | None:
        """Return it, or none where decisions must be asked for: the solver does not know the structure, or has none."""
        if Knowledge.STRUCTURE not in problem.knows or problem.without_effects is None or not len(ladders):
            return None
        try:
            return cls(problem, problem.trees, ladders, request)
        except NotApplicable:
            return None

    def __call__(self, actions: Tensor) -> Tensor | None:
        """Return who is accepted after actions, bool `(actions, people)`; what is not available is as it comes.

        None where that would take longer than to ask.

        Arguments:
            actions: Rungs, long `(actions, ladders)`.
        """
        if not len(self.request):
            return None
        widths = self.ladders.widths.tolist()
        if math.prod(widths) * len(self.request) <= _KEPT:
            if self._all is None:
                self._all = self._spanned([torch.arange(width) for width in widths], None)
            return self._all[_codes(actions, widths)]
        used = [column.unique(return_inverse=True) for column in actions.T]
        narrow = [len(rungs) for rungs, _ in used]
        if math.prod(narrow) > _CHEAPER * len(actions):
            return None
        return self._spanned([rungs for rungs, _ in used], _codes(torch.stack([place for _, place in used], 1), narrow))

    def _spanned(self, rungs: list[Tensor], codes: Tensor | None) -> Tensor:
        """Return who is accepted after all combinations of some rungs, or those with some codes, `(codes, people)`."""
        request, count = self.request, math.prod(map(len, rungs))
        parts = []
        for some in torch.arange(len(request)).split(max(1, _KEPT // count)):
            reached = [self._reached(ladder, some, kept) for ladder, kept in enumerate(rungs)]
            columns = [ladder.column for ladder in self.ladders.ladders]
            found = accepted_by_trees(self.problem, self.trees, request.factual[some], columns, reached).flatten(1)
            parts.append((found if codes is None else found[:, codes]).T)
        return torch.cat(parts, 1).contiguous()

    def _reached(self, ladder: int, some: Tensor, rungs: Tensor) -> Tensor:
        """Return what rungs of a ladder make of its feature for some people, `(people, rungs)`."""
        actions = self.ladders.home.repeat(len(rungs), 1)
        actions[:, ladder] = rungs
        asked, features = self.request, self.ladders.features
        box = Box(asked.box.lower[some], asked.box.upper[some])
        offers = self.ladders.menu(actions).offers(asked.factual[some], features, asked.actionable[some], box)
        return offers.values[:, :, self.ladders.ladders[ladder].column]


def _codes(actions: Tensor, widths: list[int]) -> Tensor:
    """Return the place of each action among all combinations of so many rungs, `(actions,)`."""
    code = torch.zeros(len(actions), dtype=torch.int64)
    for place, width in enumerate(widths):
        code = code * width + actions[:, place]
    return code


def accepted_by_trees(
    problem: Problem, trees: Trees, factual: Tensor, columns: Sequence[int], reached: Sequence[Tensor]
) -> Tensor:
    """Return who is accepted after each combination of rungs, bool `(people, rungs of the first ladder, ...)`.

    Sums that are so close to the least one for a yes that the model may round them to either side are few; about
    these the model is asked.

    Arguments:
        problem: The problem, whose decision model is asked.
        trees: What it is made of.
        factual: The people, `(people, features)`.
        columns: The feature of each ladder.
        reached: What each rung makes of the ladder's feature, `(people, rungs)` each.
    """
    widths = [part.shape[1] for part in reached]
    world = _World.of(trees, factual, columns, reached)
    found = torch.empty(len(factual), *widths, dtype=torch.bool)
    for some in torch.arange(len(factual)).split(max(1, _CELLS // math.prod(widths))):
        sums = world.sums(some)
        found[some] = sums >= trees.least
        near = ((sums - trees.least).abs() <= trees.rounding).nonzero(as_tuple=True)
        if len(near[0]):
            rows = factual[some][near[0]].clone()
            for column, values, rung in zip(columns, reached, near[1:], strict=True):
                rows[:, column] = values[some][near[0], rung]
            found[(some[near[0]], *near[1:])] = problem.decisions.accepts(rows)
    return found


@dataclass(frozen=True)
class _World:
    """Encoded people and rungs.

    Arguments:
        trees: The trees.
        factual: The people.
        columns: The feature of each ladder.
        reached: What rungs make of it.
        inside: Ladders along which the tested column ascends for everybody: boxes are intervals of their rungs.
        cuts: For each of them the number of rungs that are not above each distinct threshold of its column,
            `(people, thresholds)`.
        place: The threshold of each node among these; the tested column of others, long `(nodes,)`.
        slot: The place of each node's ladder in `inside`; -1 of other nodes, -2 of leaves, long `(nodes,)`.
    """

    trees: Trees
    factual: Tensor
    columns: Sequence[int]
    reached: Sequence[Tensor]
    inside: list[int]
    cuts: list[np.ndarray]
    place: np.ndarray
    slot: np.ndarray

    @classmethod
    def of(cls, trees: Trees, factual: Tensor, columns: Sequence[int], reached: Sequence[Tensor]) -> _World:
        """Return it."""
        column, threshold = trees.column.numpy(), trees.threshold.numpy()
        slot, place = np.where(column < 0, -2, -1), np.where(column < 0, 0, column)
        inside: list[int] = []
        cuts: list[np.ndarray] = []
        for ladder, (feature, values) in enumerate(zip(columns, reached, strict=True)):
            tested = (trees.encoding.owner == feature).nonzero()[:, 0].tolist()
            if len(tested) != 1:
                continue
            rungs = factual[:, None].expand(-1, values.shape[1], -1).clone()
            rungs[..., feature] = values
            seen = trees.encoding.encode(rungs.float())[..., tested[0]].contiguous()
            if not (seen[:, 1:] >= seen[:, :-1]).all():
                continue
            nodes = column == tested[0]
            distinct, which = np.unique(threshold[nodes], return_inverse=True)
            ends = torch.from_numpy(distinct).expand(len(seen), -1).contiguous()
            cuts.append(torch.searchsorted(seen, ends, right=True).to(torch.int32).numpy())
            slot[nodes], place[nodes] = len(inside), which
            inside.append(ladder)
        return cls(trees, factual, columns, reached, inside, cuts, place, slot)

    def sums(self, some: Tensor) -> Tensor:
        """Return the sum of the leaves of some people's combinations, in double precision `(people, rungs, ...)`."""
        outside = [ladder for ladder in range(len(self.columns)) if ladder not in self.inside]
        widths = [part.shape[1] for part in self.reached]
        rows = self.factual[some]
        for ladder in outside:  # each of their rungs is a person of its own
            rows = rows[..., None, :].expand(*rows.shape[:-1], widths[ladder], -1).clone()
            values = self.reached[ladder][some]
            rows[..., self.columns[ladder]] = values.reshape(len(some), *[1] * (rows.ndim - 3), -1)
        who = torch.arange(len(some)).reshape(-1, *[1] * (rows.ndim - 2)).expand(rows.shape[:-1]).reshape(-1)
        summed = self._summed(rows.reshape(-1, rows.shape[-1]), some[who])
        order = [*outside, *self.inside]
        table = torch.from_numpy(summed).reshape(len(some), *[widths[ladder] for ladder in order])
        return table.permute(0, *[1 + order.index(ladder) for ladder in range(len(order))])

    def _summed(self, rows: Tensor, who: Tensor) -> np.ndarray:
        """Return sums `(rows, rungs of the ladders inside)`; `who` `(rows,)` says whose cuts are a row's."""
        widths = [self.reached[ladder].shape[1] for ladder in self.inside]
        table = _Table(len(rows), widths)
        seen = self.trees.encoding.encode(rows.float()).numpy()
        cuts = [cut[who.numpy()] for cut in self.cuts]
        for first in range(0, len(rows), max(1, _STARTS // len(self.trees.roots))):
            part = slice(first, first + max(1, _STARTS // len(self.trees.roots)))
            for leaves in self._leaves(seen[part], [cut[part] for cut in cuts], widths):
                table.add(leaves[0].astype(np.int64) + first, leaves[1:-1], leaves[-1])
        return table.sums() + self.trees.base

    def _leaves(self, seen: np.ndarray, cuts: list[np.ndarray], widths: list[int]) -> Iterator[list[np.ndarray]]:
        """Go through the leaves that rows reach: row, first rung and end of each ladder, value."""
        trees, slot, place = self.trees, self.slot, self.place
        threshold, value = trees.threshold.numpy(), trees.value.numpy()
        yes, no, roots = (nodes.to(torch.int32).numpy() for nodes in (trees.yes, trees.no, trees.roots))
        row = np.repeat(np.arange(len(seen), dtype=np.int32), len(roots))
        node = np.tile(roots, len(seen))
        box = [np.full(len(node), end, dtype=np.int32) for width in widths for end in (0, width)]
        while len(node):
            kind = slot[node]
            at = np.flatnonzero(kind == -2)
            if len(at):
                yield [row[at], *(side[at] for side in box), value[node[at]]]
            at = np.flatnonzero(kind == -1)
            below = seen[row[at], place[node[at]]] <= threshold[node[at]]
            parts = [[row[at], np.where(below, yes[node[at]], no[node[at]]), *(side[at] for side in box)]]
            for ladder, cut in enumerate(cuts):
                at = np.flatnonzero(kind == ladder)
                split = cut[row[at], place[node[at]]]
                low, high = box[2 * ladder][at], box[2 * ladder + 1][at]
                for children, left, right, there in (
                    (yes, low, np.minimum(high, split), split > low),
                    (no, np.maximum(low, split), high, split < high),
                ):
                    kept = at[there]
                    sides = [side[kept] for side in box]
                    sides[2 * ladder], sides[2 * ladder + 1] = left[there], right[there]
                    parts.append([row[kept], children[node[kept]], *sides])
            row, node, *box = (np.concatenate(found) for found in zip(*parts, strict=True))


class _Table:
    """Sums over boxes of rungs: what a box adds is noted at its corners, and summed along each ladder at the end."""

    def __init__(self, rows: int, widths: list[int]) -> None:
        self.shape = (rows, *(width + 1 for width in widths))
        self._noted = np.zeros(int(np.prod(self.shape)))

    def add(self, row: np.ndarray, box: list[np.ndarray], value: np.ndarray) -> None:
        """Add values to the boxes of rows, between the first rung and the end of each ladder."""
        corners = [(row, value)]
        for ladder, width in enumerate(self.shape[1:]):
            low, high = box[2 * ladder], box[2 * ladder + 1]
            corners = [
                (cell * width + end, sign * noted) for cell, noted in corners for end, sign in ((low, 1), (high, -1))
            ]
        for cell, noted in corners:
            np.add.at(self._noted, cell, noted)

    def sums(self) -> np.ndarray:
        """Return the sums, `(rows, rungs, ...)`."""
        table = self._noted.reshape(self.shape)
        for axis in range(1, table.ndim):
            np.cumsum(table, axis=axis, out=table)
        return table[(slice(None), *(slice(-1) for _ in self.shape[1:]))]
