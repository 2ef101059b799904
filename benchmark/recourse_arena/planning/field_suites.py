"""The methods of the field on real tables, with and without people's own constraints.

What a cell costs for 100 people decides budgets: seconds of one core, measured on German and Adult with few people and
extrapolated, or those of `results/tabular` and `results/certified` scaled to 100:

- `dice` asks its library about one person at a time, 12 to 35 s: decided by networks only.
- `certified` takes 7 to 35 s on tables; on Loan, whose effects are equations, 2 to 8 s a person, for which there is the
  suite `certified`.
- `icarma` and `carma` are trained for each table and decision model, 15 to 130 s: decided by networks only.
- `cols` and `mcce` draw a fifth of what they draw by default, 2 to 3 s; `face` joins 1,000 people, not 2,000 (20 s).
- Gradient methods take .3 to 5 s; those with a generative model a fit of 6 to 10 s and up to 17 s a cell: `cem` and
  `cfproto` try four values of their constant instead of six.
- GMSC is taken as its literature takes it: nothing follows from an action. Through a flow `convex` and `wachter` take
  three to six times as long as on Adult, and nothing can be certified.

Plans leave out what solvers do not declare to be meant for, and say so: gradients of forests, `flipset` for all but
linear models, `feature-tweak` for all but trees, `proplace` and `ellice` for what has no layers.
"""

from __future__ import annotations

__all__ = ["FIELD", "LEVELS", "NOT_IN_FIELD", "REPRODUCTION"]

from collections.abc import Mapping

from recourse_arena.interfaces.suite import Block, Suite
from recourse_arena.planning.proof_suites import PUBLISHED_ACTIONS
from recourse_arena.problem.scenario import Scenario

_LEVELS = {
    "german": ("soft-constant", "hard-5", "hard-2"),
    "adult": ("soft-constant", "hard-4", "hard-2"),
    "compas": ("soft-constant", "hard-random", "hard-1"),
    "gmsc": ("soft-constant", "hard-3", "hard-2"),
    "loan": ("soft-constant", "hard-3", "hard-2"),
}
"""No, typical and strict constraints: on COMPAS, where two features can be acted upon at all, one or both, and one."""

LEVELS: Mapping[str, Mapping[str, str]] = {
    level: {name: f"{levels[place]}!no-plausibility" for name, levels in _LEVELS.items()}
    for place, level in enumerate(("none", "typical", "strict"))
}
"""The scenario of each dataset by level of constraints."""

_TABLES = {"german": "", "adult": "", "compas": "", "gmsc": "effects=none", "loan": ""}

_DECIDED = {"relu": "", "forest": "decision=forest", "logistic": "decision=logistic"}

_ALL = (
    *("nice", "face?people=1000", "face?people=1000&constraints=borrow", "cchvae", "mcce?samples=200"),
    *("cols?rounds=20&functions=100", "growing-spheres", "grid", "flipset", "feature-tweak"),
    *("wachter", "projected", "convex", "frontier", "revise", "clue", "cem?rounds=4", "cfproto?rounds=4", "ppcef"),
    *("probe", "roar", "trex", "proplace", "rbr", "ellice", "arar", "claproar", "gravitational"),
)
"""Solvers under every decision model that they declare to be meant for."""

_NETWORKS = ("dice", "icarma", "carma")
"""Those that are asked where networks decide only."""

_PROVED = "certified?time_limit=2"

NOT_IN_FIELD: Mapping[str, str] = {
    "individual": "everybody's own action of those that menus are made of: a measure for menus, no method of its own"
}
"""Plugged-in solvers of single actions that are not in the suite `field`, with why."""


def _named(table: str, decided: str) -> str:
    """Return the name of a dataset with its options."""
    options = "&".join(filter(None, (_TABLES[table], _DECIDED[decided])))
    return f"{table}?{options}" if options else table


def _blocks() -> tuple[Block, ...]:
    found = []
    for table in _TABLES:
        scenarios = tuple(Scenario.parse(where[table]) for where in LEVELS.values())
        proved = () if table == "loan" else (_PROVED,)
        everywhere = tuple(_named(table, decided) for decided in _DECIDED)
        found.append(Block(everywhere, scenarios, (*_ALL, *proved), people=100))
        found.append(Block((_named(table, "relu"),), scenarios, _NETWORKS, people=100))
    return tuple(found)


FIELD = Suite(
    name="field",
    summary="five tables, networks, forests and linear models: each method under no, typical and strict constraints",
    blocks=_blocks(),
    optional=frozenset(_named(table, decided) for table in ("adult", "compas", "gmsc") for decided in _DECIDED),
)

_FREE = (Scenario.parse("soft-constant!no-plausibility"),)
_PUBLISHED_TABLES = ("adult", "compas", "gmsc?effects=none")
_HULL = "decision.hidden=20"


def _with(dataset: str, options: str) -> str:
    """Return the name of a dataset with more options."""
    return f"{dataset}{'&' if '?' in dataset else '?'}{options}"


REPRODUCTION = Suite(
    name="reproduction",
    summary="German, Adult, COMPAS, GMSC: PROBE, ROAR, TreX, PROPLACE as published, and whom models leave no action",
    blocks=(
        Block(
            tuple(name for table in _PUBLISHED_TABLES for name in (table, _with(table, "decision=logistic"))),
            _FREE,
            ("probe?constraints=ignore",),
            people=100,
        ),
        Block(("german?decision=logistic",), _FREE, ("roar?constraints=ignore",)),
        Block(("german",), _FREE, ("roar?constraints=ignore&surrogate=lime", "trex?constraints=ignore")),
        Block(
            tuple(_with(table, _HULL) for table in _PUBLISHED_TABLES),
            _FREE,
            ("proplace?constraints=ignore&unit=sd",),
            people=100,
        ),
        Block(PUBLISHED_ACTIONS["german"], _FREE, ("certified",)),
        Block(PUBLISHED_ACTIONS["gmsc"], _FREE, ("certified?time_limit=5",), people=100),
    ),
    seeds=(0, 1, 2),
    optional=frozenset(
        (
            *(
                name
                for table in _PUBLISHED_TABLES
                for name in (table, _with(table, _HULL), _with(table, "decision=logistic"))
            ),
            *PUBLISHED_ACTIONS["gmsc"],
        )
    ),
)
"""What is published of methods that are here, on tables that can be had: settings as published where they are known."""
