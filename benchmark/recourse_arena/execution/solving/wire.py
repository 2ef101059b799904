"""What a solver's process says, as bytes that are parsed as data: JSON, and tensors as safetensors; never code.

An answer is the length of its head, the head (JSON: which question it answers, and how), and tensors. Whoever wrote it
may be hostile: lengths, names, shapes and types are checked against what was asked, and text is cut.
"""

from __future__ import annotations

__all__ = ["Answer", "Malformed", "checked_recommendation", "packed", "unpacked"]

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from recourse_arena.base.errors import ArenaError
from recourse_arena.menus.menu import Menu
from recourse_arena.people.features import FeatureTable
from recourse_arena.problem.recommendation import Recommendation
from recourse_arena.storage.task_result import Note

_LENGTH = struct.Struct("<I")
_LONGEST_HEAD = 1 << 20
_MOST_NOTES, _LONGEST = 50, 4000
"""Most notes of a solver that are kept, and the most letters of any text of its own."""

_GREATEST = 1e300
"""Below which numbers must lie."""

_KINDS = ("raised", "violations", "inputs", "global state")


class Malformed(Exception):
    """What came is no answer to what was asked."""


@dataclass(frozen=True)
class Answer:
    """An answer, as far as any answer can be checked.

    Arguments:
        number: Number of the question that it answers.
        kind: `ready`, `part` (how far it is), `done`, `failed` or `skipped`.
        head: What else it says.
        tensors: Plain tensors by name.
    """

    number: int
    kind: str
    head: Mapping[str, Any]
    tensors: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def notes(self) -> tuple[Note, ...]:
        """What the solver did that it should not have, by its process's account; the plugin is filled in by others."""
        said = self.head.get("notes", [])
        if not isinstance(said, list):
            raise Malformed("its notes are no list")
        found = []
        for note in said[:_MOST_NOTES]:
            if not isinstance(note, dict) or note.get("kind") not in _KINDS:
                raise Malformed("a note of it is none")
            people = note.get("people")
            whole = people if type(people) is int and 0 <= people < 2**31 else None
            found.append(Note(note["kind"], "", _text(note.get("text")), whole, _text(note.get("traceback"))))
        return tuple(found)

    def text(self, name: str) -> str:
        """Return a text it says, cut to a length that can be shown."""
        return _text(self.head.get(name))

    def number_of(self, name: str) -> float | None:
        """Return a finite number it says; none if it says none."""
        found = self.head.get(name)
        if not isinstance(found, (int, float)) or isinstance(found, bool) or not abs(found) < _GREATEST:
            return None
        return float(found)


def packed(number: int, kind: str, head: Mapping[str, Any], tensors: Mapping[str, Tensor] | None = None) -> bytes:
    """Return an answer as bytes."""
    from safetensors.torch import save

    said = json.dumps({"number": number, "kind": kind, **head}).encode()
    if len(said) > _LONGEST_HEAD:
        raise ArenaError("an answer says too much")
    plain = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in (tensors or {}).items()}
    return _LENGTH.pack(len(said)) + said + (bytes(save(plain)) if plain else b"")


def unpacked(content: bytes) -> Answer:
    """Return an answer from bytes.

    Raises:
        Malformed: If they are none.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        (length,) = _LENGTH.unpack_from(content)
        if length > _LONGEST_HEAD:
            raise Malformed("its head is too long")
        start = _LENGTH.size + length
        head = json.loads(content[_LENGTH.size : start].decode())
        number, kind = head["number"], head["kind"]
        tensors = load(content[start:]) if len(content) > start else {}
    except (struct.error, ValueError, KeyError, TypeError, RecursionError, SafetensorError) as error:
        raise Malformed(f"{type(error).__name__}") from None
    except Exception as error:  # whatever safetensors finds wrong with it
        raise Malformed(f"{type(error).__name__}") from None
    if type(number) is not int or not isinstance(kind, str):
        raise Malformed("it does not say what it answers")
    return Answer(number, kind, head, tensors)


def checked_recommendation(answer: Answer, people: int, features: FeatureTable) -> Recommendation:
    """Return the recommendation of an answer, of the shapes and types that one for so many people has.

    Raises:
        ArenaError: If it is none.
    """
    tensors = answer.tensors
    names = {"mask", "values", "outcome"}
    offers = {name.removeprefix("menu_"): part for name, part in tensors.items() if name.startswith("menu_")}
    if not names <= {name for name in tensors if not name.startswith("menu_")} <= names | {"lower_bound", "pick"}:
        raise ArenaError(f"recommend: expected a recommendation, got tensors {sorted(tensors)[:5]}")
    bound, pick = tensors.get("lower_bound"), tensors.get("pick")
    menu = Menu.restored(offers, features) if offers else None
    found = Recommendation(tensors["mask"], tensors["values"], tensors["outcome"], bound, menu, pick)
    found.check((people, len(features)))
    return replace(found, outcome=found.outcome.to(torch.int8))


def _text(found: object) -> str:
    if not isinstance(found, str):
        return ""
    clean = found.encode("utf-8", "replace").decode()
    return clean if len(clean) <= _LONGEST else clean[:_LONGEST] + " ..."
