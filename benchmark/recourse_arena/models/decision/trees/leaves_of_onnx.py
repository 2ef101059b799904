"""The leaves of the trees in an ONNX file, as boxes."""

from __future__ import annotations

__all__ = ["leaves_of_onnx"]

from typing import Any

import numpy as np
import torch

from recourse_arena.base.errors import NotApplicable
from recourse_arena.problem.model_protocols import LeafBoxes

_KINDS = {"TreeEnsembleClassifier": ("class", 0.5), "TreeEnsembleRegressor": ("target", 0.0)}
"""How the operators of trees call their leaves, and the least score that is accepted: a chance, or log odds."""


def leaves_of_onnx(content: bytes, columns: int) -> LeafBoxes:
    """Return the leaves of a model with two classes whose score is a sum over its trees.

    The score of a `TreeEnsembleClassifier` with one weight in each leaf is the chance of the second class; that of a
    `TreeEnsembleRegressor` is taken for its log odds, as in files with a sigmoid behind it. Thresholds are compared in
    single precision, by `x <= threshold`, as ONNX Runtime does.

    Arguments:
        content: The bytes of the file.
        columns: Number of columns of its people.

    Raises:
        NotApplicable: If there are no such trees.
    """
    import onnx

    graph = onnx.load_from_string(content).graph
    nodes = [node for node in graph.node if node.op_type in _KINDS]
    others = [node.op_type for node in graph.node if node.op_type not in (*_KINDS, "Sigmoid", "Cast")]
    if len(nodes) != 1 or others:
        raise NotApplicable(f"the decision model is no plain sum of trees: {', '.join(others) or 'no trees'}")
    said = {a.name: onnx.helper.get_attribute_value(a) for a in nodes[0].attribute}
    kind, least = _KINDS[nodes[0].op_type]
    _refuse_others(said, kind)
    place = _places(said)
    value = np.zeros(len(said["nodes_nodeids"]), dtype=np.float32)
    for tree, node, weight in zip(*(said[f"{kind}_{name}"] for name in ("treeids", "nodeids", "weights")), strict=True):
        value[place[tree, node]] = weight
    leaves, lower, upper = _boxes(said, place, columns)
    tree = np.unique(np.asarray(said["nodes_treeids"])[leaves], return_inverse=True)[1]
    start = float(np.float32(said["base_values"][0])) if said.get("base_values") else 0.0
    numbers, values, below, above = (torch.from_numpy(part) for part in (tree.reshape(-1), value[leaves], lower, upper))
    return LeafBoxes(numbers, values, below, above, start, least)


def _refuse_others(said: dict[str, Any], kind: str) -> None:
    """Refuse what is computed in another way than by a sum of one number in each leaf.

    Raises:
        NotApplicable: If it is.
    """
    modes = {mode.decode() for mode in said["nodes_modes"]} - {"LEAF", "BRANCH_LEQ"}
    transform = said.get("post_transform", b"NONE").decode()
    how = said.get("aggregate_function", b"SUM").decode()
    ids = said["class_ids" if kind == "class" else "target_ids"]
    if (
        modes
        or transform != "NONE"
        or how != "SUM"
        or len(set(ids)) > 1
        or min(said[f"{kind}_weights"]) < 0 < _two(kind)
    ):
        raise NotApplicable(
            "the trees of the decision model cannot be read: expected splits by `<=` and a sum of one number a leaf"
        )


def _two(kind: str) -> int:
    """Return 1 where scores are chances, which are not below 0: ONNX Runtime takes others for log odds."""
    return int(kind == "class")


def _places(said: dict[str, Any]) -> dict[tuple[int, int], int]:
    """Return where each node of each tree is in the lists of the file."""
    pairs = zip(said["nodes_treeids"], said["nodes_nodeids"], strict=True)
    return {pair: place for place, pair in enumerate(pairs)}


def _boxes(
    said: dict[str, Any], place: dict[tuple[int, int], int], columns: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the places of leaves, ascending by tree, and their boxes: all trees are gone down at once."""
    tree, feature = np.asarray(said["nodes_treeids"]), np.asarray(said["nodes_featureids"])
    threshold = np.asarray(said["nodes_values"], dtype=np.float32)
    is_leaf = np.array([mode == b"LEAF" for mode in said["nodes_modes"]])
    yes, no = (
        np.array(
            [place.get(pair, -1) for pair in zip(said["nodes_treeids"], said[f"nodes_{side}nodeids"], strict=True)]
        )
        for side in ("true", "false")
    )
    rows = np.setdiff1d(np.arange(len(tree)), np.concatenate([yes[~is_leaf], no[~is_leaf]]))
    lower, upper = (np.full((len(rows), columns), end, dtype=np.float32) for end in (-np.inf, np.inf))
    found = []
    while len(rows):
        ends = is_leaf[rows]
        found.append((rows[ends], lower[ends], upper[ends]))
        rows, lower, upper = rows[~ends], lower[~ends], upper[~ends]
        split, most, least = (np.arange(len(rows)), feature[rows]), upper.copy(), lower.copy()
        most[split] = np.minimum(upper[split], threshold[rows])
        least[split] = np.maximum(lower[split], threshold[rows])
        rows = np.concatenate([yes[rows], no[rows]])
        lower, upper = np.concatenate([lower, least]), np.concatenate([most, upper])
    leaves, lower, upper = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = tree[leaves].argsort(kind="stable")
    return leaves[order], lower[order], upper[order]
