"""What comes of an action: what follows, and how likely that is; worked out together where one flow says both."""

from __future__ import annotations

__all__ = ["Apart", "Course", "course_of"]

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from recourse_arena_frontier.models.decision import Score
from recourse_arena_frontier.models.density import FlowDensity
from recourse_arena_frontier.models.effects import Effects, FlowEffects
from recourse_arena_frontier.models.moving import Moving
from recourse_arena_frontier.models.spline_flow import SplineFlow


class Course(Protocol):
    """Effects of actions, and the log-density of what they lead to, if that is asked for."""

    def constants(self, factual: Tensor) -> tuple[Tensor, ...]:
        """Return what is needed of people `factual` `(features, people)`, in double precision or that of the people."""
        ...

    def value(self, change: Tensor, follows: Tensor, constants: Sequence[Tensor]) -> tuple[Tensor, Tensor | None]:
        """Return all changes `(moving, rows)`, and the log-density `(rows,)`.

        Arguments:
            change: Changes of what is set, 0 elsewhere, `(moving, rows)`.
            follows: Which features follow, bool `(moving, rows)`.
            constants: Those of the person of each row.
        """
        ...

    def slopes(self, change: Tensor, follows: Tensor, constants: Sequence[Tensor]) -> tuple[Tensor, Tensor | None, Any]:
        """Return the same, and what pulling back needs."""
        ...

    def pull(self, slopes: Tensor, kept: Any) -> Tensor:
        """Return slopes along what is set, `(moving, 1, rows)`, or 2 with the log-density's.

        Arguments:
            slopes: Slopes of a number along all that moves, `(moving, rows)`.
            kept: What :meth:`slopes` returned beside.
        """
        ...


@dataclass(frozen=True)
class Apart:
    """Effects and a log-density that have nothing in common.

    Arguments:
        effects: The effects.
        density: The log-density, or none.
    """

    effects: Effects
    density: Score | None

    def constants(self, factual: Tensor) -> tuple[Tensor, ...]:
        """Return what effects need of people, then what the density does."""
        mine = self.effects.constants(factual)
        return (*mine, *(self.density.constants(factual) if self.density else ()))

    def value(self, change: Tensor, follows: Tensor, constants: Sequence[Tensor]) -> tuple[Tensor, Tensor | None]:
        """Return all changes `(moving, rows)`, and the log-density `(rows,)`."""
        mine, others = self._split(constants)
        change, _ = self.effects.follow(change, follows, mine)
        return change, None if self.density is None else self.density.value(change, others)

    def slopes(self, change: Tensor, follows: Tensor, constants: Sequence[Tensor]) -> tuple[Tensor, Tensor | None, Any]:
        """Return the same, and what pulling back needs."""
        mine, others = self._split(constants)
        change, kept = self.effects.follow(change, follows, mine)
        density, by = (None, None) if self.density is None else self.density.slopes(change, others)
        return change, density, (by, follows, kept)

    def pull(self, slopes: Tensor, kept: Any) -> Tensor:
        """Return slopes along what is set, `(moving, 1, rows)`, or 2 with the log-density's."""
        by, follows, taken = kept
        return self.effects.pull(torch.stack([slopes] if by is None else [slopes, by], 1), follows, taken)

    def _split(self, constants: Sequence[Tensor]) -> tuple[Sequence[Tensor], Sequence[Tensor]]:
        return constants[: self.effects.tables], constants[self.effects.tables :]


def course_of(effects: Effects, density: Score | None, moving: Moving, like: Tensor) -> Course:
    """Return what comes of actions, together where effects and density are those of one flow of splines."""
    if isinstance(effects, FlowEffects) and isinstance(density, FlowDensity) and effects.model is density.flow.model:
        return SplineFlow.of(density.flow.model, moving, like) or Apart(effects, density)
    return Apart(effects, density)
