"""How often a decision model is right."""

from __future__ import annotations


def accuracy(model, people):
    """Return the share of people decided as their true label says."""
    return float((model.accepts(people.x) == (people.y == 1)).float().mean())
