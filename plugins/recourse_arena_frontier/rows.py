"""Searches side by side: what each row may do, and what that leads to."""

from __future__ import annotations

__all__ = ["BLOCK", "Rows", "Slopes", "padded", "root"]

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy
import torch
from torch import Tensor

from recourse_arena import Request
from recourse_arena_frontier.models.course import Course
from recourse_arena_frontier.models.world import World
from recourse_arena_frontier.sums import Sums

BLOCK = 64
"""Numbers of rows are multiples of this: then every row is worked out alike, whatever stands beside it."""

_LOGIT_ERROR, _DENSITY_ERROR = 256, 32
"""What two batches may disagree about, in units of the last place; of the density relative to its size."""

_LARGEST = 1e6
"""Margins are kept within this, so that impossible actions have a place and no infinities."""

_FLATTEST = 1e-2
"""Least slope that is believed: flatter ones would make small misses look far away."""


def padded(rows: Tensor) -> Tensor:
    """Return indices with the last one repeated until their number is a multiple of a block.

    Example:
        >>> padded(torch.tensor([3, 5])).shape
        torch.Size([64])
    """
    missing = -len(rows) % BLOCK
    return torch.cat([rows, rows[-1:].expand(missing)]) if missing else rows


def root(squares: Tensor) -> Tensor:
    """Return the root, rounded as IEEE 754 asks: PyTorch's own of single precision is not alike on all processors."""
    if squares.device.type == "cpu":
        return torch.from_numpy(numpy.sqrt(squares.numpy()))
    return squares.double().sqrt().to(squares.dtype)


class Slopes(NamedTuple):
    """Margins `(2, rows)` and their gradients `(2, actionable, rows)`."""

    margins: Tensor
    gradient: Tensor

    @property
    def scale(self) -> Tensor:
        """Slope of each margin, `(2, rows)`: what turns margins into distances."""
        return root(self.gradient.square().sum(1)).clamp(min=_FLATTEST)


