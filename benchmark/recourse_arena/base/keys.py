"""Content keys: digests of everything that a result depends on."""

from __future__ import annotations

__all__ = ["Tensors", "content_key", "digest"]

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

Tensors = Mapping[str, "Tensor"]


def content_key(**parts: Any) -> str:
    """Return a digest of named parts: numbers, words, dataclasses, and collections of them.

    Example:
        >>> content_key(dataset="loan", seed=0) == content_key(seed=0, dataset="loan")
        True
    """
    text = json.dumps(parts, sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def digest(tensors: Tensors) -> str:
    """Return a digest of named tensors.

    Example:
        >>> import torch
        >>> digest({"weight": torch.zeros(2)}) == digest({"weight": torch.ones(2)})
        False
    """
    from safetensors.torch import save

    content = save({name: tensors[name].contiguous() for name in sorted(tensors)})
    return hashlib.sha256(content).hexdigest()[:24]


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} cannot be part of a content key")
