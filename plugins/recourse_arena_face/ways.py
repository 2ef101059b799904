"""From a request to the ends of paths, and the people along them."""

from __future__ import annotations

__all__ = ["Ways", "advise"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from recourse_arena import Asking, Encoding, Outcome, Problem, Recommendation, Request, generator
from recourse_arena_adapting.donors import Donors
from recourse_arena_face.graph import Graph

if TYPE_CHECKING:
    from recourse_arena_face import Face

_PEOPLE = 128
"""How many people's paths are looked for at once."""


@dataclass(frozen=True)
class Ways:
    """The graph of training people, and who of them may be the end of a path.

    Arguments:
        graph: The graph.
        nodes: Its people.
        ends: Who is accepted, confidently, and dense enough, bool `(nodes,)`.
    """

    graph: Graph
    nodes: Donors
    ends: Tensor

    @classmethod
    def of(cls, face: Face, problem: Problem, seed: int) -> Ways:
        """Return the graph of a problem's training people."""
        x, features = problem.training.x, problem.features
        if len(x) > face.people:
            x = x[torch.randperm(len(x), generator=generator(seed, "face", "people"))[: face.people]]
        neighbours = face.neighbours if face.graph == "knn" else None
        encoding = Encoding.fitted(features, problem.training.x)
        graph = Graph.of(encoding, x, neighbours, face.radius, face.weight)
        ends = problem.decisions.accepts(x)
        if face.confidence > 0:
            ends &= problem.scores.probability(x) >= face.confidence
        if face.sparse > 0:
            density = graph.log_density(graph.z)
            ends &= density >= density.quantile(face.sparse)
        return cls(graph, Donors.of(x, problem.training.x, features.categorical), ends)

    def allowed(self, asking: Asking) -> Tensor:
        """Return which ends differ from people in nothing but what is free and inside their box, `(people, nodes)`."""
        x = self.nodes.x[:, None]
        return self.ends & (asking.inside(x) | (x == asking.request.factual)).all(-1).T


@torch.no_grad()
def advise(face: Face, request: Request) -> tuple[Recommendation, list[Tensor]]:
    """Return how each person becomes the person at the end of their path, and the people along it."""
    ways, nodes = face.ways, face.ways.nodes
    answer = request.unanswered()
    mask, values, outcome = answer.mask, answer.values, answer.outcome
    paths = [request.factual[:0]] * len(request)
    for people in request.actionable.any(1).nonzero()[:, 0].split(_PEOPLE):
        if not len(people):
            break
        asking = Asking(face.problem, request[people], causal=face.causal)
        length, before = ways.graph.shortest(asking.request.factual)
        ends = ways.ends if face.constraints == "borrow" else ways.allowed(asking)
        length = torch.where(ends, length, torch.inf)
        most = max(1, int(length.isfinite().sum(1).max()))
        order = length.argsort(dim=1, stable=True)[:, :most]
        end = nodes.first(asking, order, length.isfinite())
        found = (end >= 0).nonzero()[:, 0]
        taken, whom = nodes.taken(asking[found], end[found])
        mask[people[found]], values[people[found]] = taken, whom
        outcome[people[found]] = Outcome.SOLVED.code
        for row, steps in zip(found.tolist(), _steps(before[found.numpy()], end[found], len(nodes)), strict=True):
            paths[int(people[row])] = nodes.x[steps]
    return answer, paths


def _steps(before: Any, end: Tensor, nodes: int) -> list[Tensor]:
    """Return the nodes along each path, from the first to its end."""
    before = torch.from_numpy(before).long()
    trace, at = [end], end
    while len(end) and (inside := at < nodes).any():
        at = torch.where(inside, before[torch.arange(len(end)), at.clamp(max=before.shape[1] - 1)], at)
        trace.append(at)
    whole = torch.stack(trace, 1).flip(1)
    return [row[row < nodes].unique_consecutive() for row in whole]
