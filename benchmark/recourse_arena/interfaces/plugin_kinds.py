"""The kinds of what can be plugged in, as values: whoever goes through kinds goes through this table."""

from __future__ import annotations

__all__ = ["PLUGIN_KINDS", "PluginKind"]

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module


@dataclass(frozen=True)
class PluginKind:
    """One kind, whose interface is a file of this room called after it.

    Arguments:
        singular: What one of it is called in code.
        made: Whether classes are offered, whose options are arguments of a name: `grid?points=9`; else objects are.
        words: What one of it is called in messages; as in code if empty.
        plural: Where the registry holds what is offered of it.
    """

    singular: str
    made: bool
    words: str = ""
    plural: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "plural", self.plural or f"{self.singular}s")

    def __str__(self) -> str:
        return self.words or self.singular

    @property
    def hook(self) -> str:
        """The hook that offers it (:mod:`~recourse_arena.interfaces.hookspecs`)."""
        return f"recourse_{self.plural}"

    @property
    def base(self) -> type:
        """The class from which offers are derived if they are `made`, or of which they are objects."""
        base: type = getattr(import_module(f"{__package__}.{self.singular}"), self.singular.capitalize())
        return base


PLUGIN_KINDS: Mapping[str, PluginKind] = {
    kind.plural: kind
    for kind in (
        PluginKind("dataset", made=True),
        PluginKind("decision", made=True, words="decision model"),
        PluginKind("change", made=True, words="change of the decision model"),
        PluginKind("solver", made=True),
        PluginKind("elicitor", made=True, words="elicitation scheme"),
        PluginKind("policy", made=True, words="elicitation policy", plural="policies"),
        PluginKind("metric", made=False),
        PluginKind("suite", made=False),
    )
}
"""Every kind by its plural."""
