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
        mean, cross = self.height / self.width, self.share - self.share * self.share
        below = torch.addcmul(mean, self.before + self.behind - 2 * mean, cross)
        above = torch.addcmul(self.before * cross, mean * self.share, self.share)
        noise = torch.addcmul(self.y, self.height, above / below)
        bent = torch.addcmul(2 * mean * cross, self.before, (1 - self.share).square())
        bent = torch.addcmul(bent, self.behind * self.share, self.share)
        return noise, (bent * (mean / below).square()).log() * self.inside

    def slopes(self) -> Slopes:
        """Return noise and log slope, and what both change by."""
        t, mean, r = self.share, self.height / self.width, 1 - self.share
        cross, tt, rr, twice = t * r, t * t, r * r, mean + mean
        bend = self.before + self.behind - twice
        below = torch.addcmul(mean, bend, cross)
        rise, over = mean * tt + self.before * cross, 1 / below
        above, spread = rise * over, 1 - 2 * cross
        steep = twice * cross + self.before * rr + self.behind * tt
        by_share = mean * steep * over * over
        by_mean = (tt - above * spread) * over
        noise_by = (
            -mean * by_share,
            -mean * (by_share * t + by_mean * mean),
            torch.ones_like(t),
            above + mean * by_mean,
            self.height * cross * over * (1 - above),
            -self.height * cross * over * above,
        )
        tilt, per, less = r - t, 1 / steep, 2 * cross * over
        log_by_share = 2 * ((mean * tilt - self.before * r + self.behind * t) * per - bend * tilt * over)
        log_by_mean = 2 * (1 / mean + cross * per - spread * over)
        scale = self.inside / self.width
        log_by = (
            -log_by_share * scale,
            -(log_by_share * t + log_by_mean * mean) * scale,
            torch.zeros_like(t),
            log_by_mean * scale,
            (rr * per - less) * self.inside,
            (tt * per - less) * self.inside,
        )
        slope = mean * by_share
        return Slopes(
            self.y + self.height * above,
            slope.log() * self.inside,
            torch.where(self.inside > 0, slope, 1.0),
            log_by_share * scale,
            torch.stack(noise_by, 1) * self.inside[:, None],
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
        ends = torch.where(of_noise[:, None], self.ends[:, 1], self.ends[:, 0])
        wanted = (number * (0.5 / _BOUND) + 0.5) * ends[:, BINS]
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
        begin, length = torch.stack([by[:, 0], by[:, 2]], 1), torch.stack([by[:, 1], by[:, 3]], 1)
        starts = torch.stack([curve.x + _BOUND, curve.y + _BOUND], 1)[:, :, None]
        lengths = torch.stack([curve.width, curve.height], 1)[:, :, None]
        whole = torch.addcmul(begin * starts, length, lengths)
        number = torch.arange(BINS, device=by.device)[:, None]
        here = place.bin[:, None]
        earlier, same = (each[:, None, :, None] for each in (number < here, number == here))
        ends = [(2 * _BOUND) * each - whole for each in (begin, length)]
        pull = torch.where(earlier, ends[0][:, :, None], torch.where(same, ends[1][:, :, None], -whole[:, :, None]))
        weight = self.sizes * self.clipped / self.ends[:, :, BINS:]
        sizes = pull.mul_(weight[:, :, :, None])
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
