"""A decision model that is an ONNX file, evaluated by ONNX Runtime on one thread."""

from __future__ import annotations

__all__ = ["EncodedOnnx", "as_bytes", "as_tensor", "session"]

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from recourse_arena.base.errors import ArenaError
from recourse_arena.people.encoding import Encoding

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

    def __getstate__(self) -> dict[str, Any]:
        """Travel without the session, which is made again."""
        return {**self.__dict__, "_session": None}

    def __deepcopy__(self, memo: dict[int, object]) -> EncodedOnnx:
        return type(self)(self.encoding, self.content)
