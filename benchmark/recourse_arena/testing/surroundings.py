"""Global state that a plugin must leave alone, and contents of what it is handed."""

from __future__ import annotations

__all__ = ["Surroundings", "contents"]

import pickle
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass

import numpy as np
import torch
from torch import Tensor, nn

from recourse_arena.testing.law import expect


@dataclass(frozen=True)
class Surroundings:
    """Global random states and settings at some time."""

    states: Mapping[str, object]

    @classmethod
    def now(cls) -> Surroundings:
        """Return them as they are."""
        return cls(
            {
                "the random state of torch": torch.get_rng_state().tolist(),
                "the random state of numpy": pickle.dumps(np.random.get_state()),
                "the random state of the module random": random.getstate(),
                "torch's default dtype": torch.get_default_dtype(),
                "torch's number of threads": torch.get_num_threads(),
                "whether torch records gradients": torch.is_grad_enabled(),
                "whether torch is deterministic": torch.are_deterministic_algorithms_enabled(),
            }
        )

    def expect_unchanged(self, during: str) -> None:
        """Raise what is no longer as it was."""
        for name, state in Surroundings.now().states.items():
            expect(state == self.states[name], f"{during} changes {name}; draw from a generator of your own")

    @staticmethod
    @contextmanager
    def preserved() -> Iterator[None]:
        """Run something and leave everything as it was, whatever it does."""
        generators = torch.get_rng_state(), np.random.get_state(), random.getstate()
        threads, dtype = torch.get_num_threads(), torch.get_default_dtype()
        deterministic = torch.are_deterministic_algorithms_enabled()
        try:
            with torch.set_grad_enabled(torch.is_grad_enabled()):
                yield
        finally:
            torch.set_rng_state(generators[0])
            np.random.set_state(generators[1])
            random.setstate(generators[2])
            torch.set_num_threads(threads)
            torch.set_default_dtype(dtype)
            torch.use_deterministic_algorithms(deterministic)

    @staticmethod
    @contextmanager
    def shaken() -> Iterator[None]:
        """Run something under other global random states than before, and leave everything as it was."""
        with Surroundings.preserved():
            torch.manual_seed(20_000)
            np.random.seed(20_000)
            random.seed(20_000)
            yield


def contents(value: object, name: str = "") -> dict[str, Tensor]:
    """Return copies of all tensors in a dataclass, module, mapping or sequence, by where they are.

    Example:
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
