"""How it ended: for a person, or for a whole cell of a run."""

from __future__ import annotations

__all__ = ["Outcome"]

from enum import StrEnum


class Outcome(StrEnum):
    """How it ended, for a person or for a whole cell of a run."""

    SOLVED = "solved"
    INFEASIBLE = "infeasible"
    NOT_FOUND = "not_found"
    TIMED_OUT = "timed_out"
    FAILED = "failed"
    SKIPPED = "skipped"

    @property
    def code(self) -> int:
        """Its place in the enumeration, as stored in outcome tensors."""
        return list(Outcome).index(self)

    @classmethod
    def is_broken(cls, word: str) -> bool:
        """Return whether a cell that ended so was tried and has no people, whatever the reason is called.

        Example:
            >>> [outcome.value for outcome in Outcome if Outcome.is_broken(outcome)]
            ['infeasible', 'not_found', 'timed_out', 'failed']
            >>> Outcome.is_broken("out_of_memory")
            True
        """
        return word not in (cls.SOLVED, cls.SKIPPED)
