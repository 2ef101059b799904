"""A forest or boosted trees that are an ONNX file, and can be read as leaves."""

from __future__ import annotations

__all__ = ["EncodedTrees"]

from functools import cached_property
from typing import Any

from recourse_arena.models.decision.onnx_model import EncodedOnnx
from recourse_arena.models.decision.trees.leaves_of_onnx import leaves_of_onnx
from recourse_arena.problem.model_protocols import LeafBoxes


class EncodedTrees(EncodedOnnx):
    """An ensemble of trees on encoded columns, evaluated by ONNX Runtime, whose leaves can be read.

    Arguments:
        encoding: How people look to it.
        content: The bytes of the model.
    """

    def leaf_boxes(self) -> LeafBoxes:
        """Return its leaves, as the file says them.

        Raises:
            NotApplicable: If the file holds no trees that can be read.
        """
        return self._leaves

    @cached_property
    def _leaves(self) -> LeafBoxes:
        return leaves_of_onnx(self.content, len(self.encoding))

    def __getstate__(self) -> dict[str, Any]:
        """Travel without session and leaves, which are made again."""
        return {name: value for name, value in super().__getstate__().items() if name != "_leaves"}
