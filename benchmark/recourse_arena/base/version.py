"""The version of the distribution and of the judging protocol."""

from __future__ import annotations

__all__ = ["PROTOCOL", "__version__"]


__version__ = "0.1.0"

PROTOCOL = 1
"""Number of the judging protocol: results of different numbers are not comparable."""
