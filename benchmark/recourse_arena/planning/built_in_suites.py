"""The suites that come with the distribution.

The tables are those of *From Universal to Individualized Actionability* (arXiv 2604.08030). Their solvers are ranked as
they are there: by attainability under the flow.
"""

from __future__ import annotations

__all__ = ["PUBLISHED_RULE", "recourse_suites"]

from dataclasses import replace

from recourse_arena.interfaces.hookspecs import hookimpl
from recourse_arena.interfaces.suite import Block, Suite
from recourse_arena.planning.field_suites import FIELD, REPRODUCTION
from recourse_arena.planning.lasting_suites import EXACT, LASTING, QUANTIZATION
from recourse_arena.planning.menu_suites import FAIR_RECOURSE, OPEN, PUBLISHED, SEEDS
from recourse_arena.planning.proof_suites import FIXED_PREDICTIONS
from recourse_arena.problem.scenario import Scenario

_HARD = ("hard-4", "hard-3", "hard-2", "hard-1", "hard-random")
_PROFILES = ("constant", "concave", "linear", "convex")
_SOFT = tuple(f"{hard}soft-{profile}" for hard in ("", "hard-random+") for profile in _PROFILES)
_FAIRNESS = ("hard-4", *(f"hard-2@assigned-{how}" for how in ("at-random", "by-income", "by-race")))
_CAUSAL, _REVERSE = (tuple(f"{name}@{order}" for name in _HARD) for order in ("causal-order", "reverse-causal-order"))
_UNCONSTRAINED = tuple(
    f"hard-{count}{order}!no-plausibility"
    for order in ("", "@causal-order", "@reverse-causal-order")
    for count in (1, 2)
)
PUBLISHED_RULE = "icarma?trust=1&flips=0"
"""iCARMA that takes the set of features its mask network finds likeliest, whatever comes of it, as published."""
_GMSC = frozenset({"gmsc"})
_AS_PUBLISHED = "attainability"
"""What ranks solvers in a suite that keeps the definition of its paper: under the flow that solvers are handed."""
_FORMS = ("", "?equations=nonlinear")


def _scenarios(*names: str) -> tuple[Scenario, ...]:
    return tuple(Scenario.parse(name) for name in names)


def _loan(names: tuple[str, ...], *solvers: str) -> Block:
    return Block(("loan",), _scenarios(*names), solvers)


_SMOKE = Suite(
    name="smoke",
    summary="two small datasets, solvers that answer at once, 50 people: whether everything works; under a minute",
    blocks=(
        Block(
            ("german", "chain"),
            _scenarios("hard-2", "soft-linear"),
            ("grid", "convex", "growing-spheres", "wachter"),
            people=50,
        ),
    ),
)

_QUICK = Suite(
    name="quick",
    summary="all mission solvers on Loan and German, and on GMSC where its file is found; minutes on two cores",
    blocks=(
        Block(
            ("german",),
            _scenarios("hard-3", "hard-random+soft-linear"),
            ("icarma", "grid", "convex", "growing-spheres", "wachter"),
            people=100,
        ),
        Block(
            ("loan",),
            _scenarios("hard-4", "hard-3", "hard-2", "hard-1", "soft-linear", "hard-random+soft-linear"),
            ("icarma", "carma", "grid", "convex"),
            people=200,
        ),
        Block(
            ("gmsc",),
            _scenarios("hard-4", "hard-random", "soft-linear"),
            ("icarma", "carma", "grid", "convex"),
            people=100,
        ),
    ),
    optional=_GMSC,
)

_EVERYBODY = ("grid", "growing-spheres", "wachter", "dice", "convex", "certified", "carma", "icarma")
_DECIDED = ("", "?decision=forest", "?decision=boosting")


def _tabular() -> Suite:
    """Return the suite of real tables: every solver that applies, under three kinds of decision model."""
    wide = ("hard-3", "hard-random", "soft-linear", "hard-3!no-plausibility")
    narrow = ("hard-2", "hard-random", "soft-linear", "hard-2!no-plausibility")
    blocks = tuple(
        Block(tuple(f"{name}{decided}" for decided in _DECIDED), _scenarios(*scenarios), _EVERYBODY, people=200)
        for name, scenarios in (("german", wide), ("adult", wide), ("compas", narrow), ("gmsc", wide))
    )
    optional = frozenset(name for block in blocks[1:] for name in block.datasets)
    return Suite("tabular", "real tables under networks, forests and boosted trees", blocks, optional=optional)


