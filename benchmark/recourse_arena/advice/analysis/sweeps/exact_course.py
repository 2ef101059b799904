"""The exact course of a decision along one feature: where network, effects and rules are linear in pieces."""

from __future__ import annotations

__all__ = ["ExactCourse"]

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena.advice.analysis.case import Case
from recourse_arena.advice.analysis.sweeps.sweep import Sweep
from recourse_arena.models.causal.no_effects import NoEffects
from recourse_arena.models.causal.structural import StructuralCausalModel
from recourse_arena.people.features import Kind
from recourse_arena.people.rules import AtMost
from recourse_arena.problem.model_protocols import AffineLayers

_STEPS = 8.0
"""Steps of the people's precision, by which the judge's counterfactuals may differ from exact ones."""


@dataclass(frozen=True)
class ExactCourse:
    """Functions of the value of one feature that are linear between neighbouring points, in double precision.

    A line is taken through the structural equations and the layers of the network; each hinge `max(0, x)` and each
    ReLU adds the points at which it bends. So the sign between two points is known, not sampled.

    Arguments:
        at: Values of the feature, ascending, `(points,)`.
        logit: Log odds of a positive decision there, `(points,)`.
        room: How far each rule's sum is below its limit, `(points, rules)`; those that the person keeps as they are.
        margin: Logits nearer to 0 than that may be decided either way by rounding.
    """

    at: Tensor
    logit: Tensor
    room: Tensor
    margin: float

    @classmethod
    def of(cls, case: Case, sweep: Sweep) -> ExactCourse | None:
        """Return the course of a sweep's action, or none where its structure is not known to be linear in pieces.

        Needed are a decision model that tells its layers
        (:class:`~recourse_arena.problem.model_protocols.AffineLayers`), no effects or structural equations that say
        in :class:`~recourse_arena.models.causal.piecewise.PiecewiseLinear` how they follow what moves, and that no
        category and no rule between levels moves with the feature. Whole numbers are taken through what lies between.
        """
        decisions = case.judge.decisions
        if not isinstance(decisions, AffineLayers):
            return None
        moving = _moving(case, sweep)
        path = None if moving is None else _path(case, sweep, moving)
        if path is None:
            return None
        at, people = path
        room = _room(case, people)
        maps = decisions.affine_maps
        encoding = decisions.encoding
        wide = people[:, encoding.owner]
        columns = torch.where(encoding.codes < 0, wide, (wide == encoding.codes).double())
        margin = _margin(maps, columns, torch.finfo(case.factual.dtype).eps)
        finest, logit = _through(maps, at, columns)
        return cls(finest, logit, _between(at, room, finest), margin)

    def pieces(self, margin: float = 0.0) -> list[tuple[float, float]]:
        """Return the intervals in which the logit is at least `margin` and every rule is kept, ascending."""
        levels = torch.cat([self.logit[:, None] - margin, self.room], 1)
        if len(self.at) == 1:
            return [(float(self.at), float(self.at))] if (levels >= 0).all() else []
        start, end = levels[:-1], levels[1:]
        cut = start / torch.where(start == end, 1.0, start - end)  # the share of the way at which the sign changes
        first = torch.where(start < 0, torch.where(end < 0, 2.0, cut), 0.0).amax(1)
        last = torch.where(end < 0, torch.where(start < 0, -1.0, cut), 1.0).amin(1)
        width = self.at[1:] - self.at[:-1]
        lows, highs = self.at[:-1] + first * width, torch.where(last == 1, self.at[1:], self.at[:-1] + last * width)
        found: list[tuple[float, float]] = []
        good = first <= last
        for low, high in zip(lows[good].tolist(), highs[good].tolist(), strict=True):
            if found and low <= found[-1][1]:
                found[-1] = found[-1][0], high
            else:
                found.append((low, high))
        return found


def _moving(case: Case, sweep: Sweep) -> Mapping[int, Mapping[int, tuple[float, float]]] | None:
    """Return what moves with a feature, in causal order: slope and hinge of each of its moving causes, by columns.

    None where something moves in another way.
    """
    model, features = case.judge.reference, case.request.features
    moving: dict[int, Mapping[int, tuple[float, float]]] = {sweep.column: {}}
    if isinstance(model, StructuralCausalModel):
        for name in model.graph.order:
            j = features.index(name)
            causes = [cause for cause in model.graph.parents.get(name, ()) if features.index(cause) in moving]
            if not causes or sweep.mask[j]:
                continue
            mechanism = model.mechanisms[name]
            if not mechanism.additive or not mechanism.piecewise.parents.issuperset(causes):
                return None
            slopes, hinges = mechanism.piecewise.slopes, mechanism.piecewise.hinges
            moving[j] = {features.index(c): (slopes.get(c, 0.0), hinges.get(c, 0.0)) for c in causes}
    elif not isinstance(model, NoEffects):
        return None
    names = {features.names[j] for j in moving}
    by_level = any(not isinstance(rule, AtMost) and names.intersection(rule.names) for rule in features.rules)
    return None if by_level or any(features[name].kind is Kind.CATEGORICAL for name in names) else moving


