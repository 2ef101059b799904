"""Laws as parameters of a pytest test."""

from __future__ import annotations

__all__ = ["parametrize_with_laws"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from recourse_arena.base.errors import ArenaError
from recourse_arena.testing.cases import cases, offers
from recourse_arena.testing.checking import expectations
from recourse_arena.testing.laws.law import Case, NotRun
from recourse_arena.testing.problems.worlds import World

if TYPE_CHECKING:
    import pytest


@dataclass(frozen=True)
class _Parameter:
    """A law that skips its test where it has nothing to say."""

    case: Case

    def __call__(self) -> None:
        import pytest

        try:
            self.case()
        except NotRun as reason:
            pytest.skip(str(reason))


def parametrize_with_laws(
    *what: object,
    expected: Mapping[str, str] | None = None,
    worlds: Sequence[World] | None = None,
    data: Path | None = None,
) -> pytest.MarkDecorator:
    """Return a decorator that runs a test with each law of some plugins as its argument `law`, to be called.

    Test ids name plugin and law. A law that has nothing to say about a plugin skips its test. An expected failure
    that passes fails the test.

    Arguments:
        *what: Solvers, datasets, elicitation schemes, metrics or suites: classes, objects, or names with options.
        expected: Reasons why laws are broken, by the name of the law, or by `offer:law` for one of several offers.
        worlds: Problems on which solvers are tried, instead of the built-in ones.
        data: Data directory; by default that of the environment.

    Raises:
        ArenaError: If pytest is missing, there is no such plugin, or an expectation names no law or has no reason.

    Example:
        >>> from recourse_arena_grid import Grid
        >>> @parametrize_with_laws(Grid(points=9))
        ... def test_contract(law):
        ...     law()
        >>> [parameter.id for parameter in test_contract.pytestmark[0].args[1]][:2]
        ['grid-it_says_what_it_is', 'grid-it_gives_well_formed_advice']
    """
    try:
        import pytest
    except ImportError:
        raise ArenaError("parametrize_with_laws needs pytest, which is not installed: pip install pytest") from None
    found = [case for each in what for offer in offers(each) for case in cases(offer, data=data, worlds=worlds)]
    parameters = []
    for case, reason in zip(found, expectations(found, expected or {}), strict=True):
        marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
        parameters.append(pytest.param(_Parameter(case), id=f"{case.name}-{case.law_name}", marks=marks))
    return pytest.mark.parametrize("law", parameters)
