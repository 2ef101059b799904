"""Holds everything a plugin offers against its laws."""

from __future__ import annotations

__all__ = ["check", "check_laws", "expectations"]

import contextlib
import functools
import traceback
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType

import recourse_arena
from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.registry.registry import Registry
from recourse_arena.testing.cases import cases, offers
from recourse_arena.testing.laws.law import Case, LawBroken, NotRun
from recourse_arena.testing.report import Ended, Finding, Report

_AROUND = (str(Path(recourse_arena.__file__).parent), contextlib.__file__, functools.__file__)
_FRAMES = 6
"""Most frames of a plugin's traceback that are shown."""


def check(
    what: object,
    *,
    expected: Mapping[str, str] | None = None,
    registry: Registry | None = None,
    data: Path | None = None,
) -> Report:
    """Return how the laws end for a plugin's offers.

    Arguments:
        what: A solver, dataset, elicitation scheme, metric or suite (name with options, class or object), or a
            registry with what a plugin offers.
        expected: Reasons why laws are broken, by the name of the law, or by `offer:law` for one offer only.
        registry: What names are looked up in; by default everything plugged in.
        data: Data directory; by default that of the environment.

    Raises:
        ArenaError: If there is no such thing, or an expectation names no law or has no reason.
    """
    found = [case for offer in offers(what, registry) for case in cases(offer, registry=registry, data=data)]
    return check_laws(what if isinstance(what, str) else found[0].name if found else "nothing", found, expected)


def check_laws(plugin: str, found: Iterable[Case], expected: Mapping[str, str] | None = None) -> Report:
    """Return how some laws end."""
    laws = list(found)
    reasons = expectations(laws, expected or {})
    findings = tuple(_finding(case, reason) for case, reason in zip(laws, reasons, strict=True))
    return Report(plugin, findings, _seconds_per_person(laws))


def expectations(found: Iterable[Case], expected: Mapping[str, str]) -> list[str]:
    """Return the reason why each law is broken, empty where it is to be kept.

    Raises:
        ArenaError: If an expectation names no law, or has no reason.
    """
    laws = list(found)
    names = {case.law_name for case in laws} | {f"{case.name}:{case.law_name}" for case in laws}
    for name, reason in expected.items():
        if name not in names:
            raise unknown("law", name, names)
        if not reason.strip():
            raise ArenaError(f"law {name!r} is expected to fail without a reason; expected {name}=REASON")
    return [expected.get(f"{case.name}:{case.law_name}") or expected.get(case.law_name, "") for case in laws]


def _finding(case: Case, reason: str) -> Finding:
    """Return how one law ends. Whatever a plugin raises is its own: it is shown with its own frames."""
    ended, why, frames = Ended.PASSED, "", ""
    places: tuple[str, ...] = ()
    try:
        places = case()
    except NotRun as not_run:
        ended, why = Ended.NOT_RUN, str(not_run)
    except LawBroken as broken:
        ended, why = Ended.FAILED, str(broken)
    except Exception as error:
        ended, why = Ended.ERROR, "\n".join([f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ())])
        frames = own_frames(error.__traceback__)
    if reason and ended.bad:
        ended, why = Ended.EXPECTED, f"expected: {reason}\n{why}"
    elif reason and ended is Ended.PASSED:
        ended, why = Ended.UNEXPECTED, f"no longer so: {reason}"
    return Finding(case.kind, case.name, case.law_name, case.text, ended, places, why, frames)


def own_frames(trace: TracebackType | None) -> str:
    """Return the frames of a traceback that lie in the plugin and in what it uses, not in the harness around it."""
    frames = [frame for frame in traceback.extract_tb(trace) if not frame.filename.startswith(_AROUND)]
    return "".join(traceback.format_list(frames[-_FRAMES:]))


def _seconds_per_person(found: Iterable[Case]) -> dict[str, float]:
    totals: dict[str, tuple[float, int]] = {}
    for case in found:
        spent = _spent(case.places)
        if not spent and case.others is not None:
            spent = _spent(case.others())
        if spent:
            totals[case.name] = sum(seconds for seconds, _ in spent), sum(people for _, people in spent)
    return {name: seconds / people for name, (seconds, people) in totals.items()}


def _spent(places: Mapping[str, object]) -> list[tuple[float, int]]:
    from recourse_arena.testing.laws.candidate import Candidate

    return [spent for place in places.values() if isinstance(place, Candidate) for spent in place.seconds]
