"""Somebody's next decision model, as it comes in an ONNX file."""

from __future__ import annotations

__all__ = ["Deployed", "Onnx", "as_it_decides", "encoding_of", "read_as", "written"]

import logging
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.base.progress_hook import ProgressHook, silent
from recourse_arena.interfaces.change import Change, FittedDecision
from recourse_arena.models.decision.options import check_threshold

if TYPE_CHECKING:
    from torch import Tensor

    from recourse_arena.models.decision.onnx_file import OnnxFile
    from recourse_arena.people.encoding import Encoding

_INPUTS = ("original", "encoded")
_METHODS = ("onnx-dynamic", "onnx-static")
_QUANTIZED = ["MatMul", "Add", "Relu"]
_CALIBRATED = 4096
_ASKED = 48
"""Training people that a file is asked about alone and together."""

_ROUNDED = 1e-5
"""By how much a probability may be another one in another batch, by rounding alone."""


class _InFile(Change):
    """A change that leads to an ONNX file, which is what is kept of it."""

    def state(self, fitted: FittedDecision, model: OnnxFile) -> Mapping[str, Tensor]:
        """Return the file's bytes."""
        from recourse_arena.models.decision.onnx_model import as_tensor

        return {"onnx": as_tensor(model.content)}

    def restore(self, fitted: FittedDecision, state: Mapping[str, Tensor]) -> OnnxFile:
        """Return the model that was kept."""
        from recourse_arena.models.decision.onnx_model import as_bytes

        return self._model(fitted, as_bytes(state["onnx"]))

    def _model(self, fitted: FittedDecision, content: bytes) -> OnnxFile:
        raise NotImplementedError


class Onnx(_InFile):
    """A model in an ONNX file, whatever it was trained with; ONNX Runtime decides, on one thread.

    Its inputs are people in original units, as those of the decision model `onnx`: one for each feature, by name, or
    one table. Or one table of people as the decision model before sees them, encoded: numbers standardised, a column
    for each level of a category in alphabetical order. A file that says its log odds in an output called `logit` is
    compared by them.

    Weights of few bits behind DequantizeLinear are multiplied as the graph says it, in single precision
    (`session.qdq_matmulnbits_accuracy_level` = 1); ONNX Runtime by default rounds what they are multiplied with as
    well. Where what is said of a person depends on who else is asked, as under dynamic quantization, which has one
    scale for all, each person is decided in a batch of their own.

    Arguments:
        file: The file; relative to the current folder.
        favourable: The class that is a positive decision; by default the last one.
        threshold: Least probability of that class for a positive decision; by default the model's own decision.
        inputs: `original` units, or `encoded` as the decision model before sees people.
        as_deployed: Whether it is evaluated as ONNX Runtime does by default.

    Example:
        >>> Onnx(file="next.onnx").files
        (PosixPath('next.onnx'),)
    """

    name: ClassVar[str] = "onnx"
    summary: ClassVar[str] = "somebody's next model in an ONNX file (`?file=next.onnx`), each product as the file says"

    def __init__(
        self,
        *,
        file: str = "",
        favourable: str | int = "",
        threshold: float | None = None,
        inputs: str = "original",
        as_deployed: bool = False,
    ) -> None:
        if not str(file):
            raise ArenaError("change onnx: expected the path of an ONNX file, as in 'onnx?file=next.onnx'")
        if inputs not in _INPUTS:
            raise unknown("inputs of change onnx", str(inputs), _INPUTS)
        if threshold is not None:
            check_threshold("change onnx", threshold)
        self.file, self.favourable, self.threshold = Path(str(file)), str(favourable), threshold
        self.inputs, self.as_deployed = inputs, as_deployed

    @property
    def files(self) -> tuple[Path, ...]:
        """The file."""
        return (self.file,)

    def models(self, fitted: FittedDecision, *, seed: int, report: ProgressHook = silent) -> Mapping[str, OnnxFile]:
        """Return the model in the file."""
        try:
            content = self.file.read_bytes()
        except OSError as error:
            raise ArenaError(f"change onnx: cannot read {self.file}: {error.strerror}") from None
        return {"onnx": self._model(fitted, content)}

    def _model(self, fitted: FittedDecision, content: bytes) -> OnnxFile:
        from recourse_arena.models.decision.onnx_file import OnnxFile

        asked = OnnxFile(
            fitted.features,
            content,
            favourable=self.favourable,
            threshold=self.threshold,
            what=f"change onnx: {self.file}",
            encoding=encoding_of(fitted) if self.inputs == "encoded" else None,
            as_deployed=self.as_deployed,
        )
        return as_it_decides(asked, fitted)


