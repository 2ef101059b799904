"""Pieces of rational-quadratic splines, of many features at once, with few kernels: where one is, and its slopes."""

from __future__ import annotations

__all__ = ["BINS", "KNOTS", "SIZES", "Bins", "Curve", "Slopes"]

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

BINS = 8
SIZES, KNOTS = 2 * BINS, BINS + 1
"""Raw parameters of a feature: widths and heights of bins; slopes at knots, 0 at both ends, where the slope is 1."""

_BOUND = 5.0
"""End of zuko's splines, either way."""

_ONE = torch.tensor(1.0)
"""Arithmetic with a tensor takes half the time of that with a number, which is made one each time."""

_CLIP = -1 / math.log(1e-3)
"""How softly zuko's parameters are clipped: so that no slope is below 1e-3."""


class Curve(NamedTuple):
    """The bin that holds a number, and the curve in it.

    Arguments:
        share: How far into the bin the number lies, as a share, `(features, rows)`.
        begin: Where the bin begins, in numbers and in noise, `(features, 2, rows)`.
        length: How wide and how high it is, `(features, 2, rows)`.
        knots: Slope at its begin and at its end, `(features, 2, rows)`.
        inside: 1 where the number lies between the ends of the spline, else 0: there nothing is changed.
    """

    share: Tensor
    begin: Tensor
    length: Tensor
    knots: Tensor
    inside: Tensor

    @property
    def number(self) -> Tensor:
        """Return the number, `(features, rows)`; of no use outside."""
        return torch.addcmul(self.begin[:, 0], self.share, self.length[:, 0])

    def value(self) -> tuple[Tensor, Tensor]:
        """Return noise and log slope where numbers are inside: equation 4 and its slope; 0 elsewhere."""
        (width, height), (before, behind) = self.length.unbind(1), self.knots.unbind(1)
        t, mean, r = self.share, height / width, _ONE - self.share
        cross = t * r
        below = torch.addcmul(mean, before + behind - (mean + mean), cross)
        above = torch.addcmul(before * cross, mean * t, t)
        noise = torch.addcmul(self.begin[:, 1], height, above / below)
        bent = torch.addcmul(torch.addcmul((mean + mean) * cross, before * r, r), behind * t, t)
        mean.div_(below)
        return noise, (bent * mean * mean).log_() * self.inside

    def slopes(self) -> Slopes:
        """Return noise and log slope, and what both change by."""
        (width, height), (before, behind) = self.length.unbind(1), self.knots.unbind(1)
        t, mean, r = self.share, height / width, _ONE - self.share
        cross, tt, rr, twice = t * r, t * t, r * r, mean + mean
        bend = before + behind - twice
        over = torch.addcmul(mean, bend, cross).reciprocal_()
        above = torch.addcmul(mean * tt, before, cross).mul_(over)
        steep = torch.addcmul(torch.addcmul(twice * cross, before, rr), behind, tt)
        spread, high = _ONE - (cross + cross), height * cross * over
        by_share = mean * steep * over * over
        by_mean = torch.addcmul(tt, above, spread, value=-1).mul_(over)
        slope, gain = mean * by_share, mean * by_mean
        begin = (-slope, -mean * torch.addcmul(gain, by_share, t), _ONE.expand_as(t), above + gain)
        noise_by = (*begin, high * (_ONE - above), -high * above)
        tilt, per, less = r - t, steep.reciprocal_(), (cross + cross) * over
        turn = torch.addcmul(mean * tilt, before, r, value=-1).addcmul_(behind, t).mul_(per)
        turn.addcmul_(bend * tilt, over, value=-1)
        scale = self.inside / width
        log_by_share = (turn + turn) * scale
        log_by_mean = torch.addcmul(torch.addcmul(mean.reciprocal(), cross, per), spread, over, value=-1)
        log_by_mean = (log_by_mean + log_by_mean) * scale
        first = (-log_by_share, -torch.addcmul(log_by_mean * mean, log_by_share, t), torch.zeros_like(t), log_by_mean)
        log_by = (*first, (rr * per - less) * self.inside, (tt * per - less) * self.inside)
        return Slopes(
            torch.addcmul(self.begin[:, 1], height, above),
            slope.log() * self.inside,
            torch.addcmul(_ONE - self.inside, slope, self.inside),
            log_by_share,
            torch.stack(noise_by, 1).mul_(self.inside[:, None]),
            torch.stack(log_by, 1),
        )


class Slopes(NamedTuple):
    """Values of a spline and their slopes.

    Arguments:
        noise: What the number becomes, `(features, rows)`; of no use outside.
        log_slope: Log of its slope, `(features, rows)`.
        slope: That slope.
        log_slope_along: Slope of the log slope along the number.
        noise_by: Slopes of the noise along begin and length in numbers and in noise, and slopes at the ends of the bin,
            `(features, 6, rows)`.
        log_slope_by: The same of the log slope.
    """

    noise: Tensor
    log_slope: Tensor
    slope: Tensor
    log_slope_along: Tensor
    noise_by: Tensor
    log_slope_by: Tensor


