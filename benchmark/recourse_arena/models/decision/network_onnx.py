"""A ReLU network written as ONNX, with weights of few bits kept in few bits."""

from __future__ import annotations

__all__ = ["Affine", "network_onnx"]

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from recourse_arena.base.errors import ArenaError
from recourse_arena.models.decision.onnx_file import LOGIT
from recourse_arena.people.encoding import Encoding

_OPSET, _IR = 21, 10
"""The first with whole numbers of 4 bits; of 2024."""


@dataclass(frozen=True)
class Affine:
    """An affine map, whose weight may be whole numbers times a step.

    Arguments:
        weight: Weights `(outputs, inputs)`, or the whole numbers.
        bias: Biases `(outputs,)`.
        step: What whole numbers are multiplied with, `()`; none where weights are in full precision.
        bits: Bits of a whole number, from 2 to 16.
        clip: Where the rectifier behind it clips, and `levels` how many values it has above 0; none where it does not.
        levels: See `clip`.
    """

    weight: Tensor
    bias: Tensor
    step: Tensor | None = None
    bits: int = 32
    clip: float | None = None
    levels: int = 0


def network_onnx(encoding: Encoding, maps: Sequence[Affine], *, encoded: bool = False, double: bool = False) -> bytes:
    """Return a network as ONNX (opset 21): `label` (1 where the logit is at least 0), `probability` and `logit`.

    Weights of up to 4 bits are INT4, of up to 8 bits INT8, of more INT16, each behind DequantizeLinear.

    Arguments:
        encoding: How people look to it; its one input are people in original units `(people, features)`, levels by
            their codes.
        maps: Its affine maps, with a rectifier between two.
        encoded: Whether its input are encoded people instead, `(people, columns)`.
        double: Whether it works in double precision inside.

    Raises:
        ArenaError: If `onnx` is not installed.
    """
    try:
        from onnx import TensorProto, helper
    except ImportError as error:
        raise ArenaError(
            f"a network is written with the package onnx ({error});\n`pip install 'recourse-arena[models]'` installs it"
        ) from None
    graph = _Graph("double" if double else "float")
    given = "people"
    while given in encoding.features.names:  # a file with one input of a feature's name has one for each feature
        given += "_"
    z = graph.cast(given) if encoded else graph.encoded(graph.cast(given), encoding)
    for place, layer in enumerate(maps):
        z = graph.affine(z, place, layer)
        if place < len(maps) - 1:
            z = graph.rectified(z, layer)
    graph.decided(z)
    columns = encoding.names if encoded else encoding.features.names
    info = helper.make_tensor_value_info(given, TensorProto.FLOAT, ["N", len(columns)], ", ".join(columns))
    outputs = [
        helper.make_tensor_value_info("label", TensorProto.INT64, ["N"]),
        helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["N", 1]),
        helper.make_tensor_value_info(LOGIT, TensorProto.DOUBLE if double else TensorProto.FLOAT, ["N", 1]),
    ]
    made = helper.make_graph(graph.nodes, "network", [info], outputs, graph.constants)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", _OPSET)], producer_name="recourse-arena")
    model.ir_version = _IR
    return bytes(model.SerializeToString())


class _Graph:
    """Nodes and constants of a graph that is being written."""

    def __init__(self, kind: str) -> None:
        from onnx import TensorProto

        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.kind = TensorProto.DOUBLE if kind == "double" else TensorProto.FLOAT
        self.double, self.type = kind == "double", np.float64 if kind == "double" else np.float32

    def node(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, [*inputs], [output], **attributes))
        return output

    def constant(self, name: str, values: Any) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def number(self, name: str, values: Tensor | float) -> str:
        return self.constant(name, np.asarray(values, dtype=self.type))

    def cast(self, name: str) -> str:
        return self.node("Cast", [name], "as_double", to=self.kind) if self.double else name

    def encoded(self, x: str, encoding: Encoding) -> str:
        """Standardise numbers, and make a column of 0 and 1 for each level of a category."""
        if encoding.features.mixed:
            x = self.node("Gather", [x, self.constant("owner", encoding.owner.numpy())], "spread", axis=1)
        mean, sd = self.number("mean", encoding.spread(encoding.mean)), self.number("sd", encoding.spread(encoding.sd))
        z = self.node("Div", [self.node("Sub", [x, mean], "centred"), sd], "standardised")
        if not encoding.features.mixed:
            return z
        codes = self.number("codes", encoding.codes)
        found = self.node("Cast", [self.node("Equal", [x, codes], "is_level")], "level", to=self.kind)
        numbers = self.constant("is_number", (encoding.codes < 0).numpy())
        return self.node("Where", [numbers, z, found], "encoded")

    def affine(self, z: str, place: int, layer: Affine) -> str:
        """Multiply and add; whole numbers are dequantized before."""
        name = f"layers.{place}"
        if layer.step is None:
            weight = self.number(f"{name}.weight", layer.weight.T)
        else:
            codes, step = self._codes(f"{name}.codes", layer), self.constant(f"{name}.step", layer.step.float().numpy())
            weight = self.node("DequantizeLinear", [codes, step], f"{name}.weight")
            if self.double:
                weight = self.node("Cast", [weight], f"{name}.weight_as_double", to=self.kind)
        product = self.node("MatMul", [z, weight], f"{name}.product")
        return self.node("Add", [product, self.number(f"{name}.bias", layer.bias)], f"{name}.sum")

    def _codes(self, name: str, layer: Affine) -> str:
        from onnx import TensorProto, helper

        codes = layer.weight.T.contiguous().short().numpy()
        if layer.bits > 4:
            return self.constant(name, codes.astype(np.int8) if layer.bits <= 8 else codes)
        self.constants.append(helper.make_tensor(name, TensorProto.INT4, codes.shape, codes.flatten()))
        return name

    def rectified(self, z: str, layer: Affine) -> str:
        """Rectify; where it clips, also round to one of some levels."""
        name = z.removesuffix(".sum")
        z = self.node("Relu", [z], f"{name}.rectified")
        if layer.clip is None:
            return z
        clip, step = self.number(f"{name}.clip", layer.clip), self.number(f"{name}.level", layer.clip / layer.levels)
        z = self.node("Min", [z, clip], f"{name}.clipped")
        z = self.node("Round", [self.node("Div", [z, step], f"{name}.levels")], f"{name}.rounded")
        return self.node("Mul", [z, step], f"{name}.activation")

    def decided(self, z: str) -> None:
        """Say label, probability and logit."""
        from onnx import TensorProto

        self.node("Identity", [z], LOGIT)
        self.node("Cast", [self.node("Sigmoid", [z], "chance")], "probability", to=TensorProto.FLOAT)
        accepted = self.node("GreaterOrEqual", [z, self.number("zero", 0.0)], "accepted")
        flat = self.node("Squeeze", [accepted, self.constant("last", np.array([1]))], "each")
        self.node("Cast", [flat], "label", to=TensorProto.INT64)
