"""Anybody's decision model in an ONNX file, asked about people in original units."""

from __future__ import annotations

__all__ = ["LogitOnnxFile", "OnnxFile"]

from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recourse_arena.base.errors import ArenaError
from recourse_arena.models.decision.onnx_model import session
from recourse_arena.people.encoding import Encoding
from recourse_arena.people.features import Feature, FeatureTable, Kind

_ROWS = 1 << 15
_NUMBERS = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
}
_TEXT = "tensor(string)"
_SLACK = 1e-5
"""By how much probabilities may be rounded."""

LOGIT = "logit"
"""Name of an output with log odds: it is no probability."""


class OnnxFile:
    """A model whose inputs are features by name, or one table of numbers.

    Inputs by name, `(people, 1)` or `(people,)`: numbers as they are, levels by their names where the input is text,
    by their codes (in the order in which they are declared) where it is numbers. One table `(people, columns)`: a
    column for each feature, levels by their codes; or a column for each number and for each level of a category, in
    the order in which they are declared, 0 or 1.

    It decides as the file does: by the class it gives, where it gives one; or by the probability of the favourable
    class, where that is asked for or all there is.

    Arguments:
        features: The features.
        content: The bytes of the file.
        favourable: Name of the favourable class; the last one if empty.
        threshold: Least probability for a positive decision; by default the file's own decision, else .5.
        what: What it is called in messages.
        encoding: The encoding whose columns its one table has, where it has not those of people in original units.
        as_deployed: Whether it is evaluated as ONNX Runtime does by default, or as it is written: see
            :func:`~recourse_arena.models.decision.onnx_model.session`.
        alone: Whether each person is decided in a batch of their own.

    Raises:
        ArenaError: If the file is no ONNX model, or its inputs or outputs do not fit.
    """

    def __init__(
        self,
        features: FeatureTable,
        content: bytes,
        *,
        favourable: str,
        threshold: float | None,
        what: str,
        encoding: Encoding | None = None,
        as_deployed: bool = True,
        alone: bool = False,
    ) -> None:
        self.features, self.content, self.what = features, content, what
        self.favourable, self.threshold = favourable, threshold
        self.encoding, self.as_deployed, self.alone = encoding, as_deployed, alone
        self._label, self._scores, self._classes = self._outputs()
        self._inputs  # noqa: B018 - wrong inputs are an error now

    def accepts(self, x: Tensor) -> Tensor:
        """Return who is decided positively, bool `(...,)`."""
        if self._label and self.threshold is None:
            wanted = self._wanted
            labels = np.concatenate([np.asarray(labels) for labels in self._run(self._label, x)])
            return torch.from_numpy(labels.reshape(-1).astype(str) == wanted).reshape(x.shape[:-1])
        return self.probability(x) >= (0.5 if self.threshold is None else self.threshold)

    def probability(self, x: Tensor) -> Tensor:
        """Return the probability `(...,)` of the favourable class; 0 and 1 where the file gives decisions only."""
        if not self._scores:
            return self.accepts(x).float()
        found = np.concatenate([self._chance(scores) for scores in self._run(self._scores, x)])
        if not ((found >= -_SLACK) & (found <= 1 + _SLACK)).all():
            wrong = found[~((found >= -_SLACK) & (found <= 1 + _SLACK))][0]
            raise ArenaError(
                f"{self.what}: expected probabilities from 0 to 1 in its output {self._scores!r}, got {wrong:g};\n"
                f"export the model with its last sigmoid or softmax"
            )
        return torch.from_numpy(found.astype(np.float32).clip(0, 1)).reshape(x.shape[:-1])

    def __getstate__(self) -> dict[str, Any]:
        """Travel without the session and what feeds it, which are made again."""
        return {name: value for name, value in self.__dict__.items() if name not in ("_session", "_inputs")}

    def __deepcopy__(self, memo: dict[int, object]) -> OnnxFile:
        return self.again(type(self))

    def again(self, kind: type[OnnxFile], *, alone: bool | None = None) -> OnnxFile:
        """Return the same file once more, as another kind or with each person decided alone."""
        return kind(
            self.features, self.content, favourable=self.favourable, threshold=self.threshold, what=self.what,
            encoding=self.encoding, as_deployed=self.as_deployed, alone=self.alone if alone is None else alone,
        )  # fmt: skip

    @property
    def holds_one(self) -> bool:
        """Whether its inputs are made for one person at a time."""
        return any(given.shape and given.shape[0] == 1 for given in self._session.get_inputs())

    @property
    def has_logit(self) -> bool:
        """Whether one of its outputs is called `logit`."""
        return any(output.name == LOGIT and "tensor(" in output.type for output in self._session.get_outputs())

    @cached_property
    def _session(self) -> Any:
        return session(self.content, self.what, as_deployed=self.as_deployed)

    @property
    def _wanted(self) -> str:
        return self.favourable or (self._classes[-1] if self._classes else "1")

    def _known(self, label: Any, scores: Any) -> tuple[str, ...]:
        """Return the classes that the file names; where it gives probabilities alone, their columns are classes.

        Raises:
            ArenaError: If the favourable class is none of them, or cannot be told.
        """
        classes = _classes(self.content)
        if not classes and not label:
            columns = scores.shape[-1] if len(scores.shape) > 1 else 1
            classes = tuple(map(str, range(max(columns, 2)))) if isinstance(columns, int) else ()
        if self.favourable and classes and self.favourable not in classes:
            raise ArenaError(
                f"{self.what}: expected {self.favourable!r} to be one of its classes, which are {', '.join(classes)}"
            )
        if not self.favourable and not classes and label and label.type == _TEXT:
            raise ArenaError(
                f"{self.what}: the file does not say which classes its output {label.name!r} can have;\n"
                f"say which one is favourable, as in 'onnx?file=model.onnx&favourable=good'"
            )
        return classes

    def _outputs(self) -> tuple[str, str, tuple[str, ...]]:
        """Return the names of the outputs with classes and with probabilities, empty without, and the classes."""
        outputs = self._session.get_outputs()
        label = next((o for o in outputs if o.type in ("tensor(int64)", "tensor(int32)", _TEXT)), None)
        scores = next((o for o in outputs if ("float" in o.type or "double" in o.type) and o.name != LOGIT), None)
        if not label and not scores:
            kinds = ", ".join(f"{o.name}: {o.type}" for o in outputs)
            raise ArenaError(f"{self.what}: expected an output with classes or probabilities, got {kinds or 'none'}")
        classes = self._known(label, scores)
        if self.threshold is not None and not scores:
            raise ArenaError(f"{self.what}: a threshold was asked for, but the model gives classes only")
        return label.name if label else "", scores.name if scores else "", classes

    def _chance(self, scores: Any) -> np.ndarray:
        if isinstance(scores, list):  # a map for each person, from class to probability
            names = {str(name): name for name in (scores[0] if scores else {})}
            if scores and self._wanted not in names:
                raise ArenaError(f"{self.what}: expected class {self._wanted!r}, got {', '.join(names)}")
            return np.array([row[names[self._wanted]] for row in scores], dtype=np.float32)
        table = np.asarray(scores)
        if table.ndim == 1 or table.shape[1] == 1:
            chance = table.reshape(-1)
            return 1 - chance if self._classes and self._wanted == self._classes[0] else chance
        place = self._classes.index(self._wanted) if self._wanted in self._classes else -1
        return table[:, place]

    def _run(self, output: str, x: Tensor) -> list[Any]:
        rows = x.detach().reshape(-1, len(self.features))
        found = []
        for part in rows.split(1 if self.alone else _ROWS) if len(rows) else [rows]:
            given = {name: reader(part) for name, reader in self._inputs.items()}
            try:
                found.append(self._session.run([output], given)[0])
            except Exception as error:  # its own exceptions have no common class
                first = next(iter(str(error).splitlines()), "")[:200]
                raise ArenaError(f"{self.what}: the model cannot be asked: {first}") from None
        return found

    @cached_property
    def _inputs(self) -> dict[str, Any]:
        """What makes each input of people."""
        inputs = self._session.get_inputs()
        if self.encoding is not None:
            return self._encoded(self.encoding, inputs)
        if len(inputs) == 1 and inputs[0].name not in self.features.names:
            return {inputs[0].name: self._table(inputs[0])}
        names = [given.name for given in inputs]
        unknown = [name for name in names if name not in self.features.names]
        if unknown:
            raise ArenaError(
                f"{self.what}: its input {unknown[0]!r} is no feature; features are {', '.join(self.features.names)}"
            )
        return {given.name: self._column(given) for given in inputs}

    def _encoded(self, encoding: Encoding, inputs: list[Any]) -> dict[str, Any]:
        names = encoding.names
        width = inputs[0].shape[-1] if len(inputs) == 1 and inputs[0].shape else None
        if len(inputs) != 1 or (isinstance(width, int) and width != len(names)):
            got = f"{width} columns" if len(inputs) == 1 else f"{len(inputs)} inputs"
            raise ArenaError(
                f"{self.what}: expected one input with the {len(names)} columns of the encoding, got {got};\n"
                f"columns are {', '.join(names)}"
            )
        kind = self._number(inputs[0])
        return {inputs[0].name: lambda x: encoding.encode(x.float()).numpy().astype(kind)}

    def _column(self, given: Any) -> Any:
        feature, place = self.features[given.name], self.features.index(given.name)
        flat = len(given.shape) == 1
        if given.type == _TEXT:
            if not feature.levels:
                raise ArenaError(f"{self.what}: its input {given.name!r} is text, but the feature is {feature.kind}")
            names = np.array(feature.levels, dtype=object)
            highest = len(names) - 1  # of whoever has a level that nobody has, the nearest is asked about
            return lambda x: names[x[:, place].long().clamp(0, highest).numpy()].reshape(-1 if flat else (-1, 1))
        kind = self._number(given)
        return lambda x: x[:, place].numpy().astype(kind).reshape((-1,) if flat else (-1, 1))

    def _table(self, given: Any) -> Any:
        if given.type == _TEXT:
            raise ArenaError(f"{self.what}: expected numbers in its input {given.name!r}, or an input for each feature")
        kind, width = self._number(given), given.shape[-1] if given.shape else None
        wide = [(j, code) for j, feature in enumerate(self.features) for code in _codes(feature)]
        if width in (len(self.features), None) or not isinstance(width, int):
            return lambda x: x.numpy().astype(kind)
        if width != len(wide):
            also = f", or {len(wide)}, one for each number and level" if len(wide) != len(self.features) else ""
            raise ArenaError(
                f"{self.what}: expected {len(self.features)} columns in its input {given.name!r}, one for each "
                f"feature{also}; it has {width}"
            )
        columns = torch.tensor([j for j, _ in wide])
        codes = torch.tensor([code for _, code in wide])

        def expanded(x: Tensor) -> np.ndarray:
            spread = x[:, columns]
            return torch.where(codes < 0, spread, (spread == codes).to(x.dtype)).numpy().astype(kind)

        return expanded

    def _number(self, given: Any) -> Any:
        if given.type not in _NUMBERS:
            raise ArenaError(f"{self.what}: expected numbers or text in its input {given.name!r}, got {given.type}")
        return _NUMBERS[given.type]


class LogitOnnxFile(OnnxFile):
    """A file that says log odds as well, in an output called `logit`.

    They are no `logit` of its own: that would have a gradient.
    """

    def log_odds(self, x: Tensor) -> Tensor:
        """Return the log odds `(...,)` of a positive decision for people `x` `(..., features)`."""
        found = np.concatenate([np.asarray(logits).reshape(-1) for logits in self._run(LOGIT, x)])
        return torch.from_numpy(found).reshape(x.shape[:-1])


def _codes(feature: Feature) -> tuple[int, ...]:
    return tuple(range(len(feature.levels))) if feature.kind is Kind.CATEGORICAL else (-1,)


def _classes(content: bytes) -> tuple[str, ...]:
    """Return the classes that a model names, in the order of its probabilities; none if it names none."""
    from onnx import load_from_string

    for node in reversed(load_from_string(content).graph.node):
        for attribute in node.attribute:
            if attribute.name in ("classlabels_int64s", "classlabels_ints") and attribute.ints:
                return tuple(str(number) for number in attribute.ints)
            if attribute.name == "classlabels_strings" and attribute.strings:
                return tuple(text.decode() for text in attribute.strings)
    return ()
