"""Suites that ask whether advice lasts when the decision model changes."""

from __future__ import annotations

__all__ = ["AGAIN", "CFQ", "ETAS", "EXACT", "KNOWN", "LASTING", "QUANTIZATION", "QUANTIZED_DATASETS", "SPARSE"]

from recourse_arena.interfaces.suite import Block, Suite
from recourse_arena.problem.scenario import Scenario

_TRAINED = {
    "german": "decision.epochs=20",
    "compas": "decision.epochs=10",
    "adult": "decision.epochs=12&decision.learning_rate=0.0003",
}
"""How long networks are trained: of 5 to 40 epochs at two rates, what is best for validation people."""

QUANTIZED_DATASETS = {
    name: f"{name}?cost=encoded-1&decision.hidden=128-64&{trained}" for name, trained in _TRAINED.items()
}
"""The tables of arXiv 2605.17160 that can be had, with its network and its cost."""

SPARSE = {"german": "sparse-4", "compas": "sparse-3", "adult": "sparse-5"}
"""How many features its released code moves at most."""

CFQ = {f"{bits:g}": f"quantized?method=cfq&budget={bits:g}" for bits in (2.5, 3, 4)}
"""CFQ under each budget, as published."""

AGAIN = ("retrained?models=5", "retrained?models=5&others=1")
"""Models trained again: those that margins are chosen by, and others."""

_BITS = tuple(f"quantized?method={method}&bits={bits}" for method, bits in (
    ("ptq", 8), ("ptq", 4), ("ptq", 3), ("lsq", 4), ("lsq", 3), ("lsq", 2), ("pact", 4),
    ("mixed", 4), ("mixed", 3), ("mixed", 2.5), ("r-margin", 4), ("r-consistency", 4),
))  # fmt: skip
ETAS = tuple(f"quantized?method=cfq&bits=4&eta={eta}" for eta in ("0.25", "0.5", "1", "2"))
_CHANGES = (
    *("same", "fine-tuned", *AGAIN, "box?bits=8", "box?bits=10"),
    *(*_BITS, *CFQ.values(), *ETAS),
    *("distilled?bits=4", "distilled?bits=3", "faithful?bits=4", "faithful?bits=2", "pruned?bits=4"),
    *("shifted-bias?like=cfq&of=lsq", "shifted-bias?like=cfq&of=kd"),
)
_ANEW = (
    "change=same",
    *(f"change=quantized&change.method={method}&change.bits=4" for method in ("ptq", "lsq")),
    "change=quantized&change.method=cfq&change.bits=4&change.eta=1",
    "change=faithful&change.bits=4",
)
_MARGINS = ("0.02", "0.05", "0.1", "0.15", "0.2", "0.3", "0.4", "0.6", "0.8")
KNOWN = {
    "ptq-4": "quantized&lasting.method=ptq&lasting.bits=4",
    "lsq-4": "quantized&lasting.method=lsq&lasting.bits=4",
    "box-8": "box&lasting.bits=8&lasting.models=0",
    "box-10": "box&lasting.bits=10&lasting.models=0",
}
"""What solvers are told of."""


def _scenarios(*names: str) -> tuple[Scenario, ...]:
    return tuple(map(Scenario.parse, names))


def _of_dataset(name: str) -> tuple[Block, ...]:
    """Return what is asked on one table: margins on test and validation people, and recourse anew."""
    dataset, scenario = QUANTIZED_DATASETS[name], f"{SPARSE[name]}!no-plausibility"
    asked = (
        "projected",
        *(f"projected?margin={margin}" for margin in ("0.1", "0.25", "0.5")),
        *(f"projected?margin_sd={margin}" for margin in _MARGINS),
    )
    told = (*(f"projected?lasting={change}" for change in KNOWN.values()), "wachter", "growing-spheres")
    return (
        Block((dataset,), _scenarios(scenario, f"{scenario}!validation-people"), asked, people=512),
        Block((dataset,), _scenarios(scenario), told, people=512),
        Block(
            tuple(f"{dataset}&{change}{matched}" for change in _ANEW for matched in ("", "&matched=true")),
            _scenarios(scenario),
            ("projected",),
            people=512,
        ),
    )


QUANTIZATION = Suite(
    name="quantization",
    summary="German, COMPAS, Adult: advice of today under quantized models, and what lasting costs (arXiv 2605.17160)",
    blocks=tuple(block for name in QUANTIZED_DATASETS for block in _of_dataset(name)),
    seeds=(0, 1, 2),
    changes=_CHANGES,
    optional=frozenset(name for key in ("compas", "adult") for block in _of_dataset(key) for name in block.datasets),
)

_WIDE = ("soft-constant", "hard-4", "hard-3", "hard-2", "hard-1", "hard-2+soft-linear")
_ALL = ("projected", "wachter", "growing-spheres", "convex")
_AGAIN = (
    *("retrained?models=5", "retrained?models=5&bootstrap=true", "retrained?models=5&leave_out=0.1"),
    *("quantized?method=ptq&bits=8", "quantized?method=ptq&bits=4", "pruned"),
)


def _asked(*solvers: str) -> tuple[str, ...]:
    """Return solvers as they are, and the first one asked for margins and to last under models trained again."""
    first = solvers[0]
    more = (
        *(f"{first}?margin_sd={margin}" for margin in ("0.1", "0.3")),
        f"{first}?lasting=retrained&lasting.models=5",
    )
    return (*solvers, *more)


LASTING = Suite(
    name="lasting",
    summary="Loan, GMSC, German, Adult: whose advice outlasts retraining, rounding and pruning, under each constraint",
    blocks=(
        Block(("loan",), _scenarios(*_WIDE), _asked("convex", "grid", "icarma", "wachter"), people=200),
        Block(("gmsc",), _scenarios(*_WIDE), _asked("convex", "grid", "wachter"), people=200),
        Block(("german",), _scenarios(*(f"{one}!no-plausibility" for one in _WIDE)), _asked(*_ALL), people=200),
        Block(("adult",), _scenarios(*(f"{one}!no-plausibility" for one in _WIDE)), _asked(*_ALL), people=200),
    ),
    changes=_AGAIN,
    optional=frozenset(("gmsc", "adult")),
)

_PTQ = "quantized&{0}.method=ptq&{0}.bits=4"
EXACT = Suite(
    name="lasting-exact",
    summary="100 people each: the proved least cost under today's model, under a rounded one, and under both",
    blocks=(
        *(
            Block(
                (dataset, f"{dataset}&change={_PTQ.format('change')}"),
                _scenarios(f"{'hard-2' if name == 'compas' else 'hard-3'}!no-plausibility"),
                solvers,
                people=100,
            )
            for name, dataset in QUANTIZED_DATASETS.items()
            for solvers in (("certified", f"certified?lasting={_PTQ.format('lasting')}", "projected", "wachter"),)
        ),
        Block(
            ("loan", f"loan?change={_PTQ.format('change')}"),
            _scenarios("hard-3!no-plausibility"),
            ("certified", f"certified?lasting={_PTQ.format('lasting')}", "convex", "wachter"),
            people=100,
        ),
    ),
    changes=("same", "quantized?method=ptq&bits=4"),
    optional=frozenset(
        name
        for key in ("compas", "adult")
        for name in (QUANTIZED_DATASETS[key], f"{QUANTIZED_DATASETS[key]}&change={_PTQ.format('change')}")
    ),
)
