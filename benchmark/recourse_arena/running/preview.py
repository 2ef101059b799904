"""What a run would do: what is kept, what would run, and about how long that takes."""

from __future__ import annotations

__all__ = ["Preview", "effort"]

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from recourse_arena.plugins import Registry
from recourse_arena.running.cache import ArtefactCache
from recourse_arena.running.graph import CellNode, FitNode, Graph, ModelsNode, Node
from recourse_arena.running.packs import Packs
from recourse_arena.running.plan import Plan
from recourse_arena.running.store import RunFolder

_MODELS, _FIT, _CELL, _KEPT = 20.0, 30.0, 4.0, 0.5
"""Rough seconds of each kind of step where nothing better is known, and of one whose artefact is kept."""


def effort(node: Node, cache: ArtefactCache) -> float:
    """Return about how many seconds a node takes: nothing is known of cells, much of artefacts that are kept."""
    if isinstance(node, CellNode):
        return _CELL
    if isinstance(node, FitNode):
        if not node.trained or (not node.handed and cache.seconds(node.kind, node.key) is not None):
            return _KEPT
        return _FIT
    found = [cache.seconds("classifier", node.keys.classifier), cache.seconds("flow", node.keys.flow)]
    return _MODELS if None in found else _KEPT