_TABLES = (
    Suite(
        name="table-1",
        summary="Loan, hard constraints from rankings (arXiv 2604.08030, Table 1)",
        blocks=(_loan(_HARD, "icarma", PUBLISHED_RULE, "carma", "grid"),),
    ),
    Suite(
        name="table-2",
        summary="Loan, soft constraints from rankings, alone and with hard ones (Table 2)",
        blocks=(_loan(_SOFT, "icarma", PUBLISHED_RULE, "grid"),),
    ),
    Suite(
        name="table-3",
        summary="Loan, soft constraints from Likert scores, alone and with hard ones (Table 3)",
        blocks=(_loan(tuple(f"score-{name}" for name in _SOFT), "icarma", "grid"),),
    ),
    Suite(
        name="table-5",
        summary="Loan, rankings that follow the causal order or reverse it (Table 5)",
        blocks=(
            _loan(_CAUSAL, "icarma", "grid"),
            _loan(_REVERSE, "icarma", "icarma?preferences=scenario", "grid"),
        ),
    ),
    Suite(
        name="table-6",
        summary="Loan, the oracle without the plausibility constraint (Table 6)",
        blocks=(_loan(_UNCONSTRAINED, "grid"),),
    ),
    Suite(
        name="gmsc",
        summary="GiveMeSomeCredit, hard and soft constraints from rankings",
        blocks=(
            Block(
                ("gmsc",),
                _scenarios("hard-4", "hard-random", "soft-linear", "hard-3+soft-constant", "hard-3+soft-linear"),
                ("icarma", "carma"),
            ),
        ),
    ),
    Suite(
        name="fairness",
        summary="Loan, two actionable features depending on a profile that chance, income or race assigns (Figure 4)",
        blocks=(_loan(_FAIRNESS, "icarma", "grid"),),
    ),
)


def _paper() -> Suite:
    blocks = tuple(block for suite in _TABLES for block in suite.blocks)
    summary = "every table of arXiv 2604.08030, and its fairness case"
    return Suite("paper", summary, blocks, optional=_GMSC, ranked_by=_AS_PUBLISHED)


_TRAINING_SEEDS = Suite(
    name="training-seeds",
    summary="Loan, iCARMA trained with ten seeds, as in the paper: how far its results depend on them",
    blocks=(
        _loan(
            (*_HARD, "soft-concave", "soft-linear", "soft-convex"),
            *(f"icarma?training_seed={1000 * number}" for number in range(1, 11)),
        ),
    ),
    ranked_by=_AS_PUBLISHED,
)

_ORACLE = Suite(
    name="oracle",
    summary="the oracle in every cell of Tables 1, 2, 5 and 6, over five seeds of people and models",
    blocks=(_loan((*_HARD, *_SOFT, *_CAUSAL, *_REVERSE, *_UNCONSTRAINED), "grid"),),
    seeds=(0, 1, 2, 3, 4),
    ranked_by=_AS_PUBLISHED,
)


_CERTIFIED = Suite(
    name="certified",
    summary="Loan, 200 people: how far from certified optima grids, convex programming and iCARMA end",
    blocks=(
        Block(
            ("loan",),
            _scenarios(*(f"hard-{count}!{how}" for how in ("scm-plausibility", "no-plausibility") for count in "4321")),
            ("certified", "grid", "grid?points=49", "convex", "icarma"),
            people=200,
        ),
    ),
)

_STRUCTURES = Suite(
    name="structures",
    summary="chain, collider and triangle, linear and nonlinear, 500 people: what the form of a causal model changes",
    blocks=(
        Block(
            tuple(f"{name}{form}" for name in ("chain", "collider", "triangle") for form in _FORMS),
            _scenarios("hard-3", "hard-2", "hard-1", "hard-random"),
            ("grid", "convex", "icarma"),
            people=500,
        ),
    ),
)

_METHODS = Suite(
    name="methods",
    summary="Loan, hard constraints, 200 people: this suite's solvers beside Wachter's, Growing Spheres and DiCE",
    blocks=(
        Block(
            ("loan",),
            _scenarios("hard-4", "hard-3", "hard-2", "hard-1"),
            ("icarma", "carma", "grid", "convex", "wachter", "projected", "growing-spheres", "dice"),
            people=200,
        ),
    ),
)


_POLICIES = (
    *("none", "binary", "ranking", "likert", "choice-sets"),
    *("post-hoc", "binary-and-post-hoc", "likert-and-post-hoc", "choice-sets-and-post-hoc"),
)
_INTERACTION = Suite(
    name="interaction",
    summary="Loan, 200 people who hide what they want: what policies of asking find out, and at how many questions",
    blocks=(
        Block(
            ("loan",),
            _scenarios(
                *(
                    f"{hidden}!asked-{policy}"
                    for hidden in ("score-hard-random+soft-linear", "hard-2+soft-linear")
                    for policy in _POLICIES
                )
            ),
            ("convex", "icarma"),
            people=200,
        ),
    ),
    ranked_by="accepted",
)


@hookimpl
def recourse_suites() -> list[Suite]:
    """Return the built-in suites."""
    return [
        _SMOKE,
        _QUICK,
        *(replace(suite, ranked_by=_AS_PUBLISHED) for suite in _TABLES),
        _paper(),
        _ORACLE,
        _TRAINING_SEEDS,
        _CERTIFIED,
        FIXED_PREDICTIONS,
        FIELD,
        REPRODUCTION,
        _STRUCTURES,
        _METHODS,
        _INTERACTION,
        _tabular(),
        QUANTIZATION,
        LASTING,
        EXACT,
        FAIR_RECOURSE,
        PUBLISHED,
        SEEDS,
        OPEN,
    ]