@dataclass(frozen=True)
class Bins:
    """Bins of the splines of some features, from raw parameters.

    Arguments:
        sizes: Widths and heights before they are made to add up to the whole, `(features, 2, bins, rows)`.
        ends: Their sums so far, from 0, `(features, 2, bins + 1, rows)`.
        clipped: Slopes of the clipped parameters along the raw ones, `(features, 2, bins, rows)`.
        steep: Raw slopes at knots, `(features, bins + 1, rows)`.

    References:
        Durkan et al., Neural spline flows, NeurIPS 2019 (arXiv 1906.04032), equations 4 to 8.
    """

    sizes: Tensor
    ends: Tensor
    clipped: Tensor
    steep: Tensor

    @classmethod
    def of(cls, raw: Tensor) -> Bins:
        """Return the bins for parameters: sizes of all features, then slopes of all, `(features * 25, rows)`."""
        features, rows = len(raw) // (SIZES + KNOTS), raw.shape[1]
        sizes = raw[: SIZES * features].view(features, 2, BINS, rows)
        steep = raw[SIZES * features :].view(features, KNOTS, rows)
        clip = _clip(sizes, 2 * _CLIP)
        made = (sizes * clip).exp_()
        ends = torch.cat([torch.zeros_like(made[:, :, :1]), made.cumsum(2)], 2)
        return cls(made, ends, clip.mul_(clip), steep)

    def curve(self, number: Tensor, of_noise: Tensor) -> tuple[Curve, Place]:
        """Return the bin of each number `(features, rows)`, which is noise where `of_noise` says so, bool."""
        noisy = of_noise.to(number.dtype)
        ends = self.ends[:, 0].lerp(self.ends[:, 1], noisy[:, None])
        wanted = (number * (0.5 / _BOUND)).add_(0.5).mul_(ends[:, BINS])
        below = ends[:, 1:BINS] < wanted[:, None]
        place = below.sum(1)
        inside = number.abs() < _BOUND
        both = torch.stack([place, place + 1], 1)
        found = self.ends.gather(2, both[:, None].expand(-1, 2, -1, -1))
        scale = (2 * _BOUND) / self.ends[:, :, BINS]
        begin, length = (found[:, :, 0] * scale).sub_(_BOUND), (found[:, :, 1] - found[:, :, 0]).mul_(scale)
        raw = self.steep.gather(1, both)
        clip = _clip(raw, _CLIP)
        knots = (raw * clip).exp_()
        of_numbers = (number - begin[:, 0]) / length[:, 0]
        share = torch.where(of_noise, _share_of_noise(number - begin[:, 1], length, knots), of_numbers)
        curve = Curve(torch.where(inside, share, 0.0), begin, length, knots, inside.to(number.dtype))
        return curve, Place(below, both, knots * clip * clip)

    def back(self, place: Place, curve: Curve, by: Tensor) -> Tensor:
        """Return slopes along raw parameters `(features * 25, numbers, rows)` from those along a curve.

        Arguments:
            place: Where the curve is.
            curve: The curve.
            by: Slopes along begins and lengths, in numbers and in noise, and slopes at the ends of the bin,
                `(features, 6, numbers, rows)`.
        """
        features, _, *shape = by.shape
        ends = by[:, :4].unflatten(1, (2, 2))
        begin, length = ends[:, :, 0], ends[:, :, 1]
        starts = (curve.begin + _BOUND)[:, :, None]
        whole = torch.addcmul(begin * starts, length, curve.length[:, :, None]).mul_(-0.5 / _BOUND)
        weight = (self.sizes * self.clipped).mul_((2 * _BOUND) / self.ends[:, :, BINS:])
        found = by.new_empty(features * (SIZES + KNOTS), *shape)
        sizes = found[: SIZES * features].view(features, 2, BINS, *shape).copy_(whole[:, :, None])
        sizes[:, :, : BINS - 1].addcmul_(begin[:, :, None], place.earlier.to(by.dtype)[:, None, :, None])
        index = place.knots[:, :, None].expand(-1, -1, shape[0], -1)
        sizes.scatter_add_(2, index[:, None, :1].expand(-1, 2, -1, -1, -1), length[:, :, None])
        sizes.mul_(weight[:, :, :, None])
        steep = found[SIZES * features :].view(features, KNOTS, *shape).zero_()
        steep.scatter_(1, index, by[:, 4:] * place.steep_by[:, :, None])
        return found


class Place(NamedTuple):
    """Where a curve is among the parameters.

    Arguments:
        earlier: Which bins come before it, but for the last one, bool `(features, bins - 1, rows)`.
        knots: Numbers of the knots at its ends, of which the first is that of the bin, `(features, 2, rows)`.
        steep_by: Slopes of the slopes there along the raw parameters, `(features, 2, rows)`.
    """

    earlier: Tensor
    knots: Tensor
    steep_by: Tensor


def _clip(raw: Tensor, times: float) -> Tensor:
    """Return by what zuko multiplies parameters to clip them softly; its square is the slope of the product."""
    return raw.abs().mul_(times).add_(1.0).reciprocal_()


def _share_of_noise(risen: Tensor, length: Tensor, knots: Tensor) -> Tensor:
    """Return how far into its bin noise lies, in numbers, as a share; the root is taken in double precision."""
    (width, height), (before, behind) = length.unbind(1), knots.unbind(1)
    mean = height / width
    twice = mean + mean
    b = torch.addcmul(height * before, risen, before + behind - twice, value=-1)
    a = height * mean - b
    root = torch.addcmul(b * b, a * mean, risen, value=4).double().sqrt().to(b.dtype)
    return twice.mul_(risen).div_(root.add_(b))
