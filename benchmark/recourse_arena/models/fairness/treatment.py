"""Decision models whose training labels are made unfair to a protected group, or whose training is made fair to it."""

from __future__ import annotations

__all__ = ["TREATMENTS", "Treated", "Treatment", "taken_apart"]

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from recourse_arena.base.arguments import parsed_number
from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.base.names import spell, written
from recourse_arena.base.progress_hook import ProgressHook, silent
from recourse_arena.base.randomness import generator
from recourse_arena.interfaces.decision import Decision
from recourse_arena.people.groups import group_codes

if TYPE_CHECKING:
    from torch import Tensor

    from recourse_arena.interfaces.dataset import Dataset
    from recourse_arena.people.features import FeatureTable
    from recourse_arena.people.people import People
    from recourse_arena.problem.model_protocols import Scores

TREATMENTS = ("fair", "bias")
"""Options of every decision model, unless it has some of that name itself: `decision.fair`, `decision.bias`."""

_VERSION = "1"
_FAIR = ("reweighing", "equalized-odds")


@dataclass(frozen=True)
class Treatment:
    """What is done where labels and weights enter the fit; the protected group is whoever is not of the first levels.

    Arguments:
        fair: `reweighing`, `equalized-odds`, or nothing.
        bias: Share of the protected group's favourable training labels that are flipped.
    """

    fair: str = ""
    bias: float = 0.0


def taken_apart(text: str, own: Collection[str]) -> tuple[str, Treatment | None]:
    """Return a decision model's name without the options of a treatment, and the treatment; none if none is asked for.

    Arguments:
        text: The name with options.
        own: Options that the decision model has itself.

    Raises:
        ArenaError: If an option is not what it should be.

    Example:
        >>> taken_apart("forest?trees=50&fair=reweighing", {"trees"})
        ('forest?trees=50', Treatment(fair='reweighing', bias=0.0))
    """
    name, options = written(text)
    asked = {option: options.pop(option) for option in TREATMENTS if option in options and option not in own}
    if not asked:
        return text, None
    fair, share = asked.get("fair", ""), parsed_number(asked.get("bias", "0"))
    if "fair" in asked and fair not in _FAIR:
        raise unknown("decision.fair", fair, _FAIR)
    if not 0 <= share <= 1:  # also where it is no number
        raise ArenaError(f"decision.bias: expected a share from 0 to 1, got {asked['bias']!r}")
    return spell(name, options), Treatment(fair, share)


