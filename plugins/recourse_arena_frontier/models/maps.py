"""The elementwise maps of flows by hand: value, slopes and inverse, without a graph."""

from __future__ import annotations

__all__ = ["Affine", "Scored", "Spline", "UnivariateMap"]

import math
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

_SLOPE = 1e-3
"""Least slope of zuko's maps."""

_BOUND = 5.0
"""End of zuko's splines, either way."""


class Scored(NamedTuple):
    """What a feature adds to the log-density, `log_slope - u^2 / 2`, and its slopes.

    Arguments:
        value: That, `(features, rows)`.
        along: Its slope along the feature, `(features, rows)`.
        by: Its slopes along the parameters, `(features, parameters, rows)`.
    """

    value: Tensor
    along: Tensor
    by: Tensor


class UnivariateMap(Protocol):
    """A monotonic map from a standardised feature to noise, with parameters."""

    count: int

    def value(self, z: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """Return noise and log slope `(features, rows)`."""
        ...

    def scored(self, z: Tensor, parameters: Tensor) -> Scored:
        """Return what features add to the log-density, with its slopes."""
        ...

    def slopes(self, z: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """Return the log slope `(features, rows)`, and the slopes of the noise `(features, parameters, rows)`."""
        ...

    def inverse(self, u: Tensor, parameters: Tensor) -> Tensor:
        """Return the feature that noise `u` `(features, rows)` leads to."""
        ...


class Affine:
    """`u = exp(a) z + b`, with `a` softly clipped, as zuko has it; parameters are `b` and what `a` is made of."""

    count = 2

    def value(self, z: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """Return noise and log slope `(features, rows)`."""
        log_slope, _ = _clipped(parameters[:, 1], 1.0)
        return z * log_slope.exp() + parameters[:, 0], log_slope

    def scored(self, z: Tensor, parameters: Tensor) -> Scored:
        """Return what features add to the log-density, with its slopes."""
        log_slope, by = _clipped(parameters[:, 1], 1.0)
        slope = log_slope.exp()
        u = z * slope + parameters[:, 0]
        found = log_slope - 0.5 * u.square()
        return Scored(found, -u * slope, torch.stack([-u, (1 - u * z * slope) * by], 1))

    def slopes(self, z: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """Return the log slope `(features, rows)`, and the slopes of the noise `(features, parameters, rows)`."""
        log_slope, by = _clipped(parameters[:, 1], 1.0)
        return log_slope, torch.stack([torch.ones_like(z), z * log_slope.exp() * by], 1)

    def inverse(self, u: Tensor, parameters: Tensor) -> Tensor:
        """Return the feature that noise `u` `(features, rows)` leads to."""
        log_slope, _ = _clipped(parameters[:, 1], 1.0)
        return (u - parameters[:, 0]) * (-log_slope).exp()


def _clipped(raw: Tensor, times: float) -> tuple[Tensor, Tensor]:
    """Return zuko's softly clipped parameters, and their slope."""
    below = 1 / (1 + raw.abs() * (times / -math.log(_SLOPE)))
    return raw * below, below.square()


class Spline:
    """Zuko's monotonic rational-quadratic spline; parameters are widths, heights and slopes at knots, all raw.

    Arguments:
        bins: How many bins it has.

    References:
        Durkan et al., Neural spline flows, NeurIPS 2019 (arXiv 1906.04032), equations 4 to 8.
    """

    def __init__(self, bins: int = 8) -> None:
        self.bins, self.count = bins, 3 * bins - 1

    def value(self, z: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """Return noise and log slope `(features, rows)`."""
        return _Piece.of(z, _Knots.of(parameters, self.bins), of_noise=False).value(z)

    def scored(self, z: Tensor, parameters: Tensor) -> Scored:
        """Return what features add to the log-density, with its slopes."""
        knots = _Knots.of(parameters, self.bins)
        piece = _Piece.of(z, knots, of_noise=False)
        u, log_slope = piece.value(z)
        parts = zip(piece.noise_by(), piece.log_slope_by(), strict=True)
        by = _By(*(torch.addcmul(of_log_slope, u, of_noise, value=-1) for of_noise, of_log_slope in parts))
        return Scored(log_slope - 0.5 * u.square(), by.z, knots.back(piece, by))

    def slopes(self, z: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """Return the log slope `(features, rows)`, and the slopes of the noise `(features, parameters, rows)`."""
        knots = _Knots.of(parameters, self.bins)
        piece = _Piece.of(z, knots, of_noise=False)
        return piece.value(z)[1], knots.back(piece, piece.noise_by())

    def inverse(self, u: Tensor, parameters: Tensor) -> Tensor:
        """Return the feature that noise `u` `(features, rows)` leads to."""
        return _Piece.of(u, _Knots.of(parameters, self.bins), of_noise=True).inverse(u)


class _By(NamedTuple):
    """Slopes of a number along what a piece is made of, `(features, rows)` each."""

    z: Tensor
    x: Tensor
    width: Tensor
    y: Tensor
    height: Tensor
    before: Tensor
    behind: Tensor


class _Knots(NamedTuple):
    """What the raw parameters mean.

    Arguments:
        shares: Widths and heights of bins as shares of the whole, `(features, 2, bins, rows)`.
        ends: Where bins begin and end, `(features, 2, bins + 1, rows)`.
        slopes: Slopes at the knots, 1 at both ends, `(features, bins + 1, rows)`.
        by: Slopes of the clipped parameters along the raw ones, `(features, parameters, rows)`.
    """

    shares: Tensor
    ends: Tensor
    slopes: Tensor
    by: Tensor

    @classmethod
    def of(cls, parameters: Tensor, bins: int) -> _Knots:
        sizes, size_by = _clipped(parameters[:, : 2 * bins], 2.0)
        steep, steep_by = _clipped(parameters[:, 2 * bins :], 1.0)
        shares = sizes.unflatten(1, (2, bins)).softmax(2)
        ends = torch.cat([torch.zeros_like(shares[:, :, :1]), shares.cumsum(2)], 2)
        one = torch.ones_like(steep[:, :1])
        slopes = torch.cat([one, steep.exp(), one], 1)
        return cls(shares, _BOUND * (2 * ends - 1), slopes, torch.cat([size_by, steep_by], 1))

    def back(self, piece: _Piece, by: _By) -> Tensor:
        """Return slopes along the raw parameters `(features, parameters, rows)`, from those along a piece."""
        bins = self.shares.shape[2]
        number = torch.arange(bins, device=piece.bin.device)[:, None]
        before, here = number < piece.bin[:, None], number == piece.bin[:, None]
        start, length = (torch.stack(each, 1)[:, :, None] for each in ((by.x, by.y), (by.width, by.height)))
        pull = (2 * _BOUND) * (before[:, None] * start + here[:, None] * length)
        sizes = self.shares * (pull - (self.shares * pull).sum(2, keepdim=True))
        steep = here[:, 1:] * by.before[:, None] + here[:, :-1] * by.behind[:, None]
        parts = [sizes.flatten(1, 2), steep * self.slopes[:, 1:-1]]
        return torch.where(piece.inside[:, None], torch.cat(parts, 1) * self.by, 0.0)


class _Piece(NamedTuple):
    """The bin that holds each number, and the curve in it.

    Arguments:
        inside: Whether the number lies between the ends of the spline, bool `(features, rows)`; else nothing changes.
        bin: Number of the bin, `(features, rows)`.
        x: Where it begins; `width` how wide it is.
        y: Where it begins in noise; `height` how high it is.
        before: Slope at its begin; `behind` at its end.
        share: How far into the bin the number lies, as a share; 0 where it is the noise that is known.
    """

    inside: Tensor
    bin: Tensor
    x: Tensor
    width: Tensor
    y: Tensor
    height: Tensor
    before: Tensor
    behind: Tensor
    share: Tensor

    @classmethod
    def of(cls, number: Tensor, knots: _Knots, *, of_noise: bool) -> _Piece:
        bins = knots.shares.shape[2]
        place = (knots.ends[:, int(of_noise)] < number[:, None]).sum(1) - 1
        inside = (place >= 0) & (place < bins)
        place = place.clamp(0, bins - 1)
        both = torch.stack([place, place + 1], 1)
        (x0, x1), (y0, y1), (before, behind) = (
            table.gather(1, both).unbind(1) for table in (knots.ends[:, 0], knots.ends[:, 1], knots.slopes)
        )
        width, height = x1 - x0, y1 - y0
        share = torch.zeros_like(x0) if of_noise else torch.where(inside, (number - x0) / width, 0.0)
        return cls(inside, place, x0, width, y0, height, before, behind, share)

    def value(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Return noise and log slope."""
        mean, cross, below, steep = self.curve
        above = mean * self.share**2 + self.before * cross
        log_slope = (mean**2 * steep / below**2).log()
        noise = self.y + self.height * above / below
        return torch.where(self.inside, noise, z), torch.where(self.inside, log_slope, 0.0)

    def inverse(self, u: Tensor) -> Tensor:
        """Return what leads to noise `u`; the root is taken in double precision, as it is alike everywhere then."""
        mean, risen = self.height / self.width, torch.where(self.inside, u - self.y, 0.0)
        bend = risen * (self.before + self.behind - 2 * mean)
        a, b, c = self.height * (mean - self.before) + bend, self.height * self.before - bend, -mean * risen
        root = (b**2 - 4 * a * c).double().sqrt().to(u.dtype)
        return torch.where(self.inside, self.x + 2 * c / (-b - root) * self.width, u)

    @property
    def curve(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Mean slope of the bin, `t (1 - t)` of the share `t`, and what equation 4 and its slope are divided by."""
        t, mean = self.share, self.height / self.width
        cross = t * (1 - t)
        below = mean + (self.before + self.behind - 2 * mean) * cross
        return mean, cross, below, 2 * mean * cross + self.before * (1 - t) ** 2 + self.behind * t**2

    def noise_by(self) -> _By:
        """Return slopes of the noise along what the piece is made of."""
        t, (mean, cross, below, steep) = self.share, self.curve
        above = mean * t**2 + self.before * cross
        by_t = mean * steep / below**2
        by_mean = (t**2 * below - above * (1 - 2 * cross)) / below**2
        return _By(
            torch.where(self.inside, mean * by_t, 1.0),
            -mean * by_t,
            -mean * (by_t * t + by_mean * mean),
            torch.ones_like(t),
            above / below + mean * by_mean,
            self.height * cross * (below - above) / below**2,
            -self.height * cross * above / below**2,
        )

    def log_slope_by(self) -> _By:
        """Return slopes of the log slope along what the piece is made of."""
        t, (mean, cross, below, steep) = self.share, self.curve
        tilt = 1 - 2 * t
        steep_by_t = 2 * mean * tilt - 2 * self.before * (1 - t) + 2 * self.behind * t
        by_t = steep_by_t / steep - 2 * (self.before + self.behind - 2 * mean) * tilt / below
        by_mean = 2 / mean + 2 * cross / steep - 2 * (1 - 2 * cross) / below
        return _By(
            torch.where(self.inside, by_t / self.width, 0.0),
            -by_t / self.width,
            -(by_t * t + by_mean * mean) / self.width,
            torch.zeros_like(t),
            by_mean / self.width,
            (1 - t) ** 2 / steep - 2 * cross / below,
            t**2 / steep - 2 * cross / below,
        )
