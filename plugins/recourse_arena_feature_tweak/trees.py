"""Trees of an ONNX file: the box of encoded columns that each accepting leaf stands for."""

from __future__ import annotations

__all__ = ["accepting_boxes"]

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recourse_arena import ArenaError, NotApplicable, Problem

_KINDS = ("TreeEnsembleClassifier", "TreeEnsembleRegressor")


def accepting_boxes(problem: Problem) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the bounds of the leaves that vote for acceptance, `lower < z <= upper`, `(leaves, columns)` each.

    Raises:
        NotApplicable: If the decision model is no ensemble of trees that can be read.
        ArenaError: If the package `onnx` is missing.
    """
    model = problem.decisions
    content, encoding = getattr(model, "content", None), getattr(model, "encoding", ())
    nodes = _nodes(content) if content is not None and encoding else []
    if len(nodes) != 1:
        raise NotApplicable(
            f"feature-tweak needs trees that can be read, as with decision=forest or decision=boosting; the decision "
            f"model of {problem.dataset} is a {type(model).__name__} with {len(nodes)} ensembles of trees"
        )
    trees = nodes[0]
    if set(trees["nodes_modes"]) - {b"BRANCH_LEQ", b"LEAF"}:
        raise NotApplicable("feature-tweak reads trees whose nodes ask whether a column is at most a threshold")
    return _boxes(trees, _accepting(trees), len(encoding))


def _nodes(content: bytes) -> list[dict[str, Any]]:
    try:
        import onnx
    except ImportError as error:
        raise ArenaError(
            f"solver feature-tweak reads trees from ONNX files, which needs onnx ({error});\n"
            f"`pip install 'recourse-arena[models]'` installs it"
        ) from None
    graph = onnx.load_from_string(content).graph
    return [
        {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}
        for node in graph.node
        if node.op_type in _KINDS
    ]


def _accepting(trees: dict[str, Any]) -> NDArray[np.int64]:
    """Return the keys of leaves that vote for acceptance: tree and node in one number."""
    if "class_weights" in trees:
        part, weights = "class", np.array(trees["class_weights"]) * (max(trees["class_treeids"]) + 1)
        votes = weights >= 0.5
        ids = np.array(trees["class_ids"])
        votes &= ids == ids.max()  # with two classes, weights may be of the second alone, by whatever number
    else:
        part, votes = "target", np.array(trees["target_weights"]) > 0
    keys = _keys(trees, trees[f"{part}_treeids"], trees[f"{part}_nodeids"])
    return keys[votes]


def _boxes(
    trees: dict[str, Any], leaves: NDArray[np.int64], columns: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the bounds of leaves, from each up to its root."""
    keys = _keys(trees, trees["nodes_treeids"], trees["nodes_nodeids"])
    order = keys.argsort()
    inner = np.array([mode != b"LEAF" for mode in trees["nodes_modes"]]).nonzero()[0]
    feature, threshold = np.array(trees["nodes_featureids"]), np.array(trees["nodes_values"], dtype=np.float32)
    parent, below = np.full(len(keys), -1), np.zeros(len(keys), dtype=bool)
    tree = np.array(trees["nodes_treeids"])[inner]
    for side, first in (("nodes_truenodeids", True), ("nodes_falsenodeids", False)):
        children = _places(keys, order, _keys(trees, tree, np.array(trees[side])[inner]))
        parent[children], below[children] = inner, first
    at, rows = _places(keys, order, leaves), np.arange(len(leaves))
    lower = np.full((len(leaves), columns), -np.inf, dtype=np.float32)
    upper = np.full((len(leaves), columns), np.inf, dtype=np.float32)
    while len(rows := rows[parent[at[rows]] >= 0]):
        here, up = at[rows], parent[at[rows]]
        for bounds, some, tighter in ((upper, below[here], np.minimum), (lower, ~below[here], np.maximum)):
            place = rows[some], feature[up[some]]
            bounds[place] = tighter(bounds[place], threshold[up[some]])
        at[rows] = up
    return lower, upper


def _keys(trees: dict[str, Any], tree: Any, node: Any) -> NDArray[np.int64]:
    return np.asarray(tree, dtype=np.int64) * (max(trees["nodes_nodeids"]) + 1) + np.asarray(node, dtype=np.int64)


def _places(keys: NDArray[np.int64], order: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    return order[np.searchsorted(keys, wanted, sorter=order)]
