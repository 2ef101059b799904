"""The suite's changes of decision models, with the controls that anything they show has to be held against."""

from __future__ import annotations

__all__ = [
    "Box",
    "Deployed",
    "Distilled",
    "Faithful",
    "FineTuned",
    "Onnx",
    "Pruned",
    "Quantized",
    "Retrained",
    "Same",
    "Shifted",
    "ShiftedBias",
    "recourse_changes",
]

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from recourse_arena.base.errors import ArenaError, NotApplicable
from recourse_arena.base.progress_hook import ProgressHook, silent
from recourse_arena.base.randomness import derive_seed, generator
from recourse_arena.interfaces.change import Change, FittedDecision, Size
from recourse_arena.interfaces.hookspecs import hookimpl
from recourse_arena.models.changes.compression import Distilled, Faithful, FineTuned, Pruned
from recourse_arena.models.changes.onnx_models import Deployed, Onnx
from recourse_arena.models.changes.quantized import Quantized
from recourse_arena.models.changes.settings import number, whole
from recourse_arena.models.changes.shifted import Shifted
from recourse_arena.models.changes.shifted_bias import ShiftedBias
from recourse_arena.models.changes.weights_box import Box

if TYPE_CHECKING:
    from torch import Tensor

    from recourse_arena.people.people import People
    from recourse_arena.problem.model_protocols import Scores


class Same(Change):
    """Nothing changes: the control in which all advice lasts."""

    name: ClassVar[str] = "same"
    summary: ClassVar[str] = "nothing changes (control)"

    def models(self, fitted: FittedDecision, *, seed: int, report: ProgressHook = silent) -> Mapping[str, Scores]:
        """Return the model."""
        return {"same": fitted.model}

    def size(self, fitted: FittedDecision, model: Scores) -> Size:
        """Return how large the model is by what its kind keeps."""
        return Retrained().size(fitted, model)


class Retrained(Change):
    """The same kind of model is trained again, from other weights and in another order.

    Arguments:
        models: How many times.
        bootstrap: Whether each time on as many training people drawn with replacement.
        leave_out: Share of the training people that is left out, others each time.
        others: Another number leads to other models: margins may be chosen by some and judged by others.

    Example:
        >>> Retrained(models=2).count
        2
    """

    name: ClassVar[str] = "retrained"
    summary: ClassVar[str] = (
        "trained again: other seeds, people drawn again (`?bootstrap=true`) or fewer (`?leave_out=.1`)"
    )

    def __init__(self, *, models: int = 5, bootstrap: bool = False, leave_out: float = 0.0, others: int = 0) -> None:
        self.count, self.bootstrap = whole(self.name, "models", models, 1, 1000), bootstrap
        self.others = whole(self.name, "others", others, 0, 1000)
        self.leave_out = number(self.name, "leave_out", leave_out)
        if not 0 <= self.leave_out < 1:
            raise ArenaError(f"change retrained: leave_out must be a number from 0 to below 1, got {leave_out!r}")
        if bootstrap and leave_out:
            raise ArenaError("change retrained: people are drawn with replacement (bootstrap) or left out, not both")

    def models(self, fitted: FittedDecision, *, seed: int, report: ProgressHook = silent) -> Mapping[str, Scores]:
        """Return the models.

        Raises:
            NotApplicable: If training does not lead to other models.
        """
        import torch

        found: dict[str, Scores] = {}
        for k in range(self.count):
            which = f"{self.others} {k}" if self.others else str(k)
            people = self._people(fitted.training, seed, which)
            found[f"retrained-{k + 1}"] = fitted.decision.fit(
                fitted.features, people, fitted.validation, seed=derive_seed(seed, "changes", "retrained", which)
            )
            report((k + 1) / self.count)
        x = fitted.training.x
        before = fitted.model.probability(x)
        if all(torch.equal(model.probability(x), before) for model in found.values()):
            kind = fitted.decision.name
            if self.bootstrap or self.leave_out:
                raise NotApplicable(f"change retrained: decision model {kind} does not depend on its training people")
            raise NotApplicable(
                f"change retrained: decision model {kind} does not depend on its seed, and training it again leads to "
                "the same model; retrained?bootstrap=true draws its training people again"
            )
        return found

    def _people(self, training: People, seed: int, which: str) -> People:
        """Return whom one of the models is trained on."""
        import torch

        if self.bootstrap:
            draws = generator(seed, "changes", "bootstrap", which)
            return training[torch.randint(len(training), (len(training),), generator=draws)]
        if self.leave_out:
            order = torch.randperm(len(training), generator=generator(seed, "changes", "leave-out", which))
            return training[order[round(self.leave_out * len(training)) :].sort().values]
        return training

    def state(self, fitted: FittedDecision, model: Scores) -> Mapping[str, Tensor] | None:
        """Return what its kind of decision model keeps."""
        return fitted.decision.state(model)

    def restore(self, fitted: FittedDecision, state: Mapping[str, Tensor]) -> Scores:
        """Return the model that was kept."""
        return fitted.decision.restore(fitted.features, state)


@hookimpl
def recourse_changes() -> list[type[Change]]:
    """Return the changes."""
    return [
        Box,
        Deployed,
        Distilled,
        Faithful,
        FineTuned,
        Onnx,
        Pruned,
        Quantized,
        Retrained,
        Same,
        Shifted,
        ShiftedBias,
    ]
