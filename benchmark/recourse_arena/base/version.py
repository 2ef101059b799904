"""The version of the distribution and of the judging protocol."""

from __future__ import annotations

__all__ = ["CONVERSATION", "PROTOCOL", "__version__"]


__version__ = "0.1.0"

PROTOCOL = 1
"""Number of the judging protocol: results of different numbers are not comparable."""

CONVERSATION = 1
"""How hidden people are made, react and answer, and how a policy is given the word: another number, and conversations
that are kept are held anew."""
