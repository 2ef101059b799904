"""Pools: solvers that may know the same of the decision system are ranked among themselves, too."""

from __future__ import annotations

__all__ = ["POOLS", "meaning", "pool_of"]

from collections.abc import Iterable, Mapping

from recourse_arena.problem.knowledge import Knowledge

_RUNGS: Mapping[str, tuple[Knowledge, ...]] = {
    "decisions": (Knowledge.GROUPS,),
    "scores": (Knowledge.SCORES,),
    "gradients": (Knowledge.CLASSIFIER, Knowledge.CHANGE),
    "structure": (Knowledge.STRUCTURE,),
    "flow": (Knowledge.FLOW,),
    "SCM": (Knowledge.SCM,),
}
"""What each pool lets a solver know beyond the pools before it. That pools are rungs of one ladder is a reading, and so
is where changed decision models and groups stand on it: the former have gradients, the latter are known of training
people alone and tell nothing of the decision model."""

_MEANINGS = {
    "decisions": "decisions alone: who is accepted and who is not",
    "scores": "probabilities of a positive decision, too",
    "gradients": "logits of the decision model and their gradients, too; also those of changed models",
    "structure": "what the decision model is made of, too: affine maps of a network, or trees",
    "flow": "the fitted causal flow, too",
    "SCM": "the true structural causal model, too",
}

POOLS = tuple(_RUNGS)
"""From who knows least to who knows most."""


def pool_of(knows: Iterable[str]) -> str:
    """Return the smallest pool that covers what a solver knows; knowledge that is not known here is of the last one.

    Example:
        >>> pool_of([]), pool_of(["classifier"]), pool_of(["flow", "classifier"]), pool_of(["tea leaves"])
        ('decisions', 'gradients', 'flow', 'SCM')
    """
    rungs = {str(known): place for place, pool in enumerate(POOLS) for known in _RUNGS[pool]}
    return POOLS[max((rungs.get(str(word), len(POOLS) - 1) for word in knows), default=0)]


def meaning(pool: str) -> str:
    """Return what solvers of a pool may know, in words.

    Example:
        >>> meaning("flow")
        'the fitted causal flow, too'
    """
    return _MEANINGS[pool]
