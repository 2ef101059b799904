"""What a scenario's name asks of a menu, and the scenario that asks the same people for actions of their own."""

from __future__ import annotations

__all__ = ["PHI", "NamedMenu", "named_menu"]

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

PHI = 0.6
"""From which share of a group on an action counts as effective for it, unless a scenario says otherwise [code]."""

_MENU = re.compile(r"(?:(?P<scheme>.+)-)?menu-(?P<size>\d{1,4})")
_NUMBER = r"(\d+(?:\.\d+)?)"
_PARTS = {
    "clusters": re.compile(r"clusters-(\d{1,4})"),
    "objective": re.compile(rf"(?:ee-micro|ee-macro|ecr-{_NUMBER}|hybrid-{_NUMBER})"),
    "budget": re.compile(rf"budget-{_NUMBER}"),
    "by": re.compile(r"by-(.+)"),
}
_IN_SAMPLE = "in-sample"


@dataclass(frozen=True)
class NamedMenu:
    """What a scenario asks of a menu.

    Arguments:
        size: How many shared actions each person is offered at most.
        clusters: How many clusters have actions of their own.
        objective: `ee-micro`, `ee-macro`, `ecr` or `hybrid`.
        phi: From which share of a group on an action is effective for it (`ecr`, `hybrid`).
        budget: The weighted cost above which nothing counts as working.
        by: Whose groups count, as the name writes it (`race-sex`); empty for the dataset's default.
        in_sample: Whether people are those that menus are composed on.
        alone: The scenario without its menu: the same people, asked for actions of their own.
        family: All of the name but size and clusters: scenarios that differ in nothing else have the same.

    Example:
        >>> found = named_menu("menu-4+clusters-3+ecr-0.7+hard-2!no-plausibility!in-sample")
        >>> found.size, found.clusters, found.objective, found.phi, found.in_sample, found.alone
        (4, 3, 'ecr', 0.7, True, 'hard-2!no-plausibility!in-sample')
    """

    size: int
    clusters: int
    objective: str
    phi: float
    budget: float
    by: str
    in_sample: bool
    alone: str
    family: str

    @property
    def actions(self) -> int:
        """How many actions all clusters have together."""
        return self.size * self.clusters


def named_menu(scenario: str) -> NamedMenu | None:
    """Return what the name of a scenario asks of a menu; none where it asks for none.

    Example:
        >>> named_menu("menu-4!no-plausibility").alone, named_menu("hard-2")
        ('soft-constant!no-plausibility', None)
    """
    head, *switches = scenario.split("!")
    head, at, distribution = head.partition("@")
    found: dict[str, re.Match[str]] = {}
    rest, scheme = [], ""
    for part in head.split("+"):
        menu = _MENU.fullmatch(part)
        kind = "menu" if menu else next((name for name, is_one in _PARTS.items() if is_one.fullmatch(part)), "")
        if menu:
            scheme, found["menu"] = f"{menu['scheme']}-" if menu["scheme"] else "", menu
        elif kind and (match := _PARTS[kind].fullmatch(part)):
            found[kind] = match
        else:
            rest.append(part)
    if "menu" not in found:
        return None
    objective, phi = _objective(found["objective"][0] if "objective" in found else "ee-micro")
    return NamedMenu(
        int(found["menu"]["size"]),
        int(found["clusters"][1]) if "clusters" in found else 1,
        objective,
        phi,
        float(found["budget"][1]) if "budget" in found else math.inf,
        found["by"][1] if "by" in found else "",
        _IN_SAMPLE in switches,
        _spelled(scheme, rest or ["soft-constant"], at + distribution, switches),
        _spelled(scheme, ["menu", *_without_numbers(head)], at + distribution, switches),
    )


def _objective(words: str) -> tuple[str, float]:
    """Return an objective and its phi."""
    name, _, phi = words.partition("-")
    return (words, PHI) if name == "ee" else (name, float(phi))


def _without_numbers(head: str) -> list[str]:
    """Return the parts of a name but for how many actions and clusters there are."""
    return [part for part in head.split("+") if not _MENU.fullmatch(part) and not _PARTS["clusters"].fullmatch(part)]


def _spelled(scheme: str, parts: Sequence[str], distribution: str, switches: Sequence[str]) -> str:
    return "!".join([f"{scheme}{'+'.join(parts)}{distribution}", *switches])
