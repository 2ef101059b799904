"""The elementwise maps of flows by hand: value, slopes and inverse, without a graph."""

from __future__ import annotations

__all__ = ["Affine", "Mapped", "Spline", "UnivariateMap"]

import math
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

_SLOPE = 1e-3
"""Least slope of zuko's maps."""

_BOUND = 5.0
"""End of zuko's splines, either way."""


class Mapped(NamedTuple):
    """What a map gives, and its slopes.

    Arguments:
        u: The noise, `(features, rows)`.
        log_slope: Log of its slope along the feature.
        bend: Slope of that along the feature.
        u_by: Slopes of the noise along the parameters, `(features, parameters, rows)`.
        log_slope_by: Slopes of the log slope along the parameters.
    """

    u: Tensor
    log_slope: Tensor
    bend: Tensor
    u_by: Tensor
    log_slope_by: Tensor


class UnivariateMap(Protocol):
    """A monotonic map from a standardised feature to noise, with parameters."""

    count: int

    def value(self, z: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """Return noise and log slope `(features, rows)`."""
        ...

    def slopes(self, z: Tensor, parameters: Tensor) -> Mapped:
        """Return noise and log slope with their slopes."""
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

    def slopes(self, z: Tensor, parameters: Tensor) -> Mapped:
        """Return noise and log slope with their slopes."""
        log_slope, by = _clipped(parameters[:, 1], 1.0)
        stretched = z * log_slope.exp()
        u_by = torch.stack([torch.ones_like(z), stretched * by], 1)
        return Mapped(
            stretched + parameters[:, 0],
            log_slope,
            torch.zeros_like(z),
            u_by,
            torch.stack([torch.zeros_like(by), by], 1),
        )

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