class Deployed(_InFile):
    """The network in 8 bits, as ONNX Runtime's own tools quantize it and as it decides by default, on one thread.

    `onnx-dynamic` rounds weights, and what they are multiplied with when somebody is decided, with one scale for the
    whole batch: each person is decided in a batch of their own. `onnx-static` rounds weights, activations and the logit
    by scales that training people ask for: whoever's logit is within half a step of 0 is accepted. Whole numbers are
    unsigned: products of signed ones saturate on processors that have no instruction for them, and decisions would
    depend on the processor.

    Arguments:
        method: `onnx-dynamic` or `onnx-static`.
    """

    name: ClassVar[str] = "deployed"
    summary: ClassVar[str] = "8 bits as ONNX Runtime's tools round and decide (`onnx-dynamic`, `onnx-static`)"

    def __init__(self, *, method: str = "onnx-dynamic") -> None:
        if method not in _METHODS:
            raise unknown("method of change deployed", str(method), _METHODS)
        self.method = method

    def models(self, fitted: FittedDecision, *, seed: int, report: ProgressHook = silent) -> Mapping[str, OnnxFile]:
        """Return the network as it was quantized.

        Raises:
            NotApplicable: If the decision model is no ReLU network.
            ArenaError: If ONNX Runtime is not installed.
        """
        from recourse_arena.models.changes.training.student import network_of

        network = network_of(fitted, self.name)
        content = written(network, encoded=True)
        assert content is not None
        people = network.encoding.encode(fitted.training.x.float()) if self.method == "onnx-static" else None
        return {self.method: self._model(fitted, quantized(content, people))}

    def _model(self, fitted: FittedDecision, content: bytes) -> OnnxFile:
        from recourse_arena.models.decision.onnx_file import OnnxFile

        what, encoding = f"change deployed: {self.method}", encoding_of(fitted)
        asked = OnnxFile(fitted.features, content, favourable="", threshold=None, what=what, encoding=encoding)
        return as_it_decides(asked, fitted)


def quantized(content: bytes, people: Tensor | None) -> bytes:
    """Return an ONNX network in 8 bits: static, with scales of encoded people `(people, columns)`; dynamic without.

    Raises:
        ArenaError: If ONNX Runtime is not installed.
    """
    try:
        from onnx import load_from_string
        from onnxruntime import quantization as tools
    except ImportError as error:
        raise ArenaError(
            f"change deployed needs ONNX Runtime ({error});\n`pip install 'recourse-arena[models]'` installs it"
        ) from None
    model = load_from_string(content)
    said = model.metadata_props.add()
    said.key, said.value = "onnx.quant.pre_process", "onnxruntime.quant"  # else it warns that it was not
    whole = tools.QuantType.QUInt8
    with _without_a_handler_of_their_own(), tempfile.TemporaryDirectory(prefix="recourse-arena-") as folder:
        before, after = Path(folder) / "before.onnx", Path(folder) / "after.onnx"
        before.write_bytes(model.SerializeToString())
        if people is None:
            tools.quantize_dynamic(before, after, weight_type=whole)
        else:
            parts = iter([{model.graph.input[0].name: part.numpy()} for part in people.split(_CALIBRATED)])
            reader = type("People", (tools.CalibrationDataReader,), {"get_next": lambda self: next(parts, None)})()
            tools.quantize_static(
                before, after, reader, activation_type=whole, weight_type=whole, op_types_to_quantize=_QUANTIZED
            )
        return after.read_bytes()


