"""What a plugin of decision models provides."""

from __future__ import annotations

__all__ = ["Decision"]

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.progress_hook import ProgressHook, silent

if TYPE_CHECKING:
    from torch import Tensor

    from recourse_arena.people.features import FeatureTable
    from recourse_arena.people.people import People
    from recourse_arena.problem.model_protocols import Scores


class Decision(ABC):
    """A kind of decision model: how it is trained, kept and taken back. What decides is the model it returns.

    Options arrive as keyword arguments: `adult?decision=forest&decision.trees=50` asks for `Forest(trees=50)`.

    Example:
        >>> class Rich(Decision):
        ...     name, version, summary = "rich", "1", "accepts whoever has more than the average of the first feature"
        ...
        ...     def fit(self, features, training, validation, *, seed, report=silent):
        ...         return Above(training.x[:, 0].mean())
        ...
        ...     def state(self, model):
        ...         return {"limit": model.limit}
        ...
        ...     def restore(self, features, state):
        ...         return Above(state["limit"])
    """

    name: ClassVar[str]
    """Name without options."""
    version: ClassVar[str] = "1"
    """Changes whenever the same people lead to another model; kept models of other versions are not used."""
    summary: ClassVar[str] = ""
    """One line for people."""
    differentiable: ClassVar[bool] = False
    """Whether its models have a differentiable `logit` (:class:`~recourse_arena.problem.model_protocols.Classifier`):
    solvers that need gradients are skipped where they have none."""
    weighted: ClassVar[bool] = False
    """Whether `fit` also takes `weights`, float `(people,)`, of its training people: `decision.fair` needs them."""
    validates: ClassVar[bool] = True
    """Whether `fit` looks at its validation people; where it does not, `split=recourse` has it learn from them."""
    structure: ClassVar[str] = ""
    """What can be read of its models by solvers that reason exactly: `affine` layers (`affine_maps`), `trees`,
    or nothing. Solvers say in `structures` which of them they can read."""

    @abstractmethod
    def fit(
        self,
        features: FeatureTable,
        training: People,
        validation: People,
        *,
        seed: int,
        report: ProgressHook = silent,
    ) -> Scores:
        """Return a model fitted to training people: it `accepts(x)`, and has a `probability(x)`.

        Arguments:
            features: The features.
            training: People to learn from; their label is 1 where favourable.
            validation: People to choose by, should there be something to choose.
            seed: Seed of whatever is drawn.
            report: Hears how far it is.
        """

    def state(self, model: Any) -> Mapping[str, Tensor] | None:
        """Return a model as tensors, so that it can be kept; none to fit it anew each time."""
        return None

    def restore(self, features: FeatureTable, state: Mapping[str, Tensor]) -> Scores:
        """Return the model of tensors that :meth:`state` gave."""
        raise ArenaError(f"decision model {self.name} keeps nothing")

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that its models come from: a model is another one when they change."""
        return ()
