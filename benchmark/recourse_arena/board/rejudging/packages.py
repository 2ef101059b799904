"""Which software made an entry, beside what judges it here: whether its last digits may differ."""

from __future__ import annotations

__all__ = ["COMPUTING", "Software"]

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata

from recourse_arena.base.arithmetic import arithmetic_of
from recourse_arena.board.entries.shape import Said
from recourse_arena.storage.run_record import processor

COMPUTING = (
    *("recourse-arena", "numpy", "pandas", "pyarrow", "scipy", "scikit-learn", "torch", "zuko", "onnx", "onnxruntime"),
)
"""Packages in whose hands numbers of the judge are; other versions of any other one change none."""

_OPTIONAL = ("onnx", "onnxruntime")
"""Of these, those that a run may have done without."""


@dataclass(frozen=True)
class Software:
    """Software of an entry beside that of here.

    Arguments:
        here: Versions of the packages that compute, here.
        differ: Of each that is another one there, and of `arithmetic`: the version there and here.
        processor: The processor here.
    """

    here: dict[str, str]
    differ: dict[str, tuple[str, str]]
    processor: str

    @classmethod
    def beside(cls, said: Said) -> Software:
        """Return the software here beside what an entry says of its own."""
        here = _installed()
        there = said.provenance.packages
        known = [name for name in here if name in there or name not in _OPTIONAL]
        pairs = {name: (there.get(name, "not said"), here[name]) for name in known}
        pairs["arithmetic"] = (said.provenance.arithmetic or "not said", arithmetic_of(os.environ))
        differ = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
        return cls(dict(here), differ, processor())

    @property
    def same(self) -> bool:
        """Whether every number is to be the same, to the last bit."""
        return not self.differ

    @property
    def words(self) -> str:
        """What differs, and what may differ for it."""
        if self.same:
            return "the same packages: every number is the same, to the last bit"
        listed = ", ".join(f"{name} {there} there, {here} here" for name, (there, here) in self.differ.items())
        return f"other packages ({listed}): numbers may differ in their last digits, by 1e-5 relative to them"


@cache
def _installed() -> Mapping[str, str]:
    """Return the versions of the packages that compute, of those that are there."""
    found = {}
    for name in COMPUTING:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
