"""A decision model trained again on people who are others: a shift of whom it sees."""

from __future__ import annotations

__all__ = ["Shifted"]

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from recourse_arena.base.errors import ArenaError, NotApplicable, unknown
from recourse_arena.base.progress_hook import ProgressHook, silent
from recourse_arena.base.randomness import derive_seed, generator
from recourse_arena.interfaces.change import Change, FittedDecision
from recourse_arena.models.changes.settings import number

if TYPE_CHECKING:
    from torch import Tensor

    from recourse_arena.problem.model_protocols import Scores

_PARTS = ("upper", "lower")


class Shifted(Change):
    """The same kind of model is trained again on the part of the training people with high or low values of a feature.

    A covariate shift by one feature, in place of other times or towns that a table does not have: that it is made so is
    a reading. Among people of the same value, chance decides who belongs to the part. Whose advice is judged is not
    seen, nor is it shifted.

    Arguments:
        feature: The feature, one whose values have an order.
        part: `upper` for those with the largest values, `lower` for those with the smallest.
        share: Share of the training people that the part is.

    Example:
        >>> Shifted(feature="age").part
        'upper'
    """

    name: ClassVar[str] = "shifted"
    summary: ClassVar[str] = "trained again on people with high values of a feature (`?feature=age&share=.7`)"

    def __init__(self, *, feature: str = "", part: str = "upper", share: float = 0.7) -> None:
        if not feature:
            raise ArenaError("change shifted: expected the name of a feature, as in 'shifted?feature=age'")
        if part not in _PARTS:
            raise unknown("part of change shifted", str(part), _PARTS)
        self.feature, self.part, self.share = str(feature), part, number(self.name, "share", share)
        if not 0 < self.share < 1:
            raise ArenaError(f"change shifted: share must be a number above 0 and below 1, got {share!r}")

    def models(self, fitted: FittedDecision, *, seed: int, report: ProgressHook = silent) -> Mapping[str, Scores]:
        """Return the model.

        Raises:
            NotApplicable: If there is no such feature, its values have no order or are all the same, or the part is all
                favourable or all unfavourable.
        """
        import torch

        training = fitted.training
        draws = generator(seed, "changes", self.name)
        mixed = torch.randperm(len(training), generator=draws)
        values = self._values(fitted)[mixed]
        ordered = mixed[values.argsort(stable=True, descending=self.part == "upper")]
        part = training[ordered[: round(self.share * len(training))].sort().values]
        if not len(part) or (part.y == part.y[0]).all():
            raise NotApplicable(
                f"change shifted: of the {len(part)} training people with the {_WORDS[self.part]} {self.feature}, none "
                "differs from the others by their label; take a greater share"
            )
        model = fitted.decision.fit(
            fitted.features, part, fitted.validation, seed=derive_seed(seed, "changes", self.name), report=report
        )
        return {self.part: model}

    def _values(self, fitted: FittedDecision) -> Tensor:
        """Return the feature of each training person."""
        features = fitted.features
        if self.feature not in features.names:
            raise NotApplicable(f"change shifted: {unknown('feature', self.feature, features.names)}")
        place = features.index(self.feature)
        values = fitted.training.x[:, place]
        if features.categorical[place]:
            raise NotApplicable(f"change shifted: the levels of {self.feature} have no order, none is higher or lower")
        if len(values) and (values == values[0]).all():
            raise NotApplicable(f"change shifted: all training people have the same {self.feature}")
        return values

    def state(self, fitted: FittedDecision, model: Scores) -> Mapping[str, Tensor] | None:
        """Return what its kind of decision model keeps."""
        return fitted.decision.state(model)

    def restore(self, fitted: FittedDecision, state: Mapping[str, Tensor]) -> Scores:
        """Return the model that was kept."""
        return fitted.decision.restore(fitted.features, state)


_WORDS = {"upper": "largest", "lower": "smallest"}
