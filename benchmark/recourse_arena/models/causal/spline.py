"""The elementwise map of spline flows, with an inverse that is the same on every processor."""

from __future__ import annotations

__all__ = ["Spline"]

from torch import Tensor
from zuko.transforms import MonotonicRQSTransform


class Spline(MonotonicRQSTransform):
    """Zuko's monotonic rational-quadratic spline, inverted with a correctly rounded square root.

    PyTorch takes single-precision roots with MKL, whose last bit depends on the processor; training multiplies that.

    References:
        Durkan et al., Neural spline flows, NeurIPS 2019 (arXiv 1906.04032), equations 6 to 8.
    """

    def _inverse(self, y: Tensor) -> Tensor:
        mask, x0, x1, y0, y1, d0, d1, s = self.bin(self.searchsorted(self.vertical, y) - 1)
        above = mask * (y - y0)
        bend = above * (d0 + d1 - 2 * s)
        a, b, c = (y1 - y0) * (s - d0) + bend, (y1 - y0) * d0 - bend, -s * above
        root = (b**2 - 4 * a * c).double().sqrt().to(y.dtype)
        return (x0 + 2 * c / (-b - root) * (x1 - x0)).where(mask, y)
