"""A decision model of which only decisions, or decisions and scores, are handed out."""

from __future__ import annotations

__all__ = ["DecisionsOnly", "ScoresOnly"]

from weakref import WeakKeyDictionary

from torch import Tensor, no_grad

from recourse_arena.base.errors import ArenaError
from recourse_arena.problem.model_protocols import Decisions, Scores


class DecisionsOnly:
    """Says yes or no as a decision model does, and leads to nothing else of it.

    It holds no reference to the model, for whatever an object or a closure refers to can be reached from it: logits,
    weights, gradients. The models lie in a table of this module, each for as long as its `DecisionsOnly` lives. Who
    searches the memory of the process finds them all the same; only a process of its own would keep that away.
    """

    def __init__(self, model: Decisions | None) -> None:
        if model is not None:
            _MODELS[self] = model

    def accepts(self, x: Tensor) -> Tensor:
        """Return who of `x` `(..., features)` is decided positively, bool `(...,)`.

        Raises:
            ArenaError: If this is a copy in another process, where the model is not.
        """
        if self not in _MODELS:
            raise ArenaError("the decision model stayed in the process it was handed out in; fit the solver again here")
        return _MODELS[self].accepts(x)

    def __copy__(self) -> DecisionsOnly:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> DecisionsOnly:
        return self

    def __reduce__(self) -> tuple[type[DecisionsOnly], tuple[None]]:
        """Travel without the model: what travels can be read."""
        return type(self), (None,)


class ScoresOnly(DecisionsOnly):
    """Says yes or no and how sure it is, and leads to nothing else of the model: no gradients, no weights."""

    def probability(self, x: Tensor) -> Tensor:
        """Return the probability `(...,)` of a positive decision, without gradients.

        Raises:
            ArenaError: If this is a copy in another process, where the model is not.
        """
        self.accepts(x[..., :0, :] if x.ndim > 1 else x)  # raises if the model is elsewhere
        model = _MODELS[self]
        assert isinstance(model, Scores)
        with no_grad():
            return model.probability(x)


_MODELS: WeakKeyDictionary[DecisionsOnly, Decisions] = WeakKeyDictionary()
