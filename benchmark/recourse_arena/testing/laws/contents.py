"""Contents of what a plugin is handed."""

from __future__ import annotations

__all__ = ["contents"]

from collections.abc import Mapping
from dataclasses import fields, is_dataclass

from torch import Tensor, nn


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
