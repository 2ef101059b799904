"""A decision model that somebody has: a fitted model of scikit-learn, or any function."""

from __future__ import annotations

__all__ = ["HandedOver", "handed_over"]

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from recourse_arena.base.errors import ArenaError, described
from recourse_arena.base.progress_hook import ProgressHook, silent
from recourse_arena.interfaces.decision import Decision
from recourse_arena.models.decision.options import check_threshold
from recourse_arena.tables.guesses import feature_name

if TYPE_CHECKING:
    import pandas as pd

    from recourse_arena.people.features import FeatureTable
    from recourse_arena.people.people import People


def handed_over(model: object, *, favourable: object = 1, threshold: float = 0.5, name: str = "yours") -> HandedOver:
    """Return the decision model of a fitted classifier of scikit-learn (or one with its methods), or of a function.

    It is asked about people as a frame, in original units and with levels by their names, as it was trained.

    Arguments:
        model: The classifier, with `predict_proba` or `predict`; or a function from such a frame to a yes or no, or the
            probability of a yes, for each row.
        favourable: The class that is a yes, of a classifier.
        threshold: Least probability of it for a yes.
        name: What it is called.

    Raises:
        ArenaError: If it is neither, has no such class, or the threshold is not between 0 and 1.
    """
    check_threshold("decision", threshold)
    classes = np.asarray(getattr(model, "classes_", [])).tolist()
    if not (callable(model) or hasattr(model, "predict_proba") or hasattr(model, "predict")):
        raise ArenaError(f"decision: expected a fitted classifier or a function, got a {type(model).__name__}")
    if classes and favourable not in classes:
        raise ArenaError(f"favourable: expected one of its classes {', '.join(map(repr, classes))}, got {favourable!r}")
    return HandedOver(model, favourable, threshold, name)


class HandedOver(Decision):
    """A decision model that is an object: it is asked as it is, and kept nowhere."""

    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "a model that was handed over as an object"

    def __init__(self, model: object, favourable: object, threshold: float, name: str) -> None:
        self.model, self.favourable, self.threshold = model, favourable, threshold
        self.name = name  # type: ignore[misc]

    def fit(
        self, features: FeatureTable, training: People, validation: People, *, seed: int, report: ProgressHook = silent
    ) -> AskedInFrames:
        """Return what asks it; nothing is trained."""
        asked = AskedInFrames(features, self._chance, self.threshold)
        asked.accepts(training.x[:2])  # wrong columns are an error now
        return asked

    def _chance(self, frame: pd.DataFrame) -> Any:
        model: Any = self.model
        frame = _as_trained(model, frame)
        if hasattr(model, "predict_proba"):
            return model.predict_proba(frame)[:, list(model.classes_).index(self.favourable)]
        if hasattr(model, "predict"):
            return np.asarray(model.predict(frame)) == self.favourable
        return model(frame)


def _as_trained(model: Any, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with the columns that a model was fitted on, by their names and in their order, if it says so."""
    said = getattr(model, "feature_names_in_", None)
    columns = [] if said is None else [str(column) for column in said]
    named = frame.rename(columns={feature_name(column): column for column in columns})
    return named[columns] if columns and set(columns) <= set(named.columns) else frame


class AskedInFrames:
    """Decides on people as a frame in original units.

    Arguments:
        features: The features.
        chance: Returns a yes or no, or the probability of a yes, of each row of a frame.
        threshold: Least probability of a yes.
    """

    def __init__(self, features: FeatureTable, chance: Callable[[Any], Any], threshold: float) -> None:
        self.features, self._chance, self._threshold = features, chance, threshold

    def probability(self, x: Tensor) -> Tensor:
        """Return the probability `(...,)` of a positive decision for people `x` `(..., features)`."""
        rows = x.detach().reshape(-1, len(self.features))
        if not len(rows):
            return rows.new_zeros(x.shape[:-1])
        try:
            found = np.asarray(self._chance(self._frame(rows)), dtype=float)
        except Exception as error:  # it may raise anything
            raise ArenaError(f"the decision model cannot be asked about people: {described(error)}"[:600]) from error
        if found.shape != (len(rows),):
            raise ArenaError(f"the decision model: expected a number for each of {len(rows)} people, got {found.shape}")
        if not ((found >= 0) & (found <= 1)).all():
            wrong = found[~((found >= 0) & (found <= 1))][0]
            raise ArenaError(f"the decision model: expected yes or no, or probabilities from 0 to 1, got {wrong:g}")
        return torch.from_numpy(found).float().reshape(x.shape[:-1])

    def accepts(self, x: Tensor) -> Tensor:
        """Return who is decided positively, bool `(...,)`."""
        return self.probability(x) >= self._threshold

    def _frame(self, rows: Tensor) -> pd.DataFrame:
        import pandas as pd

        columns: dict[str, Any] = {}
        for j, feature in enumerate(self.features):
            values = rows[:, j].numpy()
            if feature.levels:
                codes = values.astype(int).clip(0, len(feature.levels) - 1)  # who has no level is asked as the nearest
                columns[feature.name] = np.array(feature.levels, dtype=object)[codes]
            else:
                columns[feature.name] = values.astype(np.int64) if feature.whole else values.astype(float)
        return pd.DataFrame(columns)
