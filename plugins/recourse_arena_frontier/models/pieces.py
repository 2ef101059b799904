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
    """The bin that holds a number, and the curve in it, `(features, rows)` each.

    Arguments:
        share: How far into the bin the number lies, as a share.
        x: Where the bin begins, and `width` how wide it is.
        y: Where it begins in noise, and `height` how high it is.
        before: Slope at its begin, and `behind` at its end.
        inside: 1 where the number lies between the ends of the spline, else 0: there nothing is changed.
    """

    share: Tensor
    x: Tensor
    width: Tensor
    y: Tensor
    height: Tensor
    before: Tensor
    behind: Tensor
    inside: Tensor

    def value(self) -> tuple[Tensor, Tensor]:
        """Return noise and log slope where numbers are inside: equation 4 and its slope; 0 elsewhere."""
        t, mean, r = self.share, self.height / self.width, _ONE - self.share
        cross = t * r
        below = torch.addcmul(mean, self.before + self.behind - (mean + mean), cross)
        above = torch.addcmul(self.before * cross, mean * t, t)
        noise = torch.addcmul(self.y, self.height, above / below)
        bent = torch.addcmul(torch.addcmul((mean + mean) * cross, self.before * r, r), self.behind * t, t)
        mean.div_(below)
        return noise, (bent * mean * mean).log_() * self.inside

    def slopes(self) -> Slopes:
        """Return noise and log slope, and what both change by."""
        t, mean, r = self.share, self.height / self.width, _ONE - self.share
        cross, tt, rr, twice = t * r, t * t, r * r, mean + mean
        bend = self.before + self.behind - twice
        over = torch.addcmul(mean, bend, cross).reciprocal_()
        above = torch.addcmul(mean * tt, self.before, cross).mul_(over)
        steep = torch.addcmul(torch.addcmul(twice * cross, self.before, rr), self.behind, tt)
        spread, high = _ONE - (cross + cross), self.height * cross * over
        by_share = mean * steep * over * over
        by_mean = torch.addcmul(tt, above, spread, value=-1).mul_(over)
        slope, gain = mean * by_share, mean * by_mean
        begin = (-slope, -mean * torch.addcmul(gain, by_share, t), _ONE.expand_as(t), above + gain)
        noise_by = (*begin, high * (_ONE - above), -high * above)
        tilt, per, less = r - t, steep.reciprocal_(), (cross + cross) * over
        turn = torch.addcmul(mean * tilt, self.before, r, value=-1).addcmul_(self.behind, t).mul_(per)
        turn.addcmul_(bend * tilt, over, value=-1)
        scale = self.inside / self.width
        log_by_share = (turn + turn) * scale
        log_by_mean = torch.addcmul(torch.addcmul(mean.reciprocal(), cross, per), spread, over, value=-1)
        log_by_mean = (log_by_mean + log_by_mean) * scale
        first = (-log_by_share, -torch.addcmul(log_by_mean * mean, log_by_share, t), torch.zeros_like(t), log_by_mean)
        log_by = (*first, (rr * per - less) * self.inside, (tt * per - less) * self.inside)
        return Slopes(
            torch.addcmul(self.y, self.height, above),
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
        place = (ends[:, 1:BINS] < wanted[:, None]).sum(1)
        inside = number.abs() < _BOUND
        both = torch.stack([place, place + 1], 1)
        found = self.ends.gather(2, both[:, None].expand(-1, 2, -1, -1))
        scale = (2 * _BOUND) / self.ends[:, :, BINS]
        (x, y), (width, height) = (
            each.unbind(1) for each in (found[:, :, 0] * scale - _BOUND, (found[:, :, 1] - found[:, :, 0]) * scale)
        )
        raw = self.steep.gather(1, both)
        clip = _clip(raw, _CLIP)
        knots = (raw * clip).exp_()
        before, behind = knots.unbind(1)
        share = torch.where(of_noise, _share_of_noise(number - y, width, height, before, behind), (number - x) / width)
        curve = Curve(torch.where(inside, share, 0.0), x, width, y, height, before, behind, inside.to(x.dtype))
        return curve, Place(place, both, knots * clip * clip)

    def back(self, place: Place, curve: Curve, by: Tensor) -> Tensor:
        """Return slopes along raw parameters `(features * 25, numbers, rows)` from those along a curve.

        Arguments:
            place: Where the curve is.
            curve: The curve.
            by: Slopes along begins and lengths, in numbers and in noise, and slopes at the ends of the bin,
                `(features, 6, numbers, rows)`.
        """
        ends = by[:, :4].unflatten(1, (2, 2))
        begin, length = ends[:, :, 0], ends[:, :, 1]
        starts = torch.stack([curve.x, curve.y], 1).add_(_BOUND)[:, :, None]
        whole = torch.addcmul(begin * starts, length, torch.stack([curve.width, curve.height], 1)[:, :, None])
        weight = self.sizes * self.clipped / self.ends[:, :, BINS:]
        number = torch.arange(BINS, device=by.device)[:, None]
        earlier, same = ((number < place.bin[:, None]), (number == place.bin[:, None]))
        begin, length = ((2 * _BOUND) * each[:, :, None] for each in (begin, length))
        pull = torch.addcmul(-whole[:, :, None], begin, earlier.to(by.dtype)[:, None, :, None])
        sizes = pull.addcmul_(length, same.to(by.dtype)[:, None, :, None]).mul_(weight[:, :, :, None])
        steep = by.new_zeros(len(by), KNOTS, *by.shape[2:])
        index = place.knots[:, :, None].expand(-1, -1, by.shape[2], -1)
        steep.scatter_(1, index, by[:, 4:] * place.steep_by[:, :, None])
        return torch.cat([sizes.flatten(0, 2), steep.flatten(0, 1)])


class Place(NamedTuple):
    """Where a curve is among the parameters.

    Arguments:
        bin: Number of the bin, `(features, rows)`.
        knots: Numbers of the knots at its ends, `(features, 2, rows)`.
        steep_by: Slopes of the slopes there along the raw parameters, `(features, 2, rows)`.
    """

    bin: Tensor
    knots: Tensor
    steep_by: Tensor


def _clip(raw: Tensor, times: float) -> Tensor:
    """Return by what zuko multiplies parameters to clip them softly; its square is the slope of the product."""
    return raw.abs().mul_(times).add_(1.0).reciprocal_()


def _share_of_noise(risen: Tensor, width: Tensor, height: Tensor, before: Tensor, behind: Tensor) -> Tensor:
    """Return how far into its bin noise lies, in numbers, as a share; the root is taken in double precision."""
    mean = height / width
    b = torch.addcmul(height * before, risen, before + behind - 2 * mean, value=-1)
    a = height * mean - b
    root = (b * b + 4 * (a * mean * risen)).double().sqrt().to(b.dtype)
    return 2 * mean * risen / (b + root)
