"""A decision model that is an ONNX file, evaluated by ONNX Runtime on one thread."""

from __future__ import annotations

__all__ = ["EncodedOnnx", "as_bytes", "as_tensor", "session"]

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from recourse_arena.base.errors import ArenaError
from recourse_arena.people.encoding import Encoding
from recourse_arena.problem.model_protocols import Trees

if TYPE_CHECKING:
    import onnxruntime

_ROWS = 1 << 16
"""People decided on at once."""


def session(content: bytes, what: str, *, as_deployed: bool = True) -> onnxruntime.InferenceSession:
    """Return what evaluates an ONNX model on one thread.

    By default ONNX Runtime fuses weights of few bits with the product that they are in, and rounds what they are
    multiplied with to 8 bits as well (`session.qdq_matmulnbits_accuracy_level` 4): logits are then not those of the
    graph as it is written.

    Arguments:
        content: The bytes of the model.
        what: What it is, for messages.
        as_deployed: Whether that is done; else such products are in single precision (level 1).

    Raises:
        ArenaError: If ONNX Runtime is not installed, or cannot read the model.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise ArenaError(
            f"{what} needs ONNX Runtime ({error});\n`pip install 'recourse-arena[models]'` installs it"
        ) from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    if not as_deployed:
        options.add_session_config_entry("session.qdq_matmulnbits_accuracy_level", "1")
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its own exceptions have no common class
        first = next(iter(str(error).splitlines()), "")[:200]
        raise ArenaError(f"{what}: expected an ONNX model, got one that cannot be read: {first}") from None


def as_tensor(content: bytes) -> Tensor:
    """Return bytes as a tensor, as models are kept."""
    return torch.from_numpy(np.frombuffer(content, dtype=np.uint8).copy())


def as_bytes(tensor: Tensor) -> bytes:
    """Return the bytes of a tensor of them."""
    return tensor.numpy().tobytes()


class EncodedOnnx:
    """An ONNX model of encoded columns, float `(people, columns)`, whose last output is the chance of acceptance.

    Arguments:
        encoding: How people look to it.
        content: The bytes of the model.
    """

    def __init__(self, encoding: Encoding, content: bytes) -> None:
        self.encoding, self.content = encoding, content
        self._session: Any = None

    def probability(self, x: Tensor) -> Tensor:
        """Return the probability `(...,)` of a positive decision for people `x` `(..., features)`."""
        z = self.encoding.encode(x.float()).reshape(-1, len(self.encoding))
        if self._session is None:
            self._session = session(self.content, "the decision model")
        inputs, output = self._session.get_inputs()[0].name, self._session.get_outputs()[-1].name
        parts = [torch.from_numpy(self._session.run([output], {inputs: part.numpy()})[0]) for part in z.split(_ROWS)]
        found = torch.cat(parts) if parts else z.new_zeros(0, 1)
        return found[:, -1].reshape(x.shape[:-1])

    def accepts(self, x: Tensor) -> Tensor:
        """Return who is decided positively, bool `(...,)`."""
        return self.probability(x) >= 0.5

    @cached_property
    def trees(self) -> Trees | None:
        """The trees that the file is made of, or none where it is made of anything else."""
        return _read_trees(self.content, self.encoding)

    def __getstate__(self) -> dict[str, Any]:
        """Travel without the session and without the trees that were read, which are made again."""
        return {**{name: part for name, part in self.__dict__.items() if name != "trees"}, "_session": None}

    def __deepcopy__(self, memo: dict[int, object]) -> EncodedOnnx:
        return type(self)(self.encoding, self.content)


_OF_CLASS, _OF_SUM = "TreeEnsembleClassifier", "TreeEnsembleRegressor"
_UNIT = 2.0**-24
"""How far a number is rounded to single precision, at most, as a share of it."""


def _read_trees(content: bytes, encoding: Encoding) -> Trees | None:
    """Return the trees of an ONNX file of two classes, `0` and `1`, or of log odds that are summed.

    None where it has anything else in it, or tests that are not `x <= threshold`.
    """
    import onnx

    graph = onnx.load_from_string(content).graph
    first = graph.node[0]
    said = {part.name: onnx.helper.get_attribute_value(part) for part in first.attribute}
    kinds = [node.op_type for node in graph.node]
    if {*said.get("nodes_modes", ())} - {b"BRANCH_LEQ", b"LEAF"} or "nodes_values" not in said:
        return None
    if kinds == [_OF_CLASS] and said.get("classlabels_int64s") == [0, 1]:
        what, least, plain = "class", 0.5, said.get("post_transform", b"NONE") == b"NONE"
    elif kinds == [_OF_SUM, "Sigmoid"]:
        what, least, plain = "target", 0.0, said.get("aggregate_function", b"SUM") == b"SUM"
    else:
        return None
    ids = np.asarray(said[f"{what}_ids"])
    counted = ids == ids.max()  # of two classes, the chance of the second; where leaves give one number, it is that
    base = [float(value) for value in said.get("base_values", ())] or [0.0]
    if not plain or not counted.any() or (what == "class" and any(base)):
        return None
    return _trees_of(said, what, counted, base[-1], least, encoding)


def _trees_of(
    said: dict[str, Any], what: str, counted: np.ndarray, base: float, least: float, encoding: Encoding
) -> Trees:
    """Return trees of the lists of an ensemble; `counted` are the values of leaves that count."""
    tree, number = np.asarray(said["nodes_treeids"]), np.asarray(said["nodes_nodeids"])
    many = int(number.max()) + 1
    place = np.full((int(tree.max()) + 1) * many, -1)
    place[tree * many + number] = np.arange(len(tree))
    leaf = np.asarray(said["nodes_modes"]) == b"LEAF"
    value = np.zeros(len(tree))
    owner = place[np.asarray(said[f"{what}_treeids"]) * many + np.asarray(said[f"{what}_nodeids"])]
    np.add.at(value, owner[counted], np.asarray(said[f"{what}_weights"], dtype=np.float32)[counted])
    yes, no = (
        np.where(leaf, 0, place[tree * many + np.asarray(said[f"nodes_{way}nodeids"])]) for way in ("true", "false")
    )
    inner = np.ones(len(tree), dtype=bool)
    inner[yes[~leaf]] = inner[no[~leaf]] = False
    greatest = np.zeros(int(tree.max()) + 1)
    np.maximum.at(greatest, tree, np.abs(value))
    roots = np.flatnonzero(inner)
    # Sums of n numbers are off by n units of the sum of their sizes at most; a sigmoid rounds by one more.
    rounding = 2 * _UNIT * (len(roots) + 2) * (float(greatest.sum()) + abs(base) + 1)
    return Trees(
        encoding,
        torch.from_numpy(roots),
        torch.from_numpy(np.where(leaf, -1, np.asarray(said["nodes_featureids"]))),
        torch.tensor(said["nodes_values"], dtype=torch.float32),
        torch.from_numpy(yes),
        torch.from_numpy(no),
        torch.from_numpy(value),
        base,
        least,
        rounding,
    )
