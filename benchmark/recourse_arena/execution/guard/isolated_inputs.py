"""What solvers are handed: tensors of their own, and models that are put back if they change them."""

from __future__ import annotations

__all__ = ["SharedModels", "changed", "copied", "versions"]

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

T = TypeVar("T")


def copied(value: T, *parts: str) -> T:
    """Return a frozen dataclass on tensors of its own: what is done to them reaches nobody else.

    Arguments:
        value: The dataclass.
        parts: Fields to copy, dataclasses or tensors themselves; default: all.
    """
    copies = {name: _copied(getattr(value, name)) for name in _fields(value) if not parts or name in parts}
    return replace(value, **copies)  # type: ignore[type-var]


def changed(before: object, after: object, *parts: str) -> list[str]:
    """Return the paths of tensors, such as `box.upper`, that differ between two dataclasses of one kind."""
    return [
        path
        for (path, one), (_, other) in zip(_tensors(before), _tensors(after), strict=True)
        if (not parts or path.partition(".")[0] in parts) and not _same(one, other)
    ]


def versions(value: object) -> list[int]:
    """Return how often each tensor of a dataclass has been written to, as far as PyTorch knows: NumPy does not say."""
    return [tensor._version for _, tensor in _tensors(value)]


class SharedModels:
    """The models that all solvers share.

    Arguments:
        models: The models by name; only those with weights are looked after.
    """

    def __init__(self, models: dict[str, object]) -> None:
        weights = [(name, _weights(model)) for name, model in models.items()]
        self._kept = [
            (name, tensor, tensor.detach().clone(), tensor.requires_grad)
            for name, tensors in weights
            for tensor in tensors
        ]
        modules = [model for model in models.values() if isinstance(model, nn.Module)]
        self._modes = [(part, part.training) for module in modules for part in module.modules()]

    @torch.no_grad()
    def put_back(self) -> list[str]:
        """Undo what was changed, and return the names of the models it was changed in."""
        found = []
        for name, tensor, kept, differentiable in self._kept:
            if tensor.requires_grad != differentiable or not _same(tensor, kept):
                tensor.requires_grad_(differentiable).copy_(kept)
                found.append(name)
        for part, mode in self._modes:
            part.training = mode
        return list(dict.fromkeys(found))


def _copied(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.clone()
    return copied(value) if any(_tensors(value)) else value


@cache
def _fields_of(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()


def _fields(value: object) -> tuple[str, ...]:
    """Return the names of a dataclass's fields; none of anything else. People who ask alone wait for this, too."""
    kind: Any = type(value)
    return _fields_of(kind)


def _tensors(value: object, path: str = "") -> Iterator[tuple[str, Tensor]]:
    for name in _fields(value):
        inner = getattr(value, name)
        if isinstance(inner, Tensor):
            yield f"{path}{name}", inner
        else:
            yield from _tensors(inner, f"{path}{name}.")


def _weights(model: object) -> Sequence[Tensor]:
    if isinstance(model, nn.Module):
        return [*model.parameters(), *model.buffers()]
    inner = [getattr(model, field.name) for field in fields(model)] if is_dataclass(model) else []
    return [tensor for part in inner if isinstance(part, nn.Module) for tensor in _weights(part)]


def _same(one: Tensor, other: Tensor) -> bool:
    """Return whether two tensors hold the same values; nan is the same as nan."""
    if torch.equal(one, other):
        return True
    if one.shape != other.shape or one.dtype != other.dtype or not one.is_floating_point():
        return False
    return torch.equal(one.isnan(), other.isnan()) and torch.equal(one.nan_to_num(), other.nan_to_num())
