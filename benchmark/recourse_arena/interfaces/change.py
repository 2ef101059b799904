"""What a plugin of changes provides: what may become of a decision model after somebody was advised."""

from __future__ import annotations

__all__ = ["AskedChange", "Change", "FittedDecision", "Size"]

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.progress_hook import ProgressHook, silent

if TYPE_CHECKING:
    from torch import Tensor

    from recourse_arena.interfaces.decision import Decision
    from recourse_arena.people.features import FeatureTable
    from recourse_arena.people.people import People
    from recourse_arena.problem.model_protocols import Decisions, Scores


@dataclass(frozen=True)
class FittedDecision:
    """A fitted decision model, with what it was fitted to.

    Arguments:
        features: The features.
        decision: What kind it is of, with its options.
        model: The model.
        training: People it learnt from; their label is 1 where favourable.
        validation: People it may have been chosen by.
    """

    features: FeatureTable
    decision: Decision
    model: Scores
    training: People
    validation: People


@dataclass(frozen=True)
class AskedChange:
    """One model of a change, as the name of a dataset asks for it.

    Arguments:
        change: Name of the change, with options.
        model: Name of the model, of a change that leads to several; empty: it leads to one.
        matched: Whether its threshold is moved until it accepts as many validation people as the model before.
    """

    change: str
    model: str = ""
    matched: bool = False

    @property
    def in_words(self) -> str:
        """What it is, for people."""
        return f"then {self.change}{f' ({self.model})' * bool(self.model)}{' at matched acceptance' * self.matched}"


class Size(NamedTuple):
    """How large a model is.

    Arguments:
        bits: Bits of a parameter on average, by number of parameters; none where it has none that could be counted.
        bytes: Bytes in which it can be kept; none where it cannot be.
    """

    bits: float | None = None
    bytes: int | None = None


class Change(ABC):
    """What may become of a fitted decision model: retrained, compressed, moved.

    It never sees the people whose advice is judged by its models, nor that advice. Options arrive as keyword
    arguments: `quantized?method=lsq&bits=4` asks for `Quantized(method="lsq", bits=4)`.

    Example:
        >>> class Stricter(Change):
        ...     name, version, summary = "stricter", "1", "accepts nobody any more"
        ...
        ...     def models(self, fitted, *, seed, report=silent):
        ...         return {"stricter": Refusing()}
    """

    name: ClassVar[str]
    """Name without options."""
    version: ClassVar[str] = "1"
    """Changes whenever the same model leads to others; kept models of other versions are not used."""
    summary: ClassVar[str] = ""
    """One line for people."""

    @abstractmethod
    def models(self, fitted: FittedDecision, *, seed: int, report: ProgressHook = silent) -> Mapping[str, Decisions]:
        """Return the changed models, one or several, by their names.

        A model decides on people in data units, each alike alone and among others; where it has a `logit(x)` or a
        `probability(x)`, it is compared by that as well.

        Arguments:
            fitted: The decision model as it was; it must stay as it is.
            seed: Seed of whatever is drawn.
            report: Hears how far it is.

        Raises:
            NotApplicable: If it can do nothing with this kind of decision model; the message says why.
        """

    def state(self, fitted: FittedDecision, model: Any) -> Mapping[str, Tensor] | None:
        """Return a changed model as tensors, so that it can be kept; none to make all of them anew each time."""
        return None

    def restore(self, fitted: FittedDecision, state: Mapping[str, Tensor]) -> Decisions:
        """Return the changed model of tensors that :meth:`state` gave."""
        raise ArenaError(f"change {self.name} keeps nothing")

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that its models come from: they are others when these change, wherever they lie."""
        return ()

    def size(self, fitted: FittedDecision, model: Any) -> Size:
        """Return how large a changed model is; by default by what :meth:`state` keeps, each number as it is kept."""
        state = self.state(fitted, model)
        if not state:
            return Size()
        kept = [(tensor.numel(), tensor.element_size()) for tensor in state.values()]
        total, numbers = sum(count * each for count, each in kept), sum(count for count, _ in kept)
        counted = numbers and all(tensor.is_floating_point() for tensor in state.values())
        return Size(8 * total / numbers if counted else None, total)