@dataclass(frozen=True)
class Rows:
    """Rows of one person, one set of features to act upon and one search each; they are the last dimension.

    A point `y` `(actionable, rows)` holds the change of each globally actionable feature, in the unit in which the
    weighted cost is `|y|**2`, or where its `power` is 1 the sum of `|y|`. Margins `(2, rows)` are the logit, and the
    log-density relative to the factual, less their rounding errors: an action is feasible where both are at least 0.
    Where the world asks for a margin of the log-density, that is taken off as well.

    Arguments:
        world: The models.
        course: What comes of actions, with the log-density that is asked for.
        person: Index of the person of each row, `(rows,)`.
        acted: Features acted upon, bool `(actionable, rows)`.
        follows: Moving features that follow, bool `(moving, rows)`.
        factual: Actionable features as they are, `(actionable, rows)`.
        box: Their least and greatest values, `(2, actionable, rows)`.
        unit: Data units per unit of `y`, `(actionable, rows)`.
        reach: A standard deviation in units of `y`, `(actionable, rows)`.
        lower: Smallest `y`, `(actionable, rows)`; equal to `upper` where there is no choice.
        upper: Largest `y`.
        required: The least log-density, `(rows,)`.
        everything: The people with all features, `(features, rows)`.
        logit: Their logit, `(rows,)`.
        constants: Of decision and course, of the person of each row.
        held: Whether whole numbers are held where they are: else they are relaxed.
        power: Which power of changes is summed to the weighted cost, 1 or 2.
        sums: Which sums of values rules limit; none where there are no such rules.
    """

    world: World
    course: Course
    person: Tensor
    acted: Tensor
    follows: Tensor
    factual: Tensor
    box: Tensor
    unit: Tensor
    reach: Tensor
    lower: Tensor
    upper: Tensor
    required: Tensor
    everything: Tensor
    logit: Tensor
    constants: tuple[tuple[Tensor, ...], ...]
    held: bool = False
    power: int = 2
    sums: Sums | None = None

    @classmethod
    def of(cls, world: World, request: Request) -> Rows:
        """Return a row for each person of a request who acts on all that they can."""
        columns, course = world.actionable, world.course(request)
        factual = request.factual.T.contiguous()
        parts = (world.decision, course)
        constants = tuple(tuple(each.to(factual) for each in part.constants(factual)) for part in parts)
        required, none = factual.new_zeros(factual.shape[1]), world.none(len(request), factual)
        _, density = course.value(none, torch.zeros_like(none, dtype=torch.bool), constants[1])
        if density is not None:
            # Who is impossible may become anything possible; who has no density that is a number, nothing.
            now = density.clamp(min=-_LARGEST)
            eps = torch.finfo(factual.dtype).eps
            required = (now + _DENSITY_ERROR * eps * (1 + now.abs()) + world.margin).nan_to_num(nan=_LARGEST)
        logit = world.decision.value(none, constants[0])
        unit = request.prices.rsqrt().T[columns]
        ends = torch.stack([request.snap(end).T[columns] for end in (request.box.lower, request.box.upper)])
        acted, standing = request.actionable.T[columns], factual[columns]
        lower, upper = torch.where(acted, (ends - standing) / unit, 0.0)
        reach = request.unit_cost.sd.to(factual)[columns][:, None] / unit
        person = torch.arange(len(request), device=factual.device)
        follows = world.moving.followers(acted)
        tables = (person, acted, follows, standing, ends, unit, reach, lower, upper, required, factual, logit)
        return cls(world, course, *tables, constants)

    def __len__(self) -> int:
        return len(self.person)

    def __getitem__(self, rows: Tensor) -> Rows:
        """Return some of the rows by their indices."""
        names = ("person", "acted", "follows", "factual", "box", "unit", "reach", "lower", "upper", "required")
        more = ("everything", "logit")
        return replace(
            self,
            **{name: getattr(self, name).index_select(-1, rows) for name in (*names, *more)},
            sums=None if self.sums is None else self.sums[rows],
            constants=tuple(tuple(each.index_select(-1, rows) for each in part) for part in self.constants),
        )

    def acting(self, acted: Tensor) -> Rows:
        """Return the same rows acting on `acted`, bool `(actionable, rows)`, which is part of what they can act on."""
        lower, upper = (torch.where(acted, end, 0.0) for end in (self.lower, self.upper))
        return replace(self, acted=acted, follows=self.world.moving.followers(acted), lower=lower, upper=upper)

    @property
    def free(self) -> Tensor:
        """Which changes can be chosen, bool `(actionable, rows)`."""
        return self.lower < self.upper

    @property
    def whole(self) -> Tensor:
        """Which changes can be chosen but must make whole numbers, bool `(actionable, rows)`."""
        return self.free & self.world.whole

    @property
    def relaxed(self) -> Tensor:
        """Which rows have whole-number features to choose that are not held at whole numbers, bool `(rows,)`."""
        return torch.zeros_like(self.follows[0]) if self.held else self.whole.any(0)

    def holding(self, y: Tensor) -> Rows:
        """Return the same rows with whole-number features held where they are at the points `y`."""
        lower, upper = (torch.where(self.world.whole, y, end) for end in (self.lower, self.upper))
        return replace(self, lower=lower, upper=upper, held=True)

    def clamp(self, y: Tensor) -> Tensor:
        """Return the nearest points inside the bounds."""
        return torch.minimum(torch.maximum(y, self.lower), self.upper)

    def within_sums(self, y: Tensor, lower: Tensor, upper: Tensor) -> tuple[Tensor, Tensor]:
        """Return bounds `(actionable, rows)` narrowed so that no sum passes its limit, whichever features move."""
        return (lower, upper) if self.sums is None else self.sums.narrowed(self, y, lower, upper)

    def keeping_sums(self, y: Tensor, lower: Tensor, upper: Tensor, *, whole: bool = False) -> Tensor:
        """Return points whose sums are below their limits again, where they take others along."""
        if self.sums is None or self.sums.alone:
            return y
        return self.sums.mended(self, y, lower, upper, whole=whole)

    def points(self, values: Tensor) -> Tensor:
        """Return the points inside the bounds nearest to `values`, of which the last dimensions are `rows` or 1."""
        if values.dim() == 2:
            return self.clamp((values - self.factual) / self.unit)
        y = (values - self.factual[:, None]) / self.unit[:, None]
        return torch.minimum(torch.maximum(y, self.lower[:, None]), self.upper[:, None])

    def values(self, y: Tensor) -> Tensor:
        """Return the values `(actionable, rows)` that points stand for, in the box, and whole where they are held."""
        values = self.factual + y * self.unit
        if self.held:
            values = torch.where(self.world.whole, values.round(), values)
        inside = torch.minimum(torch.maximum(values, self.box[0]), self.box[1])
        return torch.where(self.acted, inside, self.factual)

    def margins(self, y: Tensor) -> Tensor:
        """Return the margins `(2, rows)` at points `y`; very small where they are not numbers."""
        change, density = self.course.value(self._change(y), self.follows, self.constants[1])
        return self._margins(self.world.decision.value(change, self.constants[0]), density)

    def slopes(self, y: Tensor) -> Slopes:
        """Return margins and their gradients at points `y`; a gradient that is not a number counts as 0."""
        change, density, kept = self.course.slopes(self._change(y), self.follows, self.constants[1])
        logit, by = self.world.decision.slopes(change, self.constants[0])
        pulled = self.course.pull(by, kept)
        gradient = pulled[self.world.moving.acted].transpose(0, 1) * self.unit
        gradient = torch.where(self.free & gradient.isfinite(), gradient, 0.0)
        if density is None:
            gradient = torch.cat([gradient, torch.zeros_like(gradient)])
        return Slopes(self._margins(logit, density), gradient)

    def _change(self, y: Tensor) -> Tensor:
        set_to = self.values(y) - self.factual
        return self.world.none(len(self), y).index_copy(0, self.world.moving.acted, set_to)

    def _margins(self, logit: Tensor, density: Tensor | None) -> Tensor:
        logit = logit - _LOGIT_ERROR * torch.finfo(logit.dtype).eps
        margins = torch.stack([logit, torch.ones_like(logit) if density is None else density - self.required])
        return margins.clamp(-_LARGEST, _LARGEST).nan_to_num(nan=-_LARGEST)
