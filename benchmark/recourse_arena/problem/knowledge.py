"""What a solver may know of the decision system."""

from __future__ import annotations

__all__ = ["Knowledge"]

from enum import StrEnum


class Knowledge(StrEnum):
    """What a solver may know of the decision system; decisions themselves are always known."""

    CLASSIFIER = "classifier"
    """The decision model's logits and their gradients, not only its decisions."""
    SCORES = "scores"
    """The probability of a positive decision, without gradients."""
    STRUCTURE = "structure"
    """What the decision model is made of, for exact reasoning: the affine maps of a ReLU network, or trees."""
    FLOW = "flow"
    """The fitted causal flow."""
    CHANGE = "change"
    """The changed decision models under which advice is to last, as far as the decision model asks for them too."""
    GROUPS = "groups"
    """The protected groups of training people; of nobody who asks."""
    SCM = "scm"
    """The true structural causal model, where the dataset has one."""
