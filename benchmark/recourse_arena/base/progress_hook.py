"""How far a long computation is: whoever computes says it, whoever runs shows it."""

from __future__ import annotations

__all__ = ["ProgressHook", "silent"]

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import Tensor


class ProgressHook(Protocol):
    """Takes note of how far a computation is. It may be told as often as one likes, and never raises."""

    def __call__(self, share: float, loss: float | Tensor | None = None) -> None:
        """Take note that a share of the work is done, from 0 to 1, and of the latest training loss, if there is one."""


def silent(share: float, loss: float | Tensor | None = None) -> None:
    """Take no note."""