def _path(
    case: Case, sweep: Sweep, moving: Mapping[int, Mapping[int, tuple[float, float]]]
) -> tuple[Tensor, Tensor] | None:
    """Return values of the feature and who the person is then, `(points, features)`; none if that is no number."""
    factual, acted = case.factual.double(), sweep.mask.clone()
    values = sweep.values.double()
    if int(acted.sum()) == 1:  # nothing else is done: what the person is now lies on the way
        values = torch.where(acted, factual, values)
    anchor = case.judge.reference.counterfactual(factual[None], acted[None], values[None])[0]
    ends = [sweep.low, sweep.high] if sweep.low < sweep.high else [sweep.low]
    at = torch.tensor(ends, dtype=torch.double)
    people = anchor.repeat(len(at), 1)
    people[:, sweep.column] = at
    for j, causes in moving.items():
        for cause, (_, hinge) in causes.items():
            if hinge:
                at, people = _bent(at, people, people[:, cause : cause + 1])
        for cause, (slope, hinge) in causes.items():
            now, then = people[:, cause], anchor[cause]
            people[:, j] += slope * (now - then) + hinge * (now.clamp(min=0) - then.clamp(min=0))
    return (at, people) if people.isfinite().all() else None


def _room(case: Case, people: Tensor) -> Tensor:
    """Return how far below its limit each sum is that is a rule, `(points, rules)`, if the person keeps it now."""
    features = case.request.features
    now = dict(zip(features.names, case.factual.unbind(), strict=True))
    columns = dict(zip(features.names, people.unbind(1), strict=True))
    rooms = [
        rule.limit - torch.stack([factor * columns[name] for name, factor in rule.terms.items()]).sum(0)
        for rule in features.rules
        if isinstance(rule, AtMost) and bool(rule.kept(now))
    ]
    return torch.stack(rooms, 1) if rooms else people.new_zeros((len(people), 0))


def _through(maps: tuple[tuple[Tensor, Tensor], ...], at: Tensor, columns: Tensor) -> tuple[Tensor, Tensor]:
    """Return the points at which the network bends, and its logit there, `(points,)` both."""
    z = columns
    for number, (weight, bias) in enumerate(maps):
        if number:
            at, z = _bent(at, z, z)
            z = z.clamp(min=0)
        z = z @ weight.T + bias
    return at, z[:, 0]


def _bent(at: Tensor, z: Tensor, watched: Tensor) -> tuple[Tensor, Tensor]:
    """Return values and functions with more points: where a function of `watched` `(points, any)` changes its sign."""
    start, end = watched[:-1], watched[1:]
    segment, function = ((start < 0) & (end > 0) | (start > 0) & (end < 0)).nonzero().unbind(1)
    if not len(segment):
        return at, z
    share = start[segment, function] / (start[segment, function] - end[segment, function])
    between = at[segment] + share * (at[segment + 1] - at[segment])
    crossing = z[segment] + share[:, None] * (z[segment + 1] - z[segment])
    every, order = torch.cat([at, between]).sort(stable=True)
    return every, torch.cat([z, crossing])[order]


def _between(at: Tensor, functions: Tensor, finest: Tensor) -> Tensor:
    """Return functions `(points, any)` that are linear between the points `at`, at more points than these."""
    if len(at) == 1 or not functions.shape[1]:
        return functions[:1].expand(len(finest), -1)
    right = torch.searchsorted(at, finest).clamp(1, len(at) - 1)
    width = at[right] - at[right - 1]
    share = torch.where(width > 0, (finest - at[right - 1]) / torch.where(width > 0, width, 1.0), 0.0)
    return functions[right - 1] + share[:, None] * (functions[right] - functions[right - 1])


def _margin(maps: tuple[tuple[Tensor, Tensor], ...], columns: Tensor, eps: float) -> float:
    """Return by how much rounding of the people can change the logit: no slope is above the layers' sizes together."""
    steepest = maps[0][0].abs()
    for weight, _ in maps[1:]:
        steepest = weight.abs() @ steepest
    return _STEPS * eps * float((columns.abs().amax(0) * steepest[0]).sum())
