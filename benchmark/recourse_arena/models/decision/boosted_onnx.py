"""Boosted trees of scikit-learn as an ONNX model."""

from __future__ import annotations

__all__ = ["boosted_onnx"]

from typing import Any

import numpy as np


def boosted_onnx(model: Any, columns: int) -> bytes:
    """Return a fitted `HistGradientBoostingClassifier` for two classes as ONNX: its chance of the second class.

    The exporter of skl2onnx (1.20) fails on this model. Thresholds are rounded down to single precision, which
    changes nothing for numbers that are in single precision: `x <= t` holds for them exactly if `x <= floor(t)` does.

    Arguments:
        model: The fitted model; without categories of its own and without missing values.
        columns: Number of columns of its people.
    """
    from onnx import TensorProto, helper

    nodes: dict[str, list[Any]] = {name: [] for name in _NODES}
    leaves: dict[str, list[Any]] = {name: [] for name in ("treeids", "nodeids", "ids", "weights")}
    for tree, (predictor,) in enumerate(model._predictors):
        table = predictor.nodes
        is_leaf = table["is_leaf"].astype(bool)
        count = len(table)
        nodes["treeids"] += [tree] * count
        nodes["nodeids"] += list(range(count))
        nodes["featureids"] += np.where(is_leaf, 0, table["feature_idx"]).astype(int).tolist()
        nodes["values"] += np.where(is_leaf, 0.0, _rounded_down(table["num_threshold"])).tolist()
        nodes["modes"] += np.where(is_leaf, "LEAF", "BRANCH_LEQ").tolist()
        nodes["truenodeids"] += table["left"].astype(int).tolist()
        nodes["falsenodeids"] += table["right"].astype(int).tolist()
        places = is_leaf.nonzero()[0].astype(int).tolist()
        leaves["treeids"] += [tree] * len(places)
        leaves["nodeids"] += places
        leaves["ids"] += [0] * len(places)
        leaves["weights"] += table["value"][is_leaf].astype(float).tolist()
    attributes: dict[str, Any] = {f"nodes_{name}": values for name, values in nodes.items()}
    attributes |= {f"target_{name}": values for name, values in leaves.items()}
    ensemble = helper.make_node(
        "TreeEnsembleRegressor",
        ["x"],
        ["log_odds"],
        domain="ai.onnx.ml",
        n_targets=1,
        base_values=[float(np.asarray(model._baseline_prediction).reshape(-1)[0])],
        aggregate_function="SUM",
        **attributes,
    )
    graph = helper.make_graph(
        [ensemble, helper.make_node("Sigmoid", ["log_odds"], ["probability"])],
        "boosting",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, columns])],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, [None, 1])],
    )
    versions = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)]
    return bytes(helper.make_model(graph, opset_imports=versions, ir_version=9).SerializeToString())


_NODES = ("treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids")


def _rounded_down(values: np.ndarray) -> np.ndarray:
    single = values.astype(np.float32)
    return np.where(single > values, np.nextafter(single, np.float32(-np.inf)), single)