@contextmanager
def _without_a_handler_of_their_own() -> Iterator[None]:
    """Keep what logs to a root that has no handler from giving it one, for everybody and for good."""
    root, nobody = logging.getLogger(), logging.NullHandler()
    root.addHandler(nobody)
    try:
        yield
    finally:
        root.removeHandler(nobody)


def encoding_of(fitted: FittedDecision) -> Encoding:
    """Return how a decision model sees people; as any does on the scale of its training people, if it has no way."""
    from recourse_arena.people.encoding import Encoding

    found = getattr(fitted.model, "encoding", None)
    return found if isinstance(found, Encoding) else Encoding.fitted(fitted.features, fitted.training.x)


def as_it_decides(model: OnnxFile, fitted: FittedDecision) -> OnnxFile:
    """Return a file as it decides on training people: each by themselves, if others matter; with log odds, if those do.

    Raises:
        ArenaError: If it cannot be asked.
    """
    import torch

    from recourse_arena.models.decision.onnx_file import LogitOnnxFile

    if model.holds_one:
        model = model.again(type(model), alone=True)
    some = fitted.training.x[:_ASKED]
    together = model.probability(some)
    apart = torch.cat([model.probability(one) for one in some.split(1)])
    alone = model.alone or bool(((together - apart).abs() > _ROUNDED).any())
    kind = type(model)
    if model.has_logit and model.threshold is None:
        said = model.again(LogitOnnxFile, alone=alone)
        assert isinstance(said, LogitOnnxFile)
        if torch.equal(said.log_odds(fitted.training.x) >= 0, said.accepts(fitted.training.x)):
            return said
    return model.again(kind, alone=alone)


def written(model: Any, *, encoded: bool = False) -> bytes | None:
    """Return a network as ONNX, weights of few bits in few bits, or the file that a model is; none if it cannot be.

    Arguments:
        model: The model.
        encoded: Whether its input are encoded people, instead of people in original units.
    """
    from recourse_arena.models.changes.networks import ClippedNetwork, QuantizedRelu, linear_layers
    from recourse_arena.models.decision.network_onnx import Affine, network_onnx
    from recourse_arena.models.decision.onnx_file import OnnxFile
    from recourse_arena.models.decision.onnx_model import EncodedOnnx
    from recourse_arena.models.decision.relu import ReluClassifier

    if isinstance(model, EncodedOnnx):
        return model.content if encoded else None
    if isinstance(model, OnnxFile):
        return model.content if encoded == (model.encoding is not None) else None
    inner = model.network if isinstance(model, ClippedNetwork) else model
    if not isinstance(inner, ReluClassifier):
        return None
    layers = linear_layers(inner)
    if isinstance(inner, QuantizedRelu):  # the last bias may have been moved since
        codes, steps = ([inner.packed[f"layers.{k}.{part}"] for k in range(len(layers))] for part in ("codes", "step"))
        maps = [Affine(c, m.bias, s, b) for c, m, s, b in zip(codes, layers, steps, inner.bits, strict=True)]
    else:
        maps = [Affine(layer.weight, layer.bias) for layer in layers]
    clipped = isinstance(model, ClippedNetwork)
    if clipped:
        maps[:-1] = [
            replace(one, clip=float(clip), levels=2**model.bits - 1)
            for one, clip in zip(maps[:-1], model.clips, strict=True)
        ]
    return network_onnx(model.encoding, maps, encoded=encoded, double=clipped)


def read_as(model: Any, *, encoded: bool = False) -> dict[str, Any]:
    """Return the options, beside the file, with which :class:`Onnx` decides by what is written of a model as it does.

    Trees accept at one half, where their files say nothing certain.
    """
    from recourse_arena.models.decision.onnx_file import OnnxFile
    from recourse_arena.models.decision.onnx_model import EncodedOnnx

    options: dict[str, Any] = {"inputs": "encoded"} if encoded else {}
    if isinstance(model, EncodedOnnx):
        return options | {"threshold": 0.5}
    if isinstance(model, OnnxFile):
        given = {"favourable": model.favourable, "threshold": model.threshold}
        return options | {name: value for name, value in given.items() if value not in ("", None)}
    return options
