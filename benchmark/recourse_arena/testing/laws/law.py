"""Laws that a plugin keeps, and what a law says when one is broken."""

from __future__ import annotations

__all__ = ["Case", "Law", "LawBroken", "NotRun", "expect", "expect_untouched"]

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from recourse_arena.base.errors import NotApplicable

if TYPE_CHECKING:
    from recourse_arena.execution.guard.process_state import ProcessState


class LawBroken(AssertionError):
    """A plugin does what it must not do: what was expected, and what came."""


class NotRun(Exception):
    """A law has nothing to say about a plugin, or not in this place; the message tells why."""


Law = Callable[[Any], None]
"""A function of a plugin in some place (a solver in a small problem, a dataset with its data directory) that returns
nothing if all is well and raises :class:`LawBroken` or :class:`NotRun` otherwise. Its name is the law's name, the first
line of its docstring what the law says."""


def expect(condition: object, message: str) -> None:
    """Raise :class:`LawBroken` with a message unless a condition holds.

    Example:
        >>> expect(1 < 2, "one is less than two")
        >>> expect(2 < 1, "expected one to be less than two")
        Traceback (most recent call last):
        ...
        recourse_arena.testing.laws.law.LawBroken: expected one to be less than two
    """
    if not condition:
        raise LawBroken(message)


def expect_untouched(around: ProcessState, during: str) -> None:
    """Raise what somebody used or changed of the global state."""
    expect(not around.touched, f"{during} touches {', '.join(around.touched)}; draw from a generator of your own")


@dataclass(frozen=True)
class Case:
    """One law for one plugin, wherever the plugin can be tried.

    Arguments:
        kind: What it is: `solver`, `dataset`, `elicitor`, `metric` or `suite`.
        name: Its name, with options.
        law: The law.
        places: What the law is called with, by the name of the place.
        required: Whether it is broken if it runs in no place.
        others: Returns further places, for a plugin that is meant for none of `places`.
    """

    kind: str
    name: str
    law: Law
    places: Mapping[str, Any]
    required: bool = False
    others: Callable[[], Mapping[str, Any]] | None = None

    @property
    def law_name(self) -> str:
        """Name of the law."""
        return self.law.__name__

    @property
    def text(self) -> str:
        """What the law says, in one line."""
        return (self.law.__doc__ or "").strip().partition("\n")[0]

    def __call__(self) -> tuple[str, ...]:
        """Try the law in every place and return the places in which it ran.

        Raises:
            LawBroken: If it is broken in some place, which the message names.
            NotRun: If it ran nowhere, with the reasons.
            Exception: Whatever the plugin itself raises, with a note of the place.
        """
        ran, reasons, meant = self._tried(self.places)
        if not meant and self.others is not None:
            ran, more, _ = self._tried(self.others())
            reasons = [*reasons, *more]
        if not ran:
            told = "; ".join(dict.fromkeys(reasons))
            raise LawBroken(f"runs in no place: {told}") if self.required else NotRun(told)
        return tuple(ran)

    def _tried(self, places: Mapping[str, Any]) -> tuple[list[str], list[str], bool]:
        """Return where the law ran, why it did not elsewhere, and whether the plugin is meant for any of the places."""
        from recourse_arena.execution.guard.process_state import ProcessState

        ran: list[str] = []
        reasons: list[str] = []
        meant = False
        for place, subject in places.items():
            try:
                with ProcessState(0):
                    self.law(subject)
            except NotApplicable as reason:
                reasons.append(str(reason))
            except NotRun as reason:
                meant = True
                reasons.append(str(reason))
            except LawBroken as broken:
                raise LawBroken(f"{place}: {broken}") from None
            except Exception as error:
                error.add_note(f"({self.kind} {self.name}, law {self.law_name}, {place})")
                raise
            else:
                ran.append(place)
        return ran, reasons, meant or bool(ran)
