"""What a plugin is handed: its contents, and what can be reached from it by following references."""

from __future__ import annotations

__all__ = ["Reached", "contents", "reached"]

import gc
import sys
import weakref
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from types import FrameType, FunctionType, ModuleType, TracebackType
from typing import Any

import torch
from torch import Tensor, nn

_ENDS = (type, ModuleType, FrameType, TracebackType, str, bytes, int, float, complex)
"""What is not followed: classes and modules lead everywhere, frames to whoever called."""


@dataclass(frozen=True)
class Reached:
    """Something that can be reached.

    Arguments:
        value: What it is.
        name: The name of where it starts, or its type.
        before: What leads there.
    """

    value: Any
    name: str
    before: Reached | None = None

    def __str__(self) -> str:
        """Return the way there: the start and the types of the objects that follow."""
        way, at = [self.name], self
        while at.before is not None:
            at = at.before
            way.append(at.name)
        return " > ".join(reversed(way))


def reached(**starts: object) -> Iterator[Reached]:
    """Go through everything that some objects lead to, each once, the nearest first.

    Followed is what `gc.get_referents` returns (attributes, items, `__self__`, `__closure__`, `__wrapped__`, parts of
    partials), weak references, and what tensors are views or results of; but not classes, modules, frames, and the
    globals of functions.

    Arguments:
        starts: The objects, by the name under which they are told.

    Example:
        >>> from functools import partial
        >>> [str(found) for found in reached(draw=partial([].append)) if isinstance(found.value, list)]
        ['draw (partial) > builtin_function_or_method > list']
    """
    modules = {id(vars(module)) for module in list(sys.modules.values()) if isinstance(module, ModuleType)}
    seen = {id(modules): modules}  # holds on to what was seen, so that no `id` is given twice
    waiting = deque(Reached(value, f"{name} ({type(value).__name__})") for name, value in starts.items())
    while waiting:
        found = waiting.popleft()
        if id(found.value) in seen or id(found.value) in modules or isinstance(found.value, _ENDS):
            continue
        seen[id(found.value)] = found.value
        yield found
        waiting.extend(Reached(value, type(value).__name__, found) for value in _references(found.value))


def _references(value: Any) -> list[Any]:
    found = gc.get_referents(value)
    if isinstance(value, FunctionType):
        return [other for other in found if other is not value.__globals__]
    if isinstance(value, weakref.ref):
        return [*found, value()]
    if isinstance(value, Tensor):
        return [*found, value._base, value.grad_fn, value.grad if value.is_leaf else None]
    if isinstance(value, torch.autograd.graph.Node):
        return [*found, getattr(value, "variable", None), *(node for node, _ in value.next_functions)]
    return found


def contents(value: object, name: str = "") -> dict[str, Tensor]:
    """Return copies of all tensors in a dataclass, module, mapping or sequence, by where they are.

    Example:
        >>> import torch
        >>> from recourse_arena import People
        >>> contents(People(torch.zeros(1, 2), torch.ones(1)))
        {'x': tensor([[0., 0.]]), 'y': tensor([1.])}
    """
    if isinstance(value, Tensor):
        return {name: value.detach().clone()}
    if isinstance(value, nn.Module):
        parts: Mapping[str, object] = value.state_dict()
    elif is_dataclass(value) and not isinstance(value, type):
        parts = {field.name: getattr(value, field.name) for field in fields(value)}
    elif isinstance(value, Mapping):
        parts = {str(key): part for key, part in value.items()}
    elif isinstance(value, (list, tuple)):
        parts = {str(i): part for i, part in enumerate(value)}
    else:
        return {}
    return {
        path: tensor
        for key, part in parts.items()
        for path, tensor in contents(part, f"{name}.{key}" if name else key).items()
    }
