"""Solvers of mixed-integer convex programs that cvxpy knows, and what they prove."""

from __future__ import annotations

__all__ = ["Answer", "Backend", "Status", "backend", "installed", "solved"]

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import cvxpy as cp

from recourse_arena import ArenaError, unknown


class Status(StrEnum):
    """How a search ended."""

    OPTIMAL = "optimal"
    INFEASIBLE = "infeasible"
    STOPPED = "stopped"
    TROUBLE = "trouble"


@dataclass(frozen=True)
class Answer:
    """What a search found; its solution is in the variables of the program.

    Arguments:
        status: How it ended.
        bound: Proved lower bound of the objective, 0 if nothing is proved.
        found: Whether there is a solution.
        reason: What the solver says.
    """

    status: Status
    bound: float
    found: bool
    reason: str


Backend = Callable[[cp.Problem, float, float], Answer]
"""Solves a problem within some seconds to a relative gap."""


def backend(name: str) -> Backend:
    """Return the solver called `name`.

    Raises:
        ArenaError: If it is unknown or its package is not installed.
    """
    if name not in _PACKAGES:
        raise unknown("solver of mixed-integer cone programs", name, _PACKAGES)
    for needed, package in ((name, _PACKAGES[name]), ("HIGHS", "highspy")):
        installed(needed, package)
    return _scip if name == "SCIP" else lambda problem, seconds, gap: _other(name, problem, seconds, gap)


def installed(name: str, package: str) -> None:
    """Refuse a solver that is not there.

    Raises:
        ArenaError: If cvxpy cannot find the solver called `name`, which comes with a package.
    """
    if name not in cp.installed_solvers():
        raise ArenaError(
            f"solver certified: {name} is not installed; `pip install {package}`"
            + (", or `pip install 'recourse-arena[certified]'`" if package in ("pyscipopt", "highspy") else "")
        )


_PACKAGES = {"SCIP": "pyscipopt", "GUROBI": "gurobipy", "MOSEK": "mosek", "COPT": "coptpy"}

_SCIP_OPTIONS = {
    # Limits come tightened already: presolving again and starting over cost more than they bring (measured on Loan).
    "presolving/maxrounds": 0,
    "presolving/maxrestarts": 0,
    "separating/maxroundsroot": 10,
    "separating/maxrounds": 1,
    # A good action is known already, so heuristics for non-linear programs have little to find.
    **{f"heuristics/{name}/freq": -1 for name in ("subnlp", "multistart", "mpec", "nlpdiving", "undercover")},
    "lp/threads": 1,
    "parallel/maxnthreads": 1,
}

_SCIP_STATUS = {"optimal": Status.OPTIMAL, "gaplimit": Status.OPTIMAL, "infeasible": Status.INFEASIBLE}


def _scip(problem: cp.Problem, seconds: float, gap: float) -> Answer:
    """Solve with SCIP, whose model tells the bound also if time runs out."""
    data, chain, inverse = problem.get_problem_data("SCIP")
    options = {**_SCIP_OPTIONS, "limits/time": max(seconds, 0.0), "limits/gap": gap}
    solved = chain.solve_via_data(problem, data, solver_opts={"scip_params": options})
    model, word = solved["model"], solved["scip_status"]
    status = _SCIP_STATUS.get(word, Status.STOPPED if word.endswith("limit") else Status.TROUBLE)
    if status is Status.INFEASIBLE or status is Status.TROUBLE:
        return Answer(status, 0.0, False, f"SCIP: {word}")
    found = model.getNSols() > 0
    if found:
        with _quiet():
            problem.unpack_results(solved, chain, inverse)
    return Answer(status, max(float(model.getDualbound()), 0.0), found, f"SCIP: {word}")


def solved(problem: cp.Problem) -> bool:
    """Solve a convex problem; return whether its variables hold a solution."""
    try:
        with _quiet():
            problem.solve(solver=cp.CLARABEL)
    except cp.error.SolverError:
        return False
    return problem.status in (cp.OPTIMAL, cp.OPTIMAL_INACCURATE)


@contextmanager
def _quiet() -> Iterator[None]:
    """Let nobody be warned of inaccurate solutions: the exact models decide what they are good for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def _options(name: str, seconds: float, gap: float) -> dict[str, Any]:
    if name == "MOSEK":
        return {"mosek_params": {"MSK_DPAR_MIO_MAX_TIME": seconds, "MSK_DPAR_MIO_TOL_REL_GAP": gap}}
    return {"TimeLimit": seconds, "MIPGap" if name == "GUROBI" else "RelGap": gap}


def _other(name: str, problem: cp.Problem, seconds: float, gap: float) -> Answer:
    """Solve with another solver; its bound is known through the gap, and only where it reached it."""
    try:
        with _quiet():
            problem.solve(solver=name, **_options(name, seconds, gap))
    except cp.error.SolverError as error:
        return Answer(Status.TROUBLE, 0.0, False, f"{name}: {error}")
    reason = f"{name}: {problem.status}"
    if problem.status == cp.OPTIMAL:
        return Answer(Status.OPTIMAL, float(problem.value) * (1 - gap), True, reason)
    if problem.status == cp.INFEASIBLE:
        return Answer(Status.INFEASIBLE, 0.0, False, reason)
    found = problem.status in (cp.OPTIMAL_INACCURATE, cp.USER_LIMIT) and problem.variables()[0].value is not None
    return Answer(Status.STOPPED if "limit" in problem.status or found else Status.TROUBLE, 0.0, found, reason)
