"""What Gaussians around labelled points say of a counterfactual in the worst case."""

from __future__ import annotations

__all__ = ["Likelihoods", "Odds"]

from dataclasses import dataclass
from math import pi

import torch
from torch import Tensor

from recourse_arena import Request, generator
from recourse_arena_relaxed import Columns, Criterion, donors

_KNOTS, _FARTHEST, _ANGLES = 400, 40.0, 41
"""Distances at which likelihoods are worked out, up to which, and ways to spend a Wasserstein radius, per angle."""

_ON_THE_WAY, _TOWARDS = 50, 20
"""Points looked at on the way to an accepted person, and how many of these."""


@dataclass(frozen=True)
class Likelihoods:
    """Log-likelihoods of one Gaussian in the worst case, by the distance from its centre.

    A Gaussian N(m, sigma^2 I) moves to N(m', S^2) with S at least sigma I and `||m' - m||^2 + ||S - sigma I||^2` at
    most the squared radius. By symmetry the mean moves along the line to x, and S has two values: along it and across.

    Arguments:
        least: The least log-likelihood of an accepted Gaussian at each knot, `(knots,)`, up to a constant.
        most: The greatest of a refused one.
        farthest: The last knot; beyond it lines go on.
    """

    least: Tensor
    most: Tensor
    farthest: float

    @classmethod
    def of(cls, count: int, sigma: float, *, accepted: float, refused: float) -> Likelihoods:
        """Return those of Gaussians of `count` columns, by trying all ways to spend the radius on a grid.

        What is spent on spread across the line makes x less likely, so that refused Gaussians spend nothing on it.
        """
        farthest = _FARTHEST * sigma
        c = torch.linspace(0, farthest, _KNOTS, dtype=torch.double)[:, None]
        angle = torch.linspace(0, pi / 2, _ANGLES, dtype=torch.double)
        share = torch.linspace(0, 1, _ANGLES, dtype=torch.double)[:, None]
        move, along = (share * refused * turn(angle) for turn in (torch.cos, torch.sin))
        d = sigma + along.reshape(1, -1)
        most = (-d.log() - (c - move.reshape(1, -1)) ** 2 / (2 * d**2)).amax(1)
        across, rest = accepted * torch.sin(angle)[:, None], accepted * torch.cos(angle)[:, None]
        move, along = (rest * turn(angle) for turn in (torch.cos, torch.sin))
        wide = sigma + across / max(count - 1, 1) ** 0.5
        d = sigma + along
        flat = (d.log() + (count - 1) * (wide / sigma).log()).reshape(1, -1)
        least = (-flat - (c + move.reshape(1, -1)) ** 2 / (2 * d.reshape(1, -1) ** 2)).amin(1)
        return cls(least, most, farthest)

    def at(self, table: Tensor, c: Tensor) -> Tensor:
        """Return values of a `table` at distances `c`, on lines between knots."""
        place = c.double() / self.farthest * (len(table) - 1)
        below = place.detach().floor().clamp(0, len(table) - 2).long()
        return table[below] + (place - below) * (table[below + 1] - table[below])


class Odds(Criterion):
    """Worst-case odds of acceptance around a point of the boundary.

    Arguments:
        columns: The decision model on columns.
        units: Encoded units that a unit of each column is, `(columns,)`.
        likelihoods: Of a Gaussian in the worst case.
        offsets: Points around each centre, in units, `(draws, columns)`.
        centre: The boundary point of each, `(rows, columns)`, in units.
        good: Which points are accepted, bool `(rows, draws)`.
    """

    def __init__(
        self,
        columns: Columns,
        units: Tensor,
        likelihoods: Likelihoods,
        offsets: Tensor,
        centre: Tensor,
        good: Tensor,
    ) -> None:
        super().__init__(columns)
        self.units, self.likelihoods, self.offsets = units, likelihoods, offsets
        self.centre, self.good = centre, good

    @classmethod
    def around(
        cls,
        request: Request,
        columns: Columns,
        units: Tensor,
        likelihoods: Likelihoods,
        people: Tensor,
        *,
        radius: float,
        draws: int,
    ) -> Odds:
        """Return the odds around the boundary points of a request, on the way to accepted `people`."""
        with torch.no_grad():
            home = columns.encode(request.factual)
            centre = _boundary(columns, home, columns.encode(donors(request, people, _TOWARDS)), units)
            offsets = _in_a_ball(draws, len(units), radius)
            good = columns.around(centre, (offsets * units).to(centre.dtype)) >= 0
        return cls(columns, units, likelihoods, offsets, centre / units, good)

    def __getitem__(self, rows: slice | Tensor) -> Odds:
        return Odds(self.columns, self.units, self.likelihoods, self.offsets, self.centre[rows], self.good[rows])

    def surplus(self, z: Tensor) -> Tensor:
        """Return the worst-case log odds of columns `(rows, columns)`, `(rows,)`.

        Where no point was accepted they are `-inf`, where none was refused `inf`.
        """
        away = (z / self.units - self.centre).double()
        offsets = self.offsets.double()
        square = away.square().sum(1, keepdim=True) - 2 * away @ offsets.T + offsets.square().sum(1)
        c = square.clamp(min=1e-12).sqrt()
        good = torch.where(self.good, self.likelihoods.at(self.likelihoods.least, c), -torch.inf).logsumexp(1)
        bad = torch.where(self.good, -torch.inf, self.likelihoods.at(self.likelihoods.most, c)).logsumexp(1)
        return (good - bad).to(z.dtype)

    def loss(self, z: Tensor) -> Tensor:
        """Return the worst-case log odds of refusal, `(rows,)`; nothing where all points are decided alike."""
        mixed = self.good.any(1) & ~self.good.all(1)
        return torch.where(mixed, -self.surplus(z), 0.0)


def _boundary(columns: Columns, home: Tensor, towards: Tensor, units: Tensor) -> Tensor:
    """Return the nearest point `(rows, columns)` that is accepted, on lines to columns `(rows, people, columns)`.

    Where none is accepted on any line, it is the person as they are.
    """
    best, nearest = home.clone(), torch.full_like(home[:, 0], torch.inf)
    for share in torch.linspace(0, 1, _ON_THE_WAY + 1)[1:].tolist():
        place = home[:, None] + share * (towards - home[:, None])
        far = ((place - home[:, None]).abs() / units).sum(-1)
        far = torch.where(columns.logit(place) >= 0, far, torch.inf)
        if not far.shape[1]:
            break
        least, whose = far.min(1)
        better = least < nearest
        nearest = torch.where(better, least, nearest)
        best = torch.where(better[:, None], place[torch.arange(len(home)), whose], best)
    return best


def _in_a_ball(draws: int, count: int, radius: float) -> Tensor:
    """Return points drawn evenly from a ball around 0, `(draws, columns)`."""
    made = generator(0, "rbr", "points")
    way = torch.randn(draws, count, generator=made, dtype=torch.double)
    far = torch.rand(draws, 1, generator=made, dtype=torch.double) ** (1 / count)
    return radius * far * way / way.norm(dim=1, keepdim=True)
