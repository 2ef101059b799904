"""What travels between a run and its workers."""

from __future__ import annotations

__all__ = ["Parcel", "Reply", "artefacts"]

from collections.abc import Mapping
from dataclasses import dataclass, field

from recourse_arena.planning.task_graph import FitNode, ModelsNode, Node
from recourse_arena.storage.files import checked_name
from recourse_arena.storage.task_result import Answer


@dataclass(frozen=True)
class Parcel:
    """Files that travel with nodes.

    Arguments:
        artefacts: Artefacts by kind and key.
        data: Files of the data directory by where they lie in it.
        answers: Files of real answers by their path at home.
    """

    artefacts: Mapping[tuple[str, str], bytes] = field(default_factory=dict)
    data: Mapping[str, bytes] = field(default_factory=dict)
    answers: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """What came of a node, and what others need of it."""

    answer: Answer
    parcel: Parcel = field(default_factory=Parcel)


def artefacts(node: Node) -> list[tuple[str, str]]:
    """Return kind and key of the artefacts that a node makes."""
    if isinstance(node, ModelsNode):
        return [("classifier", node.keys.classifier), ("flow", node.keys.flow)]
    return [(checked_name(node.kind), node.key)] if isinstance(node, FitNode) and not node.handed else []
