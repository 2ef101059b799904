"""What a solver may know of the decision system."""

from __future__ import annotations

__all__ = ["Knowledge"]

from enum import StrEnum


class Knowledge(StrEnum):
    """What a solver may know of the decision system; decisions themselves are always known."""

    CLASSIFIER = "classifier"
    """The decision model's logits and their gradients, not only its decisions."""
    FLOW = "flow"
    """The fitted causal flow."""
    SCM = "scm"
    """The true structural causal model, where the dataset has one."""
