"""Artefacts that took long to make, kept as safetensors under a key of everything they depend on."""

from __future__ import annotations

__all__ = ["ArtefactCache", "content_key", "digest", "one_thread", "write_atomically"]

import hashlib
import json
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from torch import Tensor

from recourse_arena.problem.errors import ArenaError

Tensors = Mapping[str, Tensor]


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


@dataclass(frozen=True)
class ArtefactCache:
    """A folder of artefacts; only what succeeded is kept.

    Arguments:
        folder: Where they lie; none keeps nothing.
    """

    folder: Path | None

    def get(self, kind: str, key: str, make: Callable[[], Tensors | None]) -> tuple[Tensors | None, float]:
        """Return the tensors of an artefact and the seconds it took to make, making it if it is not there.

        It is made on one thread, so that it is the same whatever the number of cores: sums over several threads are
        rounded otherwise, and training multiplies that. An unreadable file is reported and replaced. Without a
        folder, or if `make` returns none, nothing is kept.
        """
        path = self.folder / kind / f"{key}.safetensors" if self.folder else None
        if path is not None and path.exists():
            kept = _read(path)
            if kept is not None:
                return kept
        start = time.perf_counter()
        with one_thread():
            tensors = make()
        seconds = time.perf_counter() - start
        if path is not None and tensors is not None:
            _write(path, tensors, seconds)
        return tensors, seconds


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute on one thread; sums over several ones are rounded otherwise."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _read(path: Path) -> tuple[Tensors, float] | None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            seconds = float((file.metadata() or {})["seconds"])
            return {name: file.get_tensor(name) for name in file.keys()}, seconds  # noqa: SIM118
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        warnings.warn(f"{path}: not a readable artefact ({error}); it is made anew", stacklevel=3)
        return None


def _write(path: Path, tensors: Tensors, seconds: float) -> None:
    from safetensors.torch import save

    content = save({name: tensor.contiguous() for name, tensor in tensors.items()}, {"seconds": f"{seconds:.3f}"})
    write_atomically(path, content)


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees half of it.

    Raises:
        ArenaError: If the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.parent / f".part-{uuid4().hex}"
        try:
            with temporary.open("xb") as file:
                file.write(content)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise ArenaError(f"cannot write {path}: {error.strerror or error}") from None