class Treated(Decision):
    """A kind of decision model that is fitted to other labels or weights than its training people have.

    Its models never see whom an attribute protects: labels are flipped and weights made before they are fitted.

    Arguments:
        kind: The kind of decision model.
        treatment: What is done.
        dataset: The dataset, which says by what people are protected: the first counts.

    Raises:
        ArenaError: If nothing protects anybody there, or the kind takes no weights.
    """

    def __init__(self, kind: Decision, treatment: Treatment, dataset: Dataset) -> None:
        if not dataset.protected:
            raise ArenaError(
                f"dataset {dataset.name}: decision.fair and decision.bias need to know whom to protect;\n"
                "say it under [protected] in its TOML file, or as `protected` of its class"
            )
        self._attribute, self._first = next(iter(dataset.protected.items()))
        if treatment.bias and not self._first:
            raise ArenaError(
                f"dataset {dataset.name}: decision.bias flips labels of a protected group, but each level of "
                f"{self._attribute!r} is a group of its own;\nname the levels that are not protected"
            )
        if treatment.fair and not kind.weighted:
            raise ArenaError(f"decision model {kind.name} takes no weights of people, which decision.fair needs")
        self.kind, self.treatment, self._attributes = kind, treatment, dataset.attributes
        self.name, self.summary = kind.name, kind.summary  # type: ignore[misc]
        self.version = f"{kind.version}+{_VERSION}"  # type: ignore[misc]
        self.validates = kind.validates  # type: ignore[misc]
        votes = treatment.fair == "equalized-odds"
        self.differentiable = kind.differentiable and not votes  # type: ignore[misc]
        self.structure = "" if votes else kind.structure  # type: ignore[misc]

    def fit(
        self, features: FeatureTable, training: People, validation: People, *, seed: int, report: ProgressHook = silent
    ) -> Scores:
        """Return the model, fitted to flipped labels where there is a bias, and to weights where it is made fair.

        Raises:
            ArenaError: If it is protected by an attribute, and people come without; or fairlearn is not installed.
        """
        groups = group_codes(self._attribute, self._first, training, features, self._attributes)
        if self.treatment.bias:
            training = replace(training, y=biased(training.y, groups, self.treatment.bias, seed=seed))
        seen = training.seen()
        if not self.treatment.fair:
            return self.kind.fit(features, seen, validation, seed=seed, report=report)
        fit: Callable[..., Scores] = self.kind.fit
        if self.treatment.fair == "reweighing":
            weights = reweighing(training.y, groups)
            return fit(features, seen, validation, seed=seed, report=report, weights=weights)
        from recourse_arena.models.fairness.votes import equalised

        return equalised(
            lambda people, weights: fit(features, people, validation, seed=seed, weights=weights), seen, groups
        )

    def state(self, model: Any) -> Mapping[str, Tensor] | None:
        """Return what its kind keeps; of a vote, that of each model behind its number."""
        if self.treatment.fair != "equalized-odds":
            return self.kind.state(model)
        found: dict[str, Tensor] = {"weights": model.weights, "given": model.given}
        for place, one in enumerate(model.models):
            state = self.kind.state(one)
            if state is None:
                return None
            found |= {f"{place}.{name}": tensor for name, tensor in state.items()}
        return found

    def restore(self, features: FeatureTable, state: Mapping[str, Tensor]) -> Scores:
        """Return the model of what was kept."""
        if self.treatment.fair != "equalized-odds":
            return self.kind.restore(features, state)
        from recourse_arena.models.fairness.votes import MeanVote

        parts: list[dict[str, Tensor]] = [{} for _ in state["weights"]]
        for name, tensor in state.items():
            place, dot, of_model = name.partition(".")
            if dot:
                parts[int(place)][of_model] = tensor
        models = tuple(self.kind.restore(features, part) for part in parts)
        return MeanVote(models, state["weights"], state["given"])

    @property
    def files(self) -> Any:
        """The files of its kind."""
        return self.kind.files


def biased(y: Tensor, groups: Tensor, share: float, *, seed: int) -> Tensor:
    """Return labels of which a share of the protected group's favourable ones, drawn by seed, is flipped.

    Arguments:
        y: Labels, 1 is favourable, `(people,)`.
        groups: 1 for whom is protected, `(people,)`.
        share: The share.
        seed: The seed.
    """
    import torch

    favourable = ((y == 1) & (groups == 1)).nonzero()[:, 0]
    order = torch.randperm(len(favourable), generator=generator(seed, "biased labels"))
    found = y.clone()
    found[favourable[order[: round(share * len(favourable))]]] = 0.0
    return found


def reweighing(y: Tensor, groups: Tensor) -> Tensor:
    """Return the weight of each person by which labels do not depend on groups any more, float64 `(people,)`.

    `P(group) P(label) / P(group, label)` over these people (Kamiran and Calders, 2012).

    Example:
        >>> import torch
        >>> reweighing(torch.tensor([1.0, 0.0, 0.0, 0.0]), torch.tensor([0, 0, 1, 1])).tolist()
        [0.5, 1.5, 0.75, 0.75]
    """
    import torch

    weights = torch.ones(len(y), dtype=torch.float64)
    for group in groups.unique():
        for label in y.unique():
            cell = (groups == group) & (y == label)
            if cell.any():
                weights[cell] = float((groups == group).sum()) * float((y == label).sum()) / len(y) / float(cell.sum())
    return weights
